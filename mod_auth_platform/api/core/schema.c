/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/schema.h"
#include "api/core/findings.h"
#include "api/core/target.h"
#include "base/json.h"
#include "base/text.h"
#include "service/account/account_rules.h"
#include "service/account/profile_document.h"
#include "service/invite/invite.h"

#include <apr_strings.h>
#include <string.h>

#define ADMIN "admin"

typedef struct finding_t {
    const char *code;
    const char *detail;
} finding_t;

static const char *too_long(const char *text, size_t len, size_t most)
{
    size_t count = 0;
    if (!authp_text_utf8(text, len, &count)) {
        return "Must be well-formed UTF-8.";
    }
    return count > most ? "Is too long." : NULL;
}

const char *authp_schema_check_device(const char *text, size_t len)
{
    const char *wrong = too_long(text, len, AUTHP_SCHEMA_DEVICE_MOST);
    if (wrong == NULL && authp_text_has_control(text, len)) {
        wrong = "Must not contain control characters.";
    }
    return wrong;
}

static bool is_one_of(const apr_array_header_t *names, const json_t *value)
{
    const char *name = json_string_value(value);
    for (int i = 0; name != NULL && i < names->nelts; i++) {
        const char *role = APR_ARRAY_IDX(names, i, const char *);
        if (json_string_length(value) == strlen(role) && strcmp(role, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *check_roles(const apr_array_header_t *names, const json_t *list,
                               const char *unknown)
{
    if (!json_is_array(list)) {
        return "Must be a list of roles.";
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!is_one_of(names, json_array_get(list, i))) {
            return unknown;
        }
        for (size_t j = 0; j < i; j++) {
            if (json_equal(json_array_get(list, i), json_array_get(list, j))) {
                return "Has a role twice.";
            }
        }
    }
    return NULL;
}

/* The kinds whose value is a list of roles. */
static const char *check_list(authp_field_kind_t kind, const authp_settings_t *settings,
                              const json_t *list)
{
    if (kind == AUTHP_FIELD_ROLES) {
        return check_roles(settings->roles, list, "Has a word that is not a role of this server.");
    }
    if (kind == AUTHP_FIELD_OWN_ROLES) {
        return json_is_array(list) && json_array_size(list) == 0
                   ? "Must name a role."
                   : check_roles(settings->self_service_roles, list,
                                 "Has a word that is not a role which people may choose here.");
    }
    const json_t *only = json_array_get(list, 0);
    return json_array_size(list) == 1 && json_string_length(only) == strlen(ADMIN) &&
                   strcmp(json_string_value(only), ADMIN) == 0
               ? NULL
               : "Must be [\"" ADMIN "\"].";
}

static const char *check_text(authp_field_kind_t kind, const authp_settings_t *settings,
                              const json_t *value, apr_pool_t *pool)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    /* Code that reads the value as a C string would stop at a NUL. */
    if (memchr(text, '\0', len) != NULL) {
        return "Must not contain a NUL character.";
    }
    switch (kind) {
    case AUTHP_FIELD_EMAIL:
        return authp_account_rules_check_email(text, len);
    case AUTHP_FIELD_USERNAME:
        return authp_account_rules_check_username(text, len);
    case AUTHP_FIELD_NAME:
        return authp_account_rules_check_name(text, len);
    case AUTHP_FIELD_FULL_NAME:
        return text[strspn(text, " ")] == '\0' ? "Must not be empty."
                                               : authp_account_rules_check_name(text, len);
    case AUTHP_FIELD_NEW_PASSWORD:
        return authp_account_rules_check_password(settings, text, len, pool);
    case AUTHP_FIELD_LOGIN:
        return too_long(text, len, AUTHP_SCHEMA_LOGIN_MOST);
    case AUTHP_FIELD_DEVICE:
        return authp_schema_check_device(text, len);
    case AUTHP_FIELD_TOKEN:
        return too_long(text, len, AUTHP_SCHEMA_TOKEN_MOST);
    case AUTHP_FIELD_JWT:
        return too_long(text, len, AUTHP_SCHEMA_JWT_MOST);
    case AUTHP_FIELD_TARGET:
        return authp_target_check(settings, text, pool);
    case AUTHP_FIELD_ASKED:
        return strcmp(text, "candidate") == 0 || strcmp(text, "recruiter") == 0
                   ? NULL
                   : "Must be candidate or recruiter.";
    case AUTHP_FIELD_CODE:
        return too_long(text, len, AUTHP_SCHEMA_CODE_MOST);
    case AUTHP_FIELD_OWN_ROLE:
        return is_one_of(settings->self_service_roles, value)
                   ? NULL
                   : "Must be a role that people may choose here.";
    case AUTHP_FIELD_ID:
        return authp_id_valid(text) ? NULL : "Must be 24 lower-case hex characters.";
    case AUTHP_FIELD_PASSWORD:
    case AUTHP_FIELD_BOOL:
    case AUTHP_FIELD_HOURS:
    case AUTHP_FIELD_ROLES:
    case AUTHP_FIELD_OWN_ROLES:
    case AUTHP_FIELD_ADMIN_ROLES:
    case AUTHP_FIELD_DOCUMENT:
    case AUTHP_FIELD_MOBILE:
        break;
    }
    return NULL;
}

bool authp_schema_is_list(authp_field_kind_t kind)
{
    return kind == AUTHP_FIELD_ROLES || kind == AUTHP_FIELD_OWN_ROLES ||
           kind == AUTHP_FIELD_ADMIN_ROLES;
}

/* Accepts 24.0 too, because it is a whole number. */
static bool is_hours(const json_t *value)
{
    double hours = json_number_value(value);
    return json_is_number(value) && hours >= 1 && hours <= AUTHP_INVITE_HOURS_MOST &&
           (double)(int)hours == hours;
}

static bool check_value(const authp_field_t *field, const authp_settings_t *settings,
                        const json_t *value, finding_t *out, apr_pool_t *pool)
{
    if (value == NULL) {
        *out = (finding_t){"missing", "Is required."};
        return !field->required;
    }
    if (json_is_null(value) && field->nullable) {
        return true;
    }
    if (field->kind == AUTHP_FIELD_BOOL) {
        *out = (finding_t){"type", "Must be true or false."};
        return json_is_boolean(value);
    }
    if (field->kind == AUTHP_FIELD_HOURS) {
        *out = (finding_t){"invalid", "Must be a whole number from 1 to 8760."};
        return is_hours(value);
    }
    if (authp_schema_is_list(field->kind)) {
        *out = (finding_t){"invalid", check_list(field->kind, settings, value)};
        return out->detail == NULL;
    }
    if (field->kind == AUTHP_FIELD_DOCUMENT) {
        *out = (finding_t){"invalid", authp_profile_document_wrong(value, pool)};
        return out->detail == NULL;
    }
    if (!json_is_string(value)) {
        *out = (finding_t){"type", "Must be a string."};
        return false;
    }
    *out = (finding_t){"invalid", check_text(field->kind, settings, value, pool)};
    if (out->detail != NULL && field->kind == AUTHP_FIELD_NEW_PASSWORD &&
        authp_account_rules_is_common(settings, json_string_value(value),
                                      json_string_length(value))) {
        out->code = "too_common";
    }
    return out->detail == NULL;
}

static void add(authp_findings_t *findings, const char *field, finding_t finding)
{
    authp_findings_add(findings, field, finding.code, finding.detail);
}

static bool is_known(const authp_schema_t *schema, const char *name)
{
    for (const authp_field_t *field = schema->fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void check_one_of(const authp_schema_t *schema, json_t *body, authp_findings_t *found)
{
    apr_pool_t *pool = found->pool;
    if (schema->one_of[0] == NULL) {
        return;
    }
    bool first = json_object_get(body, schema->one_of[0]) != NULL;
    bool second = json_object_get(body, schema->one_of[1]) != NULL;
    if (!first && !second) {
        add(found, schema->one_of[0],
            (finding_t){"missing", apr_pstrcat(pool, "One of ", schema->one_of[0], " and ",
                                               schema->one_of[1], " is required.", NULL)});
    } else if (first && second && schema->one_of[2] == NULL &&
               !authp_findings_name(found, schema->one_of[1])) {
        add(found, schema->one_of[1],
            (finding_t){"invalid", apr_pstrcat(pool, "Send ", schema->one_of[0], " or ",
                                               schema->one_of[1], ", not both.", NULL)});
    }
}

static void check_unknown(const authp_schema_t *schema, json_t *body, authp_findings_t *found)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(body, name, value)
    {
        if (!is_known(schema, name)) {
            add(found, name, (finding_t){"unknown", "Is not a field of this request."});
        }
    }
}

authp_err_t authp_schema_check(const authp_schema_t *schema, const authp_settings_t *settings,
                               json_t *body, bool ignore_unknown, authp_findings_t *findings)
{
    if (!json_is_object(body)) {
        add(findings, "", (finding_t){"type", "The body must be a JSON object."});
        return AUTHP_E_VALIDATION_FAILED;
    }
    for (const authp_field_t *field = schema->fields; field->name != NULL; field++) {
        finding_t finding;
        if (!check_value(field, settings, json_object_get(body, field->name), &finding,
                         findings->pool)) {
            add(findings, field->name, finding);
        }
    }
    check_one_of(schema, body, findings);
    if (!ignore_unknown) {
        check_unknown(schema, body, findings);
    }
    return findings->count == 0 ? AUTHP_OK : AUTHP_E_VALIDATION_FAILED;
}

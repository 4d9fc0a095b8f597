/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/schema.h"
#include "api/core/findings.h"
#include "api/core/target.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/password/bcrypt.h"
#include "service/account/account_rules.h"
#include "service/invite/invite.h"
#include "service/password/common_passwords.h"

#include <apr_strings.h>
#include <string.h>

#define LOGIN_MAX 1000
#define TOKEN_MAX 8192
#define JWT_MAX 16000

/* Patterns for the OpenAPI document. The checks themselves are code in
 * service/account/account_rules.c. The patterns accept what HTML's input type=email accepts, and
 * refuse what the checks for names and for NUL refuse. */
#define LABEL "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
#define EMAIL_PATTERN "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" LABEL "(?:\\." LABEL ")*$"
#define USERNAME_PATTERN "^[a-zA-Z0-9_.-]*$"
#define NO_CONTROL_PATTERN "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"

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

static bool is_role(const authp_settings_t *settings, const json_t *value)
{
    const char *name = json_string_value(value);
    for (int i = 0; name != NULL && i < settings->roles->nelts; i++) {
        const char *role = APR_ARRAY_IDX(settings->roles, i, const char *);
        if (json_string_length(value) == strlen(role) && strcmp(role, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *check_roles(const authp_settings_t *settings, const json_t *list)
{
    if (!json_is_array(list)) {
        return "Must be a list of roles.";
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!is_role(settings, json_array_get(list, i))) {
            return "Has a word that is not a role of this server.";
        }
        for (size_t j = 0; j < i; j++) {
            if (json_equal(json_array_get(list, i), json_array_get(list, j))) {
                return "Has a role twice.";
            }
        }
    }
    return NULL;
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
    case AUTHP_FIELD_NEW_PASSWORD:
        return authp_account_rules_check_password(settings, text, len, pool);
    case AUTHP_FIELD_LOGIN:
        return too_long(text, len, LOGIN_MAX);
    case AUTHP_FIELD_DEVICE:
        return authp_schema_check_device(text, len);
    case AUTHP_FIELD_TOKEN:
        return too_long(text, len, TOKEN_MAX);
    case AUTHP_FIELD_JWT:
        return too_long(text, len, JWT_MAX);
    case AUTHP_FIELD_TARGET:
        return authp_target_check(settings, text, pool);
    case AUTHP_FIELD_ASKED:
        return strcmp(text, "candidate") == 0 || strcmp(text, "recruiter") == 0
                   ? NULL
                   : "Must be candidate or recruiter.";
    case AUTHP_FIELD_ID:
        return authp_id_valid(text) ? NULL : "Must be 24 lower-case hex characters.";
    case AUTHP_FIELD_PASSWORD:
    case AUTHP_FIELD_BOOL:
    case AUTHP_FIELD_HOURS:
    case AUTHP_FIELD_ROLES:
        break;
    }
    return NULL;
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
    if (field->kind == AUTHP_FIELD_ROLES) {
        *out = (finding_t){"invalid", check_roles(settings, value)};
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

void authp_schema_describe_role(const authp_settings_t *settings, json_t *out)
{
    authp_json_set_str(out, "type", "string");
    json_t *names = authp_json_set_array(out, "enum");
    for (int i = 0; i < settings->roles->nelts; i++) {
        authp_json_append_str(names, APR_ARRAY_IDX(settings->roles, i, const char *));
    }
}

void authp_schema_describe_asked(json_t *out)
{
    authp_json_set_str(out, "type", "string");
    json_t *names = authp_json_set_array(out, "enum");
    authp_json_append_str(names, "candidate");
    authp_json_append_str(names, "recruiter");
}

static void describe_text(int most, const char *pattern, json_t *out)
{
    authp_json_set_int(out, "maxLength", most);
    authp_json_set_str(out, "pattern", pattern);
}

/* The built-in list is too long for the document. Only its words of one repeated character are
 * named: programs that generate requests try those first. */
static void describe_common(const authp_settings_t *settings, json_t *out)
{
    if (!settings->password_refuse_common) {
        return;
    }
    json_t *words = authp_json_set_array(authp_json_set_object(out, "not"), "enum");
    for (size_t i = 0; i < authp_common_passwords_count; i++) {
        const char *word = authp_common_passwords_text + authp_common_passwords_at[i];
        char one[] = {word[0], '\0'};
        if (strspn(word, one) == strlen(word)) {
            authp_json_append_str(words, word);
        }
    }
}

static void describe_field(const authp_field_t *field, const authp_settings_t *settings,
                           json_t *out)
{
    const char *type = field->kind == AUTHP_FIELD_BOOL    ? "boolean"
                       : field->kind == AUTHP_FIELD_HOURS ? "integer"
                       : field->kind == AUTHP_FIELD_ROLES ? "array"
                                                          : "string";
    if (field->nullable) {
        json_t *types = authp_json_set_array(out, "type");
        authp_json_append_str(types, type);
        authp_json_append_str(types, "null");
    } else {
        authp_json_set_str(out, "type", type);
    }
    switch (field->kind) {
    case AUTHP_FIELD_EMAIL:
        /* No `format: email`: that format follows RFC 5321, which accepts other addresses. */
        authp_json_set_str(out, "description",
                           "An e-mail address that HTML's input type=email accepts.");
        describe_text(254, EMAIL_PATTERN, out);
        break;
    case AUTHP_FIELD_USERNAME:
        authp_json_set_int(out, "minLength", AUTHP_USERNAME_MIN);
        describe_text(AUTHP_USERNAME_MAX, USERNAME_PATTERN, out);
        authp_json_set_str(out, "description",
                           "Letters, digits, `_`, `.` and `-`. Compared without regard to case, "
                           "and stored in lower case.");
        break;
    case AUTHP_FIELD_NAME:
        describe_text(200, NO_CONTROL_PATTERN, out);
        authp_json_set_str(out, "description", "No control characters.");
        break;
    case AUTHP_FIELD_NEW_PASSWORD:
        authp_json_set_str(out, "format", "password");
        authp_json_set_int(out, "minLength", settings->password_min_length);
        describe_text(AUTHP_BCRYPT_MAX_BYTES, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description",
                           "At most 72 bytes of UTF-8, no NUL character, and none of the passwords "
                           "that everybody tries first.");
        describe_common(settings, out);
        break;
    case AUTHP_FIELD_PASSWORD:
        authp_json_set_str(out, "format", "password");
        authp_json_set_str(out, "pattern", AUTHP_SCHEMA_NO_NUL);
        authp_json_set_str(out, "description", "No NUL character.");
        break;
    case AUTHP_FIELD_LOGIN:
        describe_text(LOGIN_MAX, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description", "No NUL character.");
        break;
    case AUTHP_FIELD_DEVICE:
        describe_text(AUTHP_SCHEMA_DEVICE_MOST, NO_CONTROL_PATTERN, out);
        authp_json_set_str(out, "description",
                           "A name for the device in the list of sessions. No control characters.");
        break;
    case AUTHP_FIELD_TOKEN:
        describe_text(TOKEN_MAX, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description", "The text exactly as the server sent it.");
        break;
    case AUTHP_FIELD_JWT:
        describe_text(JWT_MAX, AUTHP_SCHEMA_NO_NUL, out);
        break;
    case AUTHP_FIELD_TARGET:
        describe_text(AUTHP_TARGET_MOST, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description",
                           "A path of this host, or a URL of an allowed front end.");
        break;
    case AUTHP_FIELD_ASKED:
        authp_schema_describe_asked(out);
        break;
    case AUTHP_FIELD_ID:
        authp_json_set_str(out, "pattern", AUTHP_SCHEMA_ID);
        authp_json_set_str(out, "description", "24 hex characters, lower case.");
        break;
    case AUTHP_FIELD_HOURS:
        authp_json_set_int(out, "minimum", 1);
        authp_json_set_int(out, "maximum", AUTHP_INVITE_HOURS_MOST);
        authp_json_set_int(out, "default", AUTHP_INVITE_HOURS);
        break;
    case AUTHP_FIELD_ROLES:
        authp_json_set_bool(out, "uniqueItems", 1);
        authp_schema_describe_role(settings, authp_json_set_object(out, "items"));
        break;
    case AUTHP_FIELD_BOOL:
        break;
    }
}

/* A null counts as absent, so it does not fulfil the choice. */
static void describe_choice(const authp_schema_t *schema, const char *name, json_t *out)
{
    authp_json_append_str(authp_json_set_array(out, "required"), name);
    for (const authp_field_t *field = schema->fields; field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0 && field->nullable) {
            json_t *properties = authp_json_set_object(out, "properties");
            authp_json_set_str(authp_json_set_object(properties, name), "type", "string");
        }
    }
}

void authp_schema_describe(const authp_schema_t *schema, const authp_settings_t *settings,
                           bool ignore_unknown, json_t *out)
{
    authp_json_set_str(out, "type", "object");
    authp_json_set_bool(out, "additionalProperties", ignore_unknown);
    json_t *properties = authp_json_set_object(out, "properties");
    json_t *required = NULL;
    for (const authp_field_t *field = schema->fields; field->name != NULL; field++) {
        describe_field(field, settings, authp_json_set_object(properties, field->name));
        if (field->required) {
            required = required != NULL ? required : authp_json_set_array(out, "required");
            authp_json_append_str(required, field->name);
        }
    }
    if (schema->one_of[0] != NULL) {
        json_t *choices = authp_json_set_array(out, schema->one_of[2] != NULL ? "anyOf" : "oneOf");
        for (int i = 0; i < 2; i++) {
            describe_choice(schema, schema->one_of[i], authp_json_append_object(choices));
        }
    }
}

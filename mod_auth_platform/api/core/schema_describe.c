/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/schema_describe.h"
#include "api/core/target.h"
#include "base/json.h"
#include "crypto/password/bcrypt.h"
#include "service/account/account_rules.h"
#include "service/invite/invite.h"
#include "service/password/common_passwords.h"

#include <string.h>

/* Patterns for the OpenAPI document. The checks themselves are code in
 * service/account/account_rules.c. The patterns accept what HTML's input type=email accepts, and
 * refuse what the checks for names and for NUL refuse. */
#define LABEL "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
#define EMAIL_PATTERN "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" LABEL "(?:\\." LABEL ")*$"
#define USERNAME_PATTERN "^[a-zA-Z0-9_.-]*$"
#define MOBILE_PATTERN "^[0-9 ()+-]*$"
#define NO_CONTROL_PATTERN "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
#define FULL_NAME_PATTERN "^ *[^\\u0000-\\u0020\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$"

static void describe_one_of(const apr_array_header_t *roles, json_t *out)
{
    authp_json_set_str(out, "type", "string");
    json_t *names = authp_json_set_array(out, "enum");
    for (int i = 0; i < roles->nelts; i++) {
        authp_json_append_str(names, APR_ARRAY_IDX(roles, i, const char *));
    }
}

void authp_schema_describe_role(const authp_settings_t *settings, json_t *out)
{
    describe_one_of(settings->roles, out);
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

static void describe_list(authp_field_kind_t kind, const authp_settings_t *settings, json_t *out)
{
    authp_json_set_bool(out, "uniqueItems", 1);
    json_t *items = authp_json_set_object(out, "items");
    if (kind == AUTHP_FIELD_ROLES) {
        describe_one_of(settings->roles, items);
        return;
    }
    authp_json_set_int(out, "minItems", 1);
    if (kind == AUTHP_FIELD_OWN_ROLES) {
        describe_one_of(settings->self_service_roles, items);
        return;
    }
    authp_json_set_str(items, "type", "string");
    authp_json_append_str(authp_json_set_array(items, "enum"), "admin");
}

static void describe_field(const authp_field_t *field, const authp_settings_t *settings,
                           json_t *out)
{
    const char *type = field->kind == AUTHP_FIELD_BOOL       ? "boolean"
                       : field->kind == AUTHP_FIELD_HOURS    ? "integer"
                       : field->kind == AUTHP_FIELD_DOCUMENT ? "object"
                       : authp_schema_is_list(field->kind)   ? "array"
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
    case AUTHP_FIELD_FULL_NAME:
        authp_json_set_int(out, "minLength", 1);
        describe_text(200, FULL_NAME_PATTERN, out);
        authp_json_set_str(out, "description", "No control characters, and not only spaces.");
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
        describe_text(AUTHP_SCHEMA_LOGIN_MOST, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description", "No NUL character.");
        break;
    case AUTHP_FIELD_DEVICE:
        describe_text(AUTHP_SCHEMA_DEVICE_MOST, NO_CONTROL_PATTERN, out);
        authp_json_set_str(out, "description",
                           "A name for the device in the list of sessions. No control characters.");
        break;
    case AUTHP_FIELD_TOKEN:
        describe_text(AUTHP_SCHEMA_TOKEN_MOST, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description", "The text exactly as the server sent it.");
        break;
    case AUTHP_FIELD_JWT:
        describe_text(AUTHP_SCHEMA_JWT_MOST, AUTHP_SCHEMA_NO_NUL, out);
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
    case AUTHP_FIELD_OWN_ROLES:
    case AUTHP_FIELD_ADMIN_ROLES:
        describe_list(field->kind, settings, out);
        break;
    case AUTHP_FIELD_MOBILE:
        authp_json_set_str(out, "pattern", MOBILE_PATTERN);
        authp_json_set_str(out, "description",
                           "A phone number: digits, spaces, `-`, `(`, `)`, and a `+` before the "
                           "calling code. Without `+` it is a number of the server's country.");
        break;
    case AUTHP_FIELD_CODE:
        describe_text(AUTHP_SCHEMA_CODE_MOST, AUTHP_SCHEMA_NO_NUL, out);
        authp_json_set_str(out, "description", "The digits of the code that was sent.");
        break;
    case AUTHP_FIELD_OWN_ROLE:
        describe_one_of(settings->self_service_roles, out);
        break;
    case AUTHP_FIELD_DOCUMENT:
        authp_json_set_str(out, "description", "At most 8 KiB as JSON.");
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

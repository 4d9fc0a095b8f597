/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi_schemas.h"
#include "api/credential.h"
#include "api/problem.h"
#include "api/route.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

/* A property of an answer: its name, its JSON type and its description. A type that ends in "?" may
 * be null, and one that ends in "*" may be absent. "[]" is a list of strings, "#X" is the schema X,
 * "[#X]" is a list of these. */
typedef struct property_t {
    const char *name;
    const char *type;
    const char *about;
} property_t;

typedef struct answer_t {
    const char *name;
    property_t properties[12];
} answer_t;

static const answer_t answers[] = {
    {"User",
     {{"id", "string", "24 hex characters"},
      {"email", "string?", NULL},
      {"name", "string?", NULL},
      {"roles", "[]", "The stored roles"},
      {"is_recruiter_verified", "boolean", NULL},
      {"email_verified", "boolean", NULL},
      {"disabled", "boolean", NULL},
      {"created_at", "string", "RFC 3339, UTC"}}},
    {"ProtectedUser",
     {{"id", "string", NULL},
      {"email", "string?", NULL},
      {"name", "string?", NULL},
      {"roles", "[]", "The roles that count now"},
      {"is_recruiter_verified", "boolean", NULL}}},
    {"Tokens",
     {{"access_token", "string", "JWT for Authorization: Bearer"},
      {"refresh_token", "string*", "Absent if tokens are delivered by cookie"},
      {"token_type", "string", "bearer"},
      {"expires_in", "integer", "Seconds"},
      {"user", "#User", NULL}}},
    {"UserList",
     {{"items", "[#User]", NULL}, {"next_cursor", "string?", "null at the end of the list"}}},
    {"Session",
     {{"id", "string", "24 hex characters"},
      {"device_id", "string?", NULL},
      {"ip", "string?", NULL},
      {"user_agent", "string?", NULL},
      {"created_at", "string", "RFC 3339, UTC"},
      {"last_used_at", "string", "RFC 3339, UTC"},
      {"current", "boolean", "True for the session of this request"}}},
    {"SessionList",
     {{"items", "[#Session]", NULL}, {"next_cursor", "string?", "null at the end of the list"}}},
    {"InviteCode",
     {{"id", "string", "24 hex characters"},
      {"email", "string", NULL},
      {"code", "string", "Only this answer shows it"},
      {"created_at", "string", "RFC 3339, UTC"},
      {"expires_at", "string", "RFC 3339, UTC"}}},
    {"Invite",
     {{"id", "string", "24 hex characters"},
      {"email", "string", NULL},
      {"created_at", "string?", "RFC 3339, UTC"},
      {"expires_at", "string?", "RFC 3339, UTC"},
      {"created_by", "string?", "An admin's id, or cli"},
      {"used_at", "string?", NULL},
      {"used_by", "string?", "The id of the user who used it"},
      {"revoked_at", "string?", NULL}}},
    {"InviteList",
     {{"items", "[#Invite]", NULL}, {"next_cursor", "string?", "null at the end of the list"}}},
    {"Message", {{"message", "string", NULL}}},
    {"Status",
     {{"status", "string", NULL},
      {"store", "string*", NULL},
      {"revocation_lag_ms", "integer*", NULL},
      {"revocation_lag_worst_ms", "integer*", NULL},
      {"clock_offset_ms", "integer*", NULL}}},
    {"FieldError",
     {{"field", "string", "The name of the field; a long name from the client is cut"},
      {"code", "string", NULL},
      {"detail", "string", NULL}}},
    {"Problem",
     {{"type", "string", "URN of the code"},
      {"title", "string", NULL},
      {"status", "integer", NULL},
      {"detail", "string", "A sentence for people"},
      {"code", "string", "A stable word for programs"},
      {"errors", "[#FieldError]*", "With validation_failed: the fields that are wrong, at most 20"},
      {"more", "integer*", "With errors: how many further fields are wrong"},
      {"request_id", "string", "The same as X-Request-Id"}}},
};

#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

static void set_ref(json_t *out, const char *name, size_t len, apr_pool_t *pool)
{
    authp_json_set_str(
        out, "$ref",
        apr_pstrcat(pool, "#/components/schemas/", apr_pstrmemdup(pool, name, len), NULL));
}

static void describe_property(const property_t *property, json_t *out, apr_pool_t *pool)
{
    const char *type = property->type;
    size_t len = strcspn(type, "?*");
    if (type[0] == '#') {
        set_ref(out, type + 1, len - 1, pool);
        return;
    }
    if (property->about != NULL) {
        authp_json_set_str(out, "description", property->about);
    }
    if (type[0] == '[') {
        authp_json_set_str(out, "type", "array");
        json_t *items = authp_json_set_object(out, "items");
        if (type[1] == '#') {
            set_ref(items, type + 2, strcspn(type + 2, "]"), pool);
        } else {
            authp_json_set_str(items, "type", "string");
        }
        return;
    }
    const char *name = apr_pstrmemdup(pool, type, len);
    if (type[len] == '?') {
        json_t *types = authp_json_set_array(out, "type");
        authp_json_append_str(types, name);
        authp_json_append_str(types, "null");
    } else {
        authp_json_set_str(out, "type", name);
    }
}

static void describe_answer(const answer_t *answer, json_t *out, apr_pool_t *pool)
{
    authp_json_set_str(out, "type", "object");
    json_t *properties = authp_json_set_object(out, "properties");
    json_t *required = authp_json_set_array(out, "required");
    for (const property_t *property = answer->properties; property->name != NULL; property++) {
        describe_property(property, authp_json_set_object(properties, property->name), pool);
        if (strchr(property->type, '*') == NULL) {
            authp_json_append_str(required, property->name);
        }
    }
}

static void add_schemas(const authp_settings_t *settings, json_t *schemas, apr_pool_t *pool)
{
    for (size_t i = 0; i < ANSWERS; i++) {
        describe_answer(&answers[i], authp_json_set_object(schemas, answers[i].name), pool);
    }
    authp_json_set_str(authp_json_set_object(schemas, "Document"), "type", "object");
    authp_json_set_str(authp_json_set_object(schemas, "Page"), "type", "string");
    json_t *either = authp_json_set_array(authp_json_set_object(schemas, "TokensOrUser"), "anyOf");
    set_ref(authp_json_append_object(either), "Tokens", strlen("Tokens"), pool);
    set_ref(authp_json_append_object(either), "User", strlen("User"), pool);
    for (int i = 0; authp_routes_at(i) != NULL; i++) {
        const authp_schema_t *body = authp_routes_at(i)->body;
        if (body != NULL && json_object_get(schemas, body->name) == NULL) {
            authp_schema_describe(body, settings, authp_json_set_object(schemas, body->name));
        }
    }
}

static void add_examples(json_t *examples, apr_pool_t *pool)
{
    for (int i = 0; authp_problem_at(i) != NULL; i++) {
        const authp_problem_t *problem = authp_problem_at(i);
        json_t *value = authp_json_set_object(
            authp_json_set_object(examples, authp_problem_example(problem, pool)), "value");
        authp_json_set_str(value, "type",
                           apr_pstrcat(pool, "urn:auth-platform:problem:", problem->code, NULL));
        authp_json_set_str(value, "title", problem->title);
        authp_json_set_int(value, "status", problem->status);
        authp_json_set_str(value, "detail", problem->detail);
        authp_json_set_str(value, "code", problem->code);
        authp_json_set_str(value, "request_id", "65f0c0ffee00000000000001");
    }
}

static void add_header(json_t *headers, const char *name, const char *about)
{
    json_t *header = authp_json_set_object(headers, name);
    authp_json_set_str(header, "description", about);
    authp_json_set_str(authp_json_set_object(header, "schema"), "type", "string");
}

void authp_openapi_components(const authp_settings_t *settings, json_t *out, apr_pool_t *pool)
{
    add_schemas(settings, authp_json_set_object(out, "schemas"), pool);
    add_examples(authp_json_set_object(out, "examples"), pool);
    json_t *headers = authp_json_set_object(out, "headers");
    add_header(headers, "RequestId", "Identifies this request in the server's logs");
    add_header(headers, "RetryAfter", "Seconds to wait");
    add_header(headers, "Challenge", "RFC 6750");
    add_header(headers, "EntityTag", "For If-None-Match. It changes when the content changes");
    add_header(headers, "Location", "A path of this host");
    add_header(headers, "Cookies",
               "If tokens are delivered by cookie: the access, refresh and CSRF cookies");
    json_t *schemes = authp_json_set_object(out, "securitySchemes");
    json_t *bearer = authp_json_set_object(schemes, "bearer");
    authp_json_set_str(bearer, "type", "http");
    authp_json_set_str(bearer, "scheme", "bearer");
    authp_json_set_str(bearer, "bearerFormat", "JWT");
    json_t *cookie = authp_json_set_object(schemes, "cookie");
    authp_json_set_str(cookie, "type", "apiKey");
    authp_json_set_str(cookie, "in", "cookie");
    authp_json_set_str(cookie, "name", authp_credential_access_cookie(settings->secure_cookies));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_schemas.h"
#include "api/core/form.h"
#include "api/core/schema_describe.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

/* The schemas that every document has. */
static const authp_answer_schema_t common[] = {
    {.name = "Status",
     .properties = {{"status", "string", NULL},
                    {"store", "string*", NULL},
                    {"revocation_lag_ms", "integer*", NULL},
                    {"revocation_lag_worst_ms", "integer*", NULL},
                    {"clock_offset_ms", "integer*", NULL}}},
    {.name = NULL}};

static void set_ref(json_t *out, const char *name, size_t len, apr_pool_t *pool)
{
    authp_json_set_str(
        out, "$ref",
        apr_pstrcat(pool, "#/components/schemas/", apr_pstrmemdup(pool, name, len), NULL));
}

static void describe_property(const authp_property_t *property, json_t *out, apr_pool_t *pool)
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

static void describe_answer(const authp_answer_schema_t *answer, json_t *out, apr_pool_t *pool)
{
    if (answer->any_of[0] != NULL) {
        json_t *either = authp_json_set_array(out, "anyOf");
        for (size_t i = 0; i < sizeof(answer->any_of) / sizeof(answer->any_of[0]); i++) {
            set_ref(authp_json_append_object(either), answer->any_of[i], strlen(answer->any_of[i]),
                    pool);
        }
        return;
    }
    authp_json_set_str(out, "type", "object");
    json_t *properties = authp_json_set_object(out, "properties");
    json_t *required = authp_json_set_array(out, "required");
    for (const authp_property_t *property = answer->properties; property->name != NULL;
         property++) {
        describe_property(property, authp_json_set_object(properties, property->name), pool);
        if (strchr(property->type, '*') == NULL) {
            authp_json_append_str(required, property->name);
        }
    }
}

static void add_answers(const authp_answer_schema_t *answers, json_t *schemas, apr_pool_t *pool)
{
    for (const authp_answer_schema_t *at = answers; at != NULL && at->name != NULL; at++) {
        describe_answer(at, authp_json_set_object(schemas, at->name), pool);
    }
}

const char *authp_openapi_schemas_form(const authp_schema_t *body, apr_pool_t *pool)
{
    return apr_pstrcat(pool, body->name, "Form", NULL);
}

static bool is_login(const char *name)
{
    return strcmp(name, "username") == 0 || strcmp(name, "email") == 0;
}

/* The body as a form: OAuth 2.0 calls the login `username`, and nothing is null. A form has few
 * fields, each with a name and once (core/form.h). */
static void describe_form(const authp_schema_t *body, const authp_settings_t *settings, json_t *out)
{
    authp_schema_t form = {.fields = {{"username", AUTHP_FIELD_LOGIN, true, false}}};
    int count = 1;
    for (const authp_field_t *field = body->fields; field->name != NULL; field++) {
        if (!is_login(field->name)) {
            form.fields[count] = *field;
            form.fields[count++].nullable = false;
        }
    }
    authp_schema_describe(&form, settings, true, out);
    authp_json_set_str(out, "description",
                       "As OAuth 2.0 clients send it. grant_type, scope and others are ignored.");
    authp_json_set_int(out, "maxProperties", AUTHP_FORM_FIELDS);
    authp_json_set_str(authp_json_set_object(out, "additionalProperties"), "type", "string");
    json_t *names = authp_json_set_object(out, "propertyNames");
    authp_json_set_int(names, "minLength", 1);
    authp_json_set_str(names, "pattern", AUTHP_SCHEMA_NO_NUL);
}

static void add_body(const authp_route_t *route, const authp_profile_t *profile,
                     const authp_settings_t *settings, json_t *schemas, apr_pool_t *pool)
{
    const authp_schema_t *body = route->body;
    if (body == NULL) {
        return;
    }
    if (json_object_get(schemas, body->name) == NULL) {
        authp_schema_describe(body, settings, profile->ignores_unknown_fields,
                              authp_json_set_object(schemas, body->name));
    }
    if ((route->flags & AUTHP_ROUTE_FORM) != 0) {
        describe_form(body, settings,
                      authp_json_set_object(schemas, authp_openapi_schemas_form(body, pool)));
    }
}

void authp_openapi_schemas_add(const authp_profile_t *profile, const authp_settings_t *settings,
                               json_t *schemas, apr_pool_t *pool)
{
    add_answers(profile->answers, schemas, pool);
    add_answers(profile->shape->schemas, schemas, pool);
    for (const authp_route_t *route = profile->routes; route->method != NULL; route++) {
        add_body(route, profile, settings, schemas, pool);
    }
}

void authp_openapi_schemas_add_common(json_t *schemas, apr_pool_t *pool)
{
    add_answers(common, schemas, pool);
    authp_json_set_str(authp_json_set_object(schemas, "Document"), "type", "object");
    authp_json_set_str(authp_json_set_object(schemas, "Page"), "type", "string");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_parameters.h"

#include "api/core/query.h"
#include "api/core/schema_describe.h"
#include "api/core/target.h"
#include "base/json.h"

#include <string.h>

/* Adds a parameter. Returns its schema, so that the caller can add more to it. */
static json_t *add_parameter(json_t *operation, const char *in, const char *name, const char *about)
{
    json_t *list = json_object_get(operation, "parameters");
    json_t *parameter = authp_json_append_object(
        list != NULL ? list : authp_json_set_array(operation, "parameters"));
    authp_json_set_str(parameter, "name", name);
    authp_json_set_str(parameter, "in", in);
    authp_json_set_str(parameter, "description", about);
    json_t *schema = authp_json_set_object(parameter, "schema");
    authp_json_set_str(schema, "type", "string");
    return schema;
}

static void add_path_parameters(json_t *operation, const char *path)
{
    const authp_path_kind_t *kind = NULL;
    while ((kind = authp_path_next(&path)) != NULL) {
        json_t *schema = add_parameter(operation, "path", kind->name, kind->about);
        authp_json_set_str(schema, "pattern", kind->pattern);
        json_t *list = json_object_get(operation, "parameters");
        json_t *parameter = json_array_get(list, json_array_size(list) - 1);
        authp_json_set_bool(parameter, "required", 1);
        authp_json_set_str(parameter, "example", kind->example);
    }
}

static void describe_query(const authp_parameter_t *parameter, const authp_settings_t *settings,
                           json_t *schema)
{
    switch (parameter->kind) {
    case AUTHP_QUERY_LIMIT:
        authp_json_set_str(schema, "type", "integer");
        authp_json_set_int(schema, "minimum", 1);
        authp_json_set_int(schema, "maximum", AUTHP_QUERY_MOST);
        authp_json_set_int(schema, "default", AUTHP_QUERY_USUAL);
        break;
    case AUTHP_QUERY_CURSOR:
        authp_json_set_str(schema, "pattern", AUTHP_SCHEMA_ID);
        break;
    case AUTHP_QUERY_ROLE:
        authp_schema_describe_role(settings, schema);
        break;
    case AUTHP_QUERY_PREFIX:
        authp_json_set_int(schema, "maxLength", AUTHP_QUERY_PREFIX_MOST);
        authp_json_set_str(schema, "pattern", AUTHP_SCHEMA_NO_NUL);
        break;
    case AUTHP_QUERY_ASKED:
        authp_schema_describe_asked(schema);
        break;
    case AUTHP_QUERY_CHALLENGE:
        authp_json_set_str(schema, "pattern", "^[A-Za-z0-9_-]{43}$");
        break;
    case AUTHP_QUERY_DEVICE:
        authp_json_set_int(schema, "maxLength", AUTHP_SCHEMA_DEVICE_MOST);
        break;
    case AUTHP_QUERY_TARGET:
        authp_json_set_int(schema, "maxLength", AUTHP_TARGET_MOST);
        break;
    case AUTHP_QUERY_RETURN_TO:
    case AUTHP_QUERY_ANY:
        break;
    }
}

/* True if a cookie is a credential at the route, so that a request that changes something needs the
 * CSRF token. */
static bool needs_csrf(const authp_route_t *route, const authp_profile_t *profile)
{
    bool cookies =
        !profile->bearer_only || (route->auth == AUTHP_AUTH_OWN && profile->refresh_cookie != NULL);
    return cookies && route->auth != AUTHP_AUTH_NONE && strcmp(route->method, "GET") != 0;
}

void authp_openapi_parameters(json_t *operation, const authp_route_t *route,
                              const authp_profile_t *profile, authp_delivery_t delivery,
                              const authp_settings_t *settings)
{
    add_path_parameters(operation, route->path);
    const authp_parameter_t *parameter = route->query;
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        describe_query(parameter, settings,
                       add_parameter(operation, "query", parameter->name, parameter->about));
    }
    if ((route->flags & AUTHP_ROUTE_SIGNS_IN) != 0 && delivery == AUTHP_DELIVERY_ASK) {
        (void)add_parameter(operation, "header", "X-Token-Delivery",
                            "`cookie`: tokens as cookies; anything else: in the body.");
    }
    if ((route->flags & AUTHP_ROUTE_MAILS) != 0) {
        (void)add_parameter(operation, "header", "Accept-Language",
                            "The language of the mail, for example `de`. English if absent.");
    }
    if (needs_csrf(route, profile)) {
        (void)add_parameter(
            operation, "header", "X-CSRF-Token",
            "Needed when a cookie authenticates: the value of the csrf_token cookie.");
    }
}

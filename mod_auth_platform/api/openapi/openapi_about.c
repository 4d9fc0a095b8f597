/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_about.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi_text.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

json_t *authp_openapi_about_read(const authp_profile_t *profile, apr_pool_t *pool)
{
    json_t *all = authp_openapi_text_parse((const char *)authp_docs_text_about, pool);
    json_object_update(all, authp_openapi_text_parse(profile->about_json, pool));
    return all;
}

/* A sentence that says who may call the route. */
static const char *who(const authp_route_t *route, apr_pool_t *pool)
{
    if (route->role != NULL) {
        return apr_pstrcat(pool, "For accounts with the role `", route->role, "`.", NULL);
    }
    switch (route->auth) {
    case AUTHP_AUTH_REQUIRED:
        return "For everybody who is signed in.";
    case AUTHP_AUTH_OPTIONAL:
        return "For everybody. The answer depends on who is signed in.";
    case AUTHP_AUTH_OWN:
        return "For clients with a token or a cookie of the session.";
    case AUTHP_AUTH_NONE:
        break;
    }
    return "For everybody.";
}

const char *authp_openapi_about(const json_t *all, const authp_route_t *route, apr_pool_t *pool)
{
    const char *path = route->path[0] != '\0' ? route->path : "/";
    const char *name = apr_pstrcat(pool, route->method, " ", path, NULL);
    const char *text = who(route, pool);
    size_t i = 0;
    json_t *paragraph = NULL;
    json_array_foreach(json_object_get(all, name), i, paragraph)
    {
        text = apr_pstrcat(pool, text, "\n\n", json_string_value(paragraph), NULL);
    }
    return text;
}

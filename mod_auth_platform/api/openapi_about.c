/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi_about.h"
#include "api/docs_text.h"
#include "base/json.h"

#include <apr_strings.h>

const json_t *authp_openapi_about_read(apr_pool_t *pool)
{
    json_t *all = NULL;
    const char *text = (const char *)authp_docs_text_about;
    authp_err_t err = authp_json_parse(text, authp_docs_text_about_len, &all, pool);
    /* A test checks that the text is JSON. */
    return err == AUTHP_OK ? all : authp_json_object(pool);
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
    const char *name = apr_pstrcat(pool, route->method, " ", route->path, NULL);
    const char *text = who(route, pool);
    size_t i = 0;
    json_t *paragraph = NULL;
    json_array_foreach(json_object_get(all, name), i, paragraph)
    {
        text = apr_pstrcat(pool, text, "\n\n", json_string_value(paragraph), NULL);
    }
    return text;
}

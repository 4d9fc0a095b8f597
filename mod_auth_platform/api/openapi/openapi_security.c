/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_security.h"
#include "api/core/credential.h"
#include "base/json.h"

/* The names of the schemes. */
#define SCHEME_BEARER "bearer"
#define SCHEME_COOKIE "cookie"         /* the access cookie */
#define SCHEME_REFRESH "refreshCookie" /* the cookie profile->refresh_cookie, and with it */
#define SCHEME_CSRF "csrfToken"        /* the header X-CSRF-Token */

static json_t *add_key(json_t *schemes, const char *scheme, const char *in, const char *name)
{
    json_t *key = authp_json_set_object(schemes, scheme);
    authp_json_set_str(key, "type", "apiKey");
    authp_json_set_str(key, "in", in);
    authp_json_set_str(key, "name", name);
    return key;
}

void authp_openapi_security_schemes(const authp_profile_t *profile,
                                    const authp_settings_t *settings, json_t *components)
{
    json_t *schemes = json_object_get(components, "securitySchemes");
    schemes = schemes != NULL ? schemes : authp_json_set_object(components, "securitySchemes");
    json_t *bearer = authp_json_set_object(schemes, SCHEME_BEARER);
    authp_json_set_str(bearer, "type", "http");
    authp_json_set_str(bearer, "scheme", "bearer");
    authp_json_set_str(bearer, "bearerFormat", "JWT");
    if (!profile->bearer_only) {
        (void)add_key(schemes, SCHEME_COOKIE, "cookie",
                      authp_credential_access_cookie(settings->secure_cookies));
    } else if (profile->refresh_cookie != NULL) {
        (void)add_key(schemes, SCHEME_REFRESH, "cookie", profile->refresh_cookie);
        json_t *csrf = add_key(schemes, SCHEME_CSRF, "header", "X-CSRF-Token");
        authp_json_set_str(csrf, "description", "The value of the csrf_token cookie.");
    }
}

/* A security scheme that is not OAuth lists the roles that are needed (OpenAPI 3.1). */
static void add_scheme(json_t *security, const char *name, const authp_route_t *route)
{
    json_t *roles = authp_json_set_array(authp_json_append_object(security), name);
    if (route->role != NULL) {
        authp_json_append_str(roles, route->role);
    }
}

/* The cookie needs the CSRF token with it: one object that names both. */
static void add_refresh_scheme(json_t *security)
{
    json_t *both = authp_json_append_object(security);
    (void)authp_json_set_array(both, SCHEME_REFRESH);
    (void)authp_json_set_array(both, SCHEME_CSRF);
}

void authp_openapi_security(json_t *operation, const authp_route_t *route,
                            const authp_profile_t *profile)
{
    json_t *security = authp_json_set_array(operation, "security");
    bool own = route->auth == AUTHP_AUTH_OWN && profile->bearer_only;
    if (route->auth == AUTHP_AUTH_NONE) {
        return;
    }
    if (!own) {
        add_scheme(security, SCHEME_BEARER, route);
    }
    if (!profile->bearer_only) {
        add_scheme(security, SCHEME_COOKIE, route);
    }
    if (own && profile->refresh_cookie != NULL) {
        add_refresh_scheme(security);
    }
    if (route->auth == AUTHP_AUTH_OWN || route->auth == AUTHP_AUTH_OPTIONAL) {
        (void)authp_json_append_object(security);
    }
}

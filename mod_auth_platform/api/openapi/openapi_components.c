/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_components.h"
#include "api/core/credential.h"
#include "base/json.h"

static void add_header(json_t *headers, const char *name, const char *about)
{
    json_t *header = authp_json_set_object(headers, name);
    authp_json_set_str(header, "description", about);
    authp_json_set_str(authp_json_set_object(header, "schema"), "type", "string");
}

void authp_openapi_components_add(const authp_settings_t *settings, json_t *out)
{
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

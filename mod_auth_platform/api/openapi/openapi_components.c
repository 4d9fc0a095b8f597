/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_components.h"
#include "base/json.h"

static void add_header(json_t *headers, const char *name, const char *about)
{
    json_t *header = authp_json_set_object(headers, name);
    authp_json_set_str(header, "description", about);
    authp_json_set_str(authp_json_set_object(header, "schema"), "type", "string");
}

void authp_openapi_components_headers(json_t *out)
{
    json_t *headers = authp_json_set_object(out, "headers");
    add_header(headers, "RequestId", "Identifies this request in the server's logs");
    add_header(headers, "RetryAfter", "Seconds to wait");
    add_header(headers, "Challenge", "RFC 6750");
    add_header(headers, "EntityTag", "For If-None-Match. It changes when the content changes");
    add_header(headers, "Location", "A path of this host");
    add_header(headers, "Cookies",
               "If tokens are delivered by cookie: the access, refresh and CSRF cookies");
    add_header(headers, "DeviceCookie",
               "After a sign-in with a JSON body: names this browser, so that wrong passwords that "
               "others send do not keep its owner out. It is no credential");
    add_header(headers, "RefreshCookies",
               "The refresh token, which scripts cannot read, and csrf_token, which they send as "
               "X-CSRF-Token. Not if the request was a form or had the refresh token in its body. "
               "A sign-out removes both");
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_GUARD_H
#define AUTHP_API_GUARD_H

#include "api/credential.h"
#include "service/live.h"

/* The decisions about a guarded request (contract 5), free of the server. No store and no
 * network, unless the live table cannot say (service/live.h). */
typedef struct authp_guard_request_t {
    const char *method;
    const char *target; /* unparsed path and query, for return_to */
    authp_headers_t headers;
    const char *scheme;
    const char *host;
    const authp_mount_t *mount; /* NULL if this host has none */
    const char *sign_in_page;   /* in force here, NULL if none */
    authp_unavailable_t when_unavailable;
} authp_guard_request_t;

/* Who is it? AUTHP_E_TOKEN_MISSING, _INVALID, _EXPIRED, _REVOKED, AUTHP_E_UNAVAILABLE, or
 * AUTHP_E_ORIGIN_DENIED for an
 * unsafe or upgrading request by cookie from another origin than the request's own. *via is set in
 * every case. Strings of *out are in `pool`. */
AUTHP_CHECKED authp_err_t authp_guard_authenticate(const authp_realm_t *realm,
                                                   const authp_guard_request_t *request,
                                                   authp_principal_t *out, authp_via_t *via,
                                                   apr_pool_t *pool);

/* GET or HEAD with Sec-Fetch-Mode: navigate; where that header is absent, one that prefers
 * text/html. "*" + "/" + "*" is an API client. */
bool authp_guard_is_navigation(const authp_guard_request_t *request);

/* Where a signed-out browser navigation goes: session/renew when it has csrf_token, else the
 * sign-in page, with return_to. NULL: not a navigation, or nowhere to go: answer 401. With `fresh`
 * (auth-age) never to renew. */
const char *authp_guard_redirect(const authp_realm_t *realm, const authp_guard_request_t *request,
                                 bool fresh, apr_pool_t *pool);

/* contract 4: the Origin rule of the account routes for requests carried by a cookie: the own
 * origin, or one of BACKEND_CORS_ORIGINS and FRONTEND_URL. Guarded requests need the own origin.
 * `lenient`: sign-in and registration pass when neither Origin nor Sec-Fetch-Site is sent. */
AUTHP_CHECKED authp_err_t authp_guard_origin(const authp_realm_t *realm,
                                             const authp_headers_t *headers, const char *scheme,
                                             const char *host, bool lenient, apr_pool_t *pool);

#endif

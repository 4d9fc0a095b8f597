/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_GUARD_H
#define AUTHP_API_CORE_GUARD_H

#include "api/core/credential.h"
#include "api/core/mount.h"
#include "service/live/live.h"

/* The decisions about a guarded request, without the server. They use no store and no network,
 * except when the live table does not have the answer (service/live/live.h). */
typedef struct authp_guard_request_t {
    const char *method;
    const char *target; /* path and query as sent, for return_to */
    authp_headers_t headers;
    const char *scheme;
    const char *host;
    const authp_mount_t *renewing; /* where this host renews sessions; NULL if nowhere */
    const char *sign_in_page;      /* AuthPlatformSignInPage in force here, NULL if none */
    authp_unavailable_t when_unavailable;
} authp_guard_request_t;

/* Finds out whose request it is. Returns AUTHP_E_TOKEN_MISSING, _INVALID, _EXPIRED or _REVOKED,
 * AUTHP_E_UNAVAILABLE, or AUTHP_E_ORIGIN_DENIED. The last one means a request by cookie that is not
 * safe, or that asks for an upgrade, from another origin than the app's own. *via is set in every
 * case. Strings of *out are in `pool`. */
AUTHP_CHECKED authp_err_t authp_guard_authenticate(const authp_realm_t *realm,
                                                   const authp_guard_request_t *request,
                                                   authp_principal_t *out, authp_via_t *via,
                                                   apr_pool_t *pool);

/* The URL to which a signed-out browser navigation is redirected, with return_to: /session/renew if
 * the request has a csrf_token cookie, else the sign-in page. With `fresh` (for auth-age) it is
 * never /session/renew. NULL: the request is no navigation, or there is no such page. Then the
 * answer is 401. */
const char *authp_guard_redirect(const authp_realm_t *realm, const authp_guard_request_t *request,
                                 bool fresh, apr_pool_t *pool);

#endif

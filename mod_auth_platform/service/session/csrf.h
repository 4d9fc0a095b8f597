/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_CSRF_H
#define AUTHP_SERVICE_SESSION_CSRF_H

#include "service/realm/realm.h"

/* Makes the double-submit token for cookie delivery: an HMAC of the session id. It is bound to the
 * session. So a cookie that another host of the domain sets does not help an attacker. */
AUTHP_CHECKED authp_err_t authp_csrf_make(const authp_realm_t *realm, const char *sid,
                                          const char **out, apr_pool_t *pool);
/* AUTHP_E_CSRF_FAILED: `token`, which may be NULL, is not the one of `sid` under the present or the
 * previous key. */
AUTHP_CHECKED authp_err_t authp_csrf_check(const authp_realm_t *realm, const char *sid,
                                           const char *token);

#endif

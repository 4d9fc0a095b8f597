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

/* Tokens of another kind, which name their session: "a." sid "." tag. For profiles
 * without an access cookie: outside of their mount the browser sends no other cookie that tells the
 * session. The tag is made with a key of its own, so a token of one kind is never valid as one of
 * the other. */
#define AUTHP_CSRF_NAMED "a."
/* True if the text, which need not be NUL-terminated, is of this kind, valid or not. */
bool authp_csrf_is_named(const char *token, size_t len);
AUTHP_CHECKED authp_err_t authp_csrf_make_named(const authp_realm_t *realm, const char *sid,
                                                const char **out, apr_pool_t *pool);
/* *sid is the session that the token names. AUTHP_E_CSRF_FAILED: `token`, which may be NULL, is not
 * valid under the present or the previous key. */
AUTHP_CHECKED authp_err_t authp_csrf_read_named(const authp_realm_t *realm, const char *token,
                                                authp_id_t *sid);

#endif

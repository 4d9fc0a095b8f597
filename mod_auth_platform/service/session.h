/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_H
#define AUTHP_SERVICE_SESSION_H

#include "service/audit.h"
#include "service/token.h"

/* The result of a sign-in or a refresh. */
typedef struct authp_grant_t {
    authp_user_t *user;
    authp_session_t *session; /* the row after this step */
    const char *access_token;
    const char *refresh_token;
    int expires_in; /* life of the access token, in seconds */
    /* Seconds until the session's idle or absolute limit, whichever comes first. */
    int refresh_expires_in;
} authp_grant_t;

/* Makes a session for a user whose identity has just been proven (auth_time = now). `user` is the
 * row that was read before the password was hashed. */
AUTHP_CHECKED authp_err_t authp_session_start(const authp_realm_t *realm, authp_user_t *user,
                                              const authp_client_t *client, authp_grant_t *out,
                                              apr_pool_t *pool);

/* Refreshes a session, with the rules of rotation, grace, reuse, idle and absolute limits, min_ver
 * and REFRESH_TOKEN_ROTATION=false (README.md, "Sessions and refresh tokens").
 * AUTHP_E_REFRESH_INVALID, AUTHP_E_REFRESH_REUSED, AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_session_refresh(const authp_realm_t *realm,
                                                const char *refresh_token,
                                                const authp_client_t *client, authp_grant_t *out,
                                                apr_pool_t *pool);

/* Finds the session of a refresh token, by one read of the store. AUTHP_OK: the tag is valid under
 * the present or the previous key. Its generation may be any, and the session may have ended.
 * AUTHP_E_REFRESH_INVALID: the tag is not valid. `session` may be NULL. */
AUTHP_CHECKED authp_err_t authp_session_of_refresh(const authp_realm_t *realm,
                                                   const char *refresh_token,
                                                   authp_session_t **session, apr_pool_t *pool);

/* The session that a credential names, and the ver of the user when it was issued. */
typedef struct authp_leaving_t {
    const char *user_id; /* NULL: there is no such session, and it counts as ended */
    const char *session_id;
    int64_t ver; /* ver of the user when the credential was issued */
} authp_leaving_t;

/* Ends the session of `leaving`, or with `all` every session of its user. AUTHP_OK for ended and
 * unknown sessions, too. `all` needs a session that has not ended, an enabled account, and a ver
 * that is not below the account's min_ver. Otherwise only the one session ends: an old credential
 * must not sign its owner out of other devices. */
AUTHP_CHECKED authp_err_t authp_session_logout(const authp_realm_t *realm,
                                               const authp_leaving_t *leaving, bool all,
                                               const authp_client_t *client, apr_pool_t *pool);

/* The text of a refresh token of any generation, for tests: base64url(sid . generation . tag). */
AUTHP_CHECKED authp_err_t authp_session_make_refresh(const authp_realm_t *realm,
                                                     const authp_session_t *session,
                                                     int64_t generation, const char **out,
                                                     apr_pool_t *pool);

/* The double-submit token for cookie delivery: an HMAC of the sid. */
AUTHP_CHECKED authp_err_t authp_session_csrf(const authp_realm_t *realm, const char *sid,
                                             const char **out, apr_pool_t *pool);
/* AUTHP_E_CSRF_FAILED: `token` is not the one of `sid` under the present or the previous key. */
AUTHP_CHECKED authp_err_t authp_session_csrf_check(const authp_realm_t *realm, const char *sid,
                                                   const char *token, apr_pool_t *pool);

#endif

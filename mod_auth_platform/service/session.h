/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_H
#define AUTHP_SERVICE_SESSION_H

#include "service/audit.h"
#include "service/token.h"

/* What a sign-in or refresh hands out. */
typedef struct authp_grant_t {
    authp_user_t *user;
    authp_session_t *session; /* as it is after this step */
    const char *access_token;
    const char *refresh_token;
    int expires_in;         /* of the access token, seconds */
    int refresh_expires_in; /* seconds until the session's idle or absolute limit, the nearer one */
} authp_grant_t;

/* A new session for a user who has just been proven (auth_time = now); `user` as read before its
 * password was hashed. */
AUTHP_CHECKED authp_err_t authp_session_start(const authp_realm_t *realm, authp_user_t *user,
                                              const authp_client_t *client, authp_grant_t *out,
                                              apr_pool_t *pool);

/* The refresh rules of contract 4: rotation, grace, reuse, idle and absolute limits, min_ver,
 * REFRESH_TOKEN_ROTATION=false. AUTHP_E_REFRESH_INVALID, AUTHP_E_REFRESH_REUSED,
 * AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_session_refresh(const authp_realm_t *realm,
                                                const char *refresh_token,
                                                const authp_client_t *client, authp_grant_t *out,
                                                apr_pool_t *pool);

/* Which session a refresh token is of: AUTHP_OK only for a tag of ours (present or previous key),
 * whatever its generation and whether or not the session still lives; AUTHP_E_REFRESH_INVALID else.
 * One store read. *session may be NULL-able by the caller. */
AUTHP_CHECKED authp_err_t authp_session_of_refresh(const authp_realm_t *realm,
                                                   const char *refresh_token,
                                                   authp_session_t **session, apr_pool_t *pool);

/* The session that a credential names, and the ver of the user when it was issued. */
typedef struct authp_leaving_t {
    const char *user_id; /* NULL: there is no such session; it counts as ended */
    const char *session_id;
    int64_t ver; /* the user's ver when the credential was issued */
} authp_leaving_t;

/* Ends `leaving`'s session, or with `all` every session of its user. Ended and unknown sessions
 * count as done. `all` needs a session that has not ended, an enabled account, and a ver of at
 * least the account's min_ver. Otherwise only the one session ends: an old credential must not sign
 * its owner out of other devices. */
AUTHP_CHECKED authp_err_t authp_session_logout(const authp_realm_t *realm,
                                               const authp_leaving_t *leaving, bool all,
                                               const authp_client_t *client, apr_pool_t *pool);

/* The refresh token's text form, apart for tests: base64url(sid . generation . tag). */
AUTHP_CHECKED authp_err_t authp_session_make_refresh(const authp_realm_t *realm,
                                                     const authp_session_t *session,
                                                     int64_t generation, const char **out,
                                                     apr_pool_t *pool);

/* The double-submit token of the cookie way: HMAC of the sid. */
AUTHP_CHECKED authp_err_t authp_session_csrf(const authp_realm_t *realm, const char *sid,
                                             const char **out, apr_pool_t *pool);
/* AUTHP_OK if `token` is that of `sid` under the present or the previous key; else
 * AUTHP_E_CSRF_FAILED. */
AUTHP_CHECKED authp_err_t authp_session_csrf_check(const authp_realm_t *realm, const char *sid,
                                                   const char *token, apr_pool_t *pool);

#endif

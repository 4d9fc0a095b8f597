/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_SESSION_H
#define AUTHP_SERVICE_SESSION_SESSION_H

#include "service/audit/audit.h"
#include "service/session/grant.h"
#include "service/session/refresh_rules.h"

/* Makes a session for a user whose identity has just been proven (auth_time = now). `user` is the
 * row that was read before the password was hashed. */
AUTHP_CHECKED authp_err_t authp_session_start(const authp_realm_t *realm, authp_user_t *user,
                                              const authp_client_t *client, authp_grant_t *out,
                                              apr_pool_t *pool);

/* What is known of a refresh token with a valid tag. */
typedef struct authp_proof_t {
    authp_session_t *session;      /* the row as read, also if the session has ended */
    int64_t generation;            /* the token's */
    authp_refresh_action_t action; /* decided from the row as it was read */
} authp_proof_t;

/* Parses a refresh token (NULL is refused), reads its session and checks its tag under the present
 * and the previous key. It reads the store once. AUTHP_OK for every token with a valid tag, also
 * for one that was replaced or whose session has ended; out->action says what to do.
 * AUTHP_E_REFRESH_INVALID for all others, also if there is no such session. Or
 * AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_session_prove(const authp_realm_t *realm, const char *refresh_token,
                                              authp_proof_t *out, apr_pool_t *pool);

/* The session that a credential names, and the ver of the user when it was issued. */
typedef struct authp_leaving_t {
    const char *user_id; /* NULL: there is no such session, and it counts as ended */
    const char *session_id;
    int64_t ver;                    /* ver of the user when the credential was issued */
    const authp_session_t *session; /* the row if it has been read just now, else NULL */
} authp_leaving_t;

/* Ends the session of `leaving`, or with `all` every session of its user. AUTHP_OK for ended and
 * unknown sessions, too. `all` needs a session that has not ended, an enabled account, and a ver
 * that is not below the account's min_ver. Otherwise only the one session ends: an old credential
 * must not sign its owner out of other devices. */
AUTHP_CHECKED authp_err_t authp_session_logout(const authp_realm_t *realm,
                                               const authp_leaving_t *leaving, bool all,
                                               const authp_client_t *client, apr_pool_t *pool);

/* Ends one session. AUTHP_OK also if it has ended. `reason` is kept in its row and in the audit. */
AUTHP_CHECKED authp_err_t authp_session_end(const authp_realm_t *realm,
                                            const authp_session_t *session, const char *reason,
                                            const authp_client_t *client, apr_pool_t *pool);
/* Signs out of the session `sid`, which a token of the server has named. AUTHP_OK also if there is
 * none. */
AUTHP_CHECKED authp_err_t authp_session_end_by_id(const authp_realm_t *realm, const char *sid,
                                                  const authp_client_t *client, apr_pool_t *pool);

#endif

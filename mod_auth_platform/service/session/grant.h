/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_GRANT_H
#define AUTHP_SERVICE_SESSION_GRANT_H

#include "service/audit/audit.h"
#include "service/session/token.h"

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

/* For files of service/ only. Makes both tokens for a session row that is stored, or is about to
 * be. Writes nothing to the store. */
AUTHP_CHECKED authp_err_t authp_grant_make(const authp_realm_t *realm, authp_user_t *user,
                                           authp_session_t *session, const authp_client_t *client,
                                           authp_grant_t *out, apr_pool_t *pool);
/* Returns the time at which a session that is used at `now` becomes idle: the latest of
 * REFRESH_TOKEN_EXPIRE_DAYS after `now`, the end of the access token that `client` gets now, and
 * session->expires_at, but not later than session->absolute_expires_at. `client` may be NULL. */
authp_ms_t authp_grant_idle_limit(const authp_settings_t *settings, authp_ms_t now,
                                  const authp_session_t *session, const authp_client_t *client);

#define AUTHP_DAY_MS INT64_C(86400000)

#endif

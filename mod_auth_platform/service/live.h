/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_H
#define AUTHP_SERVICE_LIVE_H

#include "service/live_table.h"
#include "service/token.h"

/* Is what a token says still so? Everything that asks goes through here, and everything that makes
 * a token stop counting goes through here, too: the store first, then the live table. */

/* --- asking --------------------------------------------------------------------------------------
 */

/* For API routes: asks the store on every request. *principal gets the account's present roles;
 * user and session are read anyway and handed back. AUTHP_E_TOKEN_REVOKED: session ended, expired
 * or unknown, user gone or disabled, ver below min_ver. */
AUTHP_CHECKED authp_err_t authp_live_api(const authp_realm_t *realm, authp_principal_t *principal,
                                         authp_user_t **user, authp_session_t **session,
                                         apr_pool_t *pool);

/* A location's AuthPlatformWhenUnavailable: what to do with a valid token when neither the table
 * nor the store can say whether it still counts. */
typedef enum authp_unavailable_t {
    AUTHP_UNAVAILABLE_DENY,
    AUTHP_UNAVAILABLE_ALLOW_VALID
} authp_unavailable_t;

/* For guarded locations: the live table, no store and no network, unless the table cannot say.
 * *principal gets the roles that count now. AUTHP_E_TOKEN_REVOKED; AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_live_guard(const authp_realm_t *realm, authp_principal_t *principal,
                                           authp_unavailable_t otherwise, apr_pool_t *pool);

/* --- changing (live_change.c): as the store's operations of the same name
 * ------------------------- */

/* AUTHP_E_NOT_FOUND: none, or over already. */
AUTHP_CHECKED authp_err_t authp_live_end_session(const authp_realm_t *realm, const char *sid,
                                                 const char *reason, apr_pool_t *pool);
/* except_sid NULL = none is spared; *count may be NULL. */
AUTHP_CHECKED authp_err_t authp_live_end_sessions(const authp_realm_t *realm, const char *user_id,
                                                  const char *except_sid, const char *reason,
                                                  int *count, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_live_update_user(const authp_realm_t *realm,
                                                 const authp_user_t *before,
                                                 const authp_user_t *after, apr_pool_t *pool);
/* It is so already: perhaps by another host, of which the table has not heard yet. */
void authp_live_note_user(const authp_realm_t *realm, const authp_user_t *user);
AUTHP_CHECKED authp_err_t authp_live_delete_user(const authp_realm_t *realm,
                                                 const authp_user_t *before, apr_pool_t *pool);

/* --- of each child
 * --------------------------------------------------------------------------------- */

/* realm->live. `askers`: how many requests may wait for the store at once when the table cannot
 * say.
 */
AUTHP_CHECKED authp_err_t authp_live_make(authp_live_table_t *table, int askers, authp_live_t **out,
                                          apr_pool_t *pool);
/* From now on realm->store is there. */
void authp_live_open(authp_live_t *live);
/* live_poll.c: takes the offset of the store's clock that some child has measured for all, so that
 * a child knows it before its own first poll. Nothing if no child has. */
void authp_live_adopt_clock(const authp_realm_t *realm);
/* live_poll.c: hears of what other hosts and the command line tool changed, if it is time to and no
 * other child is at it. */
void authp_live_poll(const authp_realm_t *realm, apr_pool_t *pool);

typedef struct authp_live_health_t {
    authp_live_status_t table;
    bool clock_known;
    int64_t clock_offset_ms; /* of the store's clock to this host's */
    bool clock_fine;         /* within 20 s; true while it is not known */
} authp_live_health_t;

/* False if there is no table: the tool, and tests. */
bool authp_live_health(const authp_realm_t *realm, authp_live_health_t *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_H
#define AUTHP_SERVICE_LIVE_H

#include "service/live_table.h"
#include "service/token.h"

/* Tells for guarded pages whether the account and the session of a token are still valid, and which
 * roles count now (account routes ask standing.h). All changes that make tokens invalid go through
 * here, too: they change the store first, then the live table. */

/* --- asking ----------------------------------------------------------------------------------- */

/* AuthPlatformWhenUnavailable of a location: whether a valid token is accepted if neither the live
 * table nor the store can tell whether it was revoked. */
typedef enum authp_unavailable_t {
    AUTHP_UNAVAILABLE_DENY,
    AUTHP_UNAVAILABLE_ALLOW_VALID
} authp_unavailable_t;

/* For guarded locations: asks the live table. Only if the table does not have the answer, the store
 * is asked. *principal gets the roles that count now. AUTHP_E_TOKEN_REVOKED; AUTHP_E_UNAVAILABLE.
 */
AUTHP_CHECKED authp_err_t authp_live_guard(const authp_realm_t *realm, authp_principal_t *principal,
                                           authp_unavailable_t otherwise, apr_pool_t *pool);

/* --- changing (live_change.c): as the store's operations of the same name --------------------- */

/* AUTHP_E_NOT_FOUND: there is none, or it has ended already. */
AUTHP_CHECKED authp_err_t authp_live_end_session(const authp_realm_t *realm, const char *sid,
                                                 const char *reason, apr_pool_t *pool);
/* `except_sid` is not ended; NULL: all are. *count, which may be NULL, gets the number of ended
 * sessions. */
AUTHP_CHECKED authp_err_t authp_live_end_sessions(const authp_realm_t *realm, const char *user_id,
                                                  const char *except_sid, const char *reason,
                                                  int *count, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_live_update_user(const authp_realm_t *realm,
                                                 const authp_user_t *before,
                                                 const authp_user_t *after, apr_pool_t *pool);
/* Tells the table the account's present state, which another host may have made and the table may
 * not have yet. */
void authp_live_note_user(const authp_realm_t *realm, const authp_user_t *user);
AUTHP_CHECKED authp_err_t authp_live_delete_user(const authp_realm_t *realm,
                                                 const authp_user_t *before, apr_pool_t *pool);

/* --- of each child ---------------------------------------------------------------------------- */

/* Makes realm->live. `askers` is the number of requests that may wait for the store at the same
 * time if the table does not have their answer. */
AUTHP_CHECKED authp_err_t authp_live_make(authp_live_table_t *table, int askers, authp_live_t **out,
                                          apr_pool_t *pool);
/* Call it when realm->store is open. */
void authp_live_open(authp_live_t *live);
/* live_poll.c: sets the offset of the store's clock that a child has measured for all, so that this
 * child knows it before its own first poll. Does nothing if no child has measured it. */
void authp_live_adopt_clock(const authp_realm_t *realm);
/* live_poll.c: reads what other hosts and the command line tool have changed, if the latest poll is
 * old enough and no other child is reading. */
void authp_live_poll(const authp_realm_t *realm, apr_pool_t *pool);

typedef struct authp_live_health_t {
    authp_live_status_t table;
    bool clock_known;
    int64_t clock_offset_ms; /* how far the store's clock is ahead of this host's */
    bool clock_fine;         /* at most 20 s apart; true while that is not known */
} authp_live_health_t;

/* False if there is no table: in the tool, and in some tests. */
bool authp_live_health(const authp_realm_t *realm, authp_live_health_t *out);

#endif

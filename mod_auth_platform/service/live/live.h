/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_LIVE_H
#define AUTHP_SERVICE_LIVE_LIVE_H

#include "service/live_table/live_table.h"
#include "service/realm/principal.h"
#include "service/realm/realm.h"

/* Tells for guarded pages whether the account and the session of a token are still valid, and which
 * roles count now (account routes ask standing.h). Changes that make tokens invalid go through
 * live_change.h. */

/* AuthPlatformWhenUnavailable of a location: whether a valid token is accepted if neither the live
 * table nor the store can tell whether it was revoked. */
typedef enum authp_unavailable_t {
    AUTHP_UNAVAILABLE_DENY,
    AUTHP_UNAVAILABLE_ALLOW_VALID
} authp_unavailable_t;

/* For guarded locations: asks the live table. Only if the table does not have the answer, the store
 * is asked. *principal gets the roles that count now. If the store has answered, it also gets the
 * account's ver, and known_at becomes the time of the answer: from then on the table can tell what
 * has changed. AUTHP_E_TOKEN_REVOKED; AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_live_guard(const authp_realm_t *realm, authp_principal_t *principal,
                                           authp_unavailable_t otherwise, apr_pool_t *pool);

/* Makes realm->live. `askers` is the number of requests that may wait for the store at the same
 * time if the table does not have their answer. */
AUTHP_CHECKED authp_err_t authp_live_make(authp_live_table_t *table, int askers, authp_live_t **out,
                                          apr_pool_t *pool);
/* Call it when realm->store is open. */
void authp_live_open(authp_live_t *live);
typedef struct authp_live_health_t {
    authp_live_status_t table;
    bool clock_known;
    int64_t clock_offset_ms; /* how far the store's clock is ahead of this host's */
    bool clock_fine;         /* at most 20 s apart; true while that is not known */
} authp_live_health_t;

/* False if there is no table: in the tool, and in some tests. */
bool authp_live_health(const authp_realm_t *realm, authp_live_health_t *out);

#endif

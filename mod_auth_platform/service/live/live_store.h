/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_LIVE_STORE_H
#define AUTHP_SERVICE_LIVE_LIVE_STORE_H

#include "service/live_table/live_ask.h"
#include "service/realm/principal.h"
#include "service/realm/realm.h"

/* The requests of one child that ask the store because the table does not have the answer for their
 * token, and the latest answers of the store. */
typedef struct authp_live_store_t authp_live_store_t;

/* At most `askers` requests ask at the same time. `table` tells when the answers must be dropped.
 */
AUTHP_CHECKED authp_err_t authp_live_store_make(const authp_live_table_t *table, int askers,
                                                authp_live_store_t **out, apr_pool_t *pool);
/* Call it when realm->store is open. Until then every question ends with AUTHP_E_UNAVAILABLE. */
void authp_live_store_open(authp_live_store_t *self);

/* The answer that authp_live_store_ask() gives is younger than this, in whole seconds. */
#define AUTHP_LIVE_STORE_AGE 2

/* Asks the store, at most once a second for one session, and not at all for a second after it
 * failed. AUTHP_E_TOKEN_REVOKED, AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_live_store_ask(const authp_realm_t *realm,
                                               const authp_principal_t *principal,
                                               authp_live_facts_t *facts, apr_pool_t *pool);

/* Notes whether the poll fails. True if that has changed, so that it is logged once. */
bool authp_live_store_failing(authp_live_store_t *self, bool failing);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_STORE_H
#define AUTHP_SERVICE_LIVE_STORE_H

#include "service/live.h"

/* Asks the store if the table does not have the answer: at most once a second for one session, by a
 * limited number of requests at the same time, and not at all for a second after it failed.
 * AUTHP_E_TOKEN_REVOKED, AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_live_store_ask(const authp_realm_t *realm,
                                               const authp_principal_t *principal,
                                               authp_live_facts_t *facts, apr_pool_t *pool);

authp_live_table_t *authp_live_store_table(const authp_live_t *live);
/* Notes whether the poll fails. True if that has changed, so that it is logged once. */
bool authp_live_store_failing(authp_live_t *live, bool failing);

#endif

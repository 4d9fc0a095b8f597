/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_STORE_H
#define AUTHP_SERVICE_LIVE_STORE_H

#include "service/live.h"

/* Where the table cannot say, the store is asked: not more often than once a second for one
 * session, by a bounded number of requests at once, and not at all for a second after it failed.
 * AUTHP_E_TOKEN_REVOKED, AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_live_store_ask(const authp_realm_t *realm,
                                               const authp_principal_t *principal,
                                               authp_live_facts_t *facts, apr_pool_t *pool);

authp_live_table_t *authp_live_store_table(const authp_live_t *live);
/* True where it was not so before: for saying it once. */
bool authp_live_store_failing(authp_live_t *live, bool failing);

#endif

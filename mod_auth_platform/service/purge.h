/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PURGE_H
#define AUTHP_SERVICE_PURGE_H

#include "service/realm.h"

/* Removes what is over: ended and expired sessions and deleted accounts after an hour or twice the
 * access token's life, whichever is longer (other hosts must have seen their end), invites a month
 * after they expired, failed sign-ins that count no more, audit entries after AUDIT_RETENTION_DAYS.
 * In small batches, at most `batches` of them. Deleted accounts whose traces could not be removed
 * at the time lose them here. *removed counts rows.
 * Ages are told by the store's clock, which is compared with this host's first: AUTHP_E_UNAVAILABLE
 * if it cannot be, AUTHP_E_CLOCKS_DIFFER if they are more than 20 s apart; then nothing is removed.
 */
AUTHP_CHECKED authp_err_t authp_purge_run(const authp_realm_t *realm, int batches, int *removed,
                                          apr_pool_t *pool);

#endif

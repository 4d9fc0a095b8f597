/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_PURGE_H
#define AUTHP_SERVICE_SESSION_PURGE_H

#include "service/realm/realm.h"

/* Removes rows that are not needed any more: ended and expired sessions and deleted accounts after
 * two hours, so that other hosts have seen their end; invites a month after they expired; failed
 * sign-ins that no longer count; audit entries after AUDIT_RETENTION_DAYS. It removes at most
 * `batches` small batches. It also removes the traces of deleted accounts that could not be removed
 * before. *removed gets the number of rows. Ages are measured by the store's clock, which is first
 * compared with this host's. AUTHP_E_UNAVAILABLE: they cannot be compared. AUTHP_E_CLOCKS_DIFFER:
 * they are more than 20 s apart. In both cases nothing is removed. */
AUTHP_CHECKED authp_err_t authp_purge_run(const authp_realm_t *realm, int batches, int *removed,
                                          apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_PUT_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_PUT_H

#include "service/realm/realm.h"
#include "service/transfer/transfer_batch.h"

/* Puts rows into the realm's store. Never sets a newer row back: an account with a later
 * updated_at, a session that has ended or was used later, and an invite that was used or revoked
 * stay. A replaced account gets neither a lower ver nor a lower min_ver, so that no token becomes
 * valid again. May be repeated after a failure. AUTHP_E_UNAVAILABLE, AUTHP_E_INTERNAL: the store
 * failed; some rows may be there. */
AUTHP_CHECKED authp_err_t authp_transfer_put(const authp_realm_t *realm,
                                             const authp_put_batch_t *batch,
                                             authp_put_result_t *results, apr_pool_t *pool);

/* The same for accounts. Each needs an id, created_at and updated_at later than 0, and roles that
 * are not NULL. */
AUTHP_CHECKED authp_err_t authp_transfer_put_users(const authp_realm_t *realm, bool dry_run,
                                                   authp_user_t *const *users, int count,
                                                   authp_put_result_t *results, apr_pool_t *pool);

#endif

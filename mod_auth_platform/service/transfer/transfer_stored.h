/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_STORED_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_STORED_H

#include "service/realm/realm.h"
#include "service/transfer/transfer_batch.h"

#include <apr_hash.h>

/* The stored rows that have the ids of a batch. One page of the store usually has all of them,
 * because rows of an export are in the order of their ids. */
typedef struct authp_transfer_stored_t {
    const authp_realm_t *realm;
    const authp_columns_t *columns;
    apr_hash_t *known; /* rows by id */
    authp_id_t upto;   /* rows up to this id are in `known`, if the store has them */
    bool all;          /* and those after it */
} authp_transfer_stored_t;

AUTHP_CHECKED authp_err_t authp_transfer_stored_open(const authp_realm_t *realm,
                                                     const authp_put_batch_t *batch,
                                                     authp_transfer_stored_t *out,
                                                     apr_pool_t *pool);
/* AUTHP_E_NOT_FOUND */
AUTHP_CHECKED authp_err_t authp_transfer_stored_find(const authp_transfer_stored_t *stored,
                                                     const char *id, void **out, apr_pool_t *pool);
/* Reads the row now. AUTHP_E_NOT_FOUND */
AUTHP_CHECKED authp_err_t authp_transfer_stored_read(const authp_realm_t *realm,
                                                     const authp_columns_t *columns, const char *id,
                                                     void **out, apr_pool_t *pool);

/* *deleted is set to true if this store has a deleted account with that id. */
AUTHP_CHECKED authp_err_t authp_transfer_stored_deleted(const authp_realm_t *realm, const char *id,
                                                        bool *deleted, apr_pool_t *pool);

#endif

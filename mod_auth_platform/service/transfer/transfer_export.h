/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_EXPORT_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_EXPORT_H

#include "service/realm/realm.h"
#include "service/transfer/transfer_file.h"

#include <stdio.h>

/* An export that is being written. */
typedef struct authp_transfer_export_t {
    authp_transfer_header_t header;         /* what the store had at the start */
    int64_t written[AUTHP_TRANSFER_KINDS];  /* rows */
    int64_t left_out[AUTHP_TRANSFER_KINDS]; /* rows that cannot be read or written (logged) */
    /* Called after each page. May be NULL. */
    void (*progress)(const struct authp_transfer_export_t *so_far, void *ctx);
    void *ctx;
} authp_transfer_export_t;

/* Writes all of the realm's store to `out`. Its memory does not grow with the number of rows.
 * AUTHP_E_ABORTED: `out` cannot be written, see errno. Else as the store. */
AUTHP_CHECKED authp_err_t authp_transfer_export(const authp_realm_t *realm, FILE *out,
                                                authp_transfer_export_t *export, apr_pool_t *pool);

#endif

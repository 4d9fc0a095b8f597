/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_BATCH_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_BATCH_H

#include "store/columns.h"

#include <stdbool.h>

/* What became of one row that was given to a store. */
typedef enum authp_put_outcome_t {
    AUTHP_PUT_ADDED,     /* the store had no such row */
    AUTHP_PUT_REPLACED,  /* the stored row of this id was older */
    AUTHP_PUT_UNCHANGED, /* the store has the same row */
    AUTHP_PUT_KEPT,      /* the stored row of this id is newer, or was deleted: it stays */
    AUTHP_PUT_CONFLICT,  /* another row has one of its unique values, or no store keeps it */
    AUTHP_PUT_OUTCOMES
} authp_put_outcome_t;

typedef struct authp_put_result_t {
    authp_put_outcome_t outcome;
    /* With CONFLICT: "its address is that of account ID", for example. With KEPT: that the account
     * was deleted in this store, or that both were changed, or NULL. Else NULL. */
    const char *why;
} authp_put_result_t;

/* The most rows of one call. */
#define AUTHP_PUT_MOST 500

/* Rows (pointers to structs) of one table: accounts, sessions, invites or audit entries. */
typedef struct authp_put_batch_t {
    const authp_columns_t *columns;
    void *const *rows;
    int count;
    bool dry_run; /* nothing is written; the results say what would happen. Rows of one call are
                     not compared with each other. */
    bool no_ver;  /* the accounts are of another system, which does not count their changes */
} authp_put_batch_t;

#endif

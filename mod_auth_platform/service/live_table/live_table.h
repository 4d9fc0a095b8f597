/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_LIVE_TABLE_H
#define AUTHP_SERVICE_LIVE_TABLE_LIVE_TABLE_H

#include "base/err.h"
#include "base/id.h"
#include "service/settings/roles.h"

/* The shared part of live authorization: the sessions that ended and the accounts that changed
 * within the life of a token. It is in memory that all children of this httpd use, also old ones
 * during a graceful restart. Readers take no lock. Writers take a lock that becomes free if its
 * holder dies. */
typedef struct authp_live_shared_t authp_live_shared_t; /* the shared memory */
typedef struct authp_live_table_t authp_live_table_t;   /* one generation's view of it */

#define AUTHP_LIVE_ENTRIES 65536
#define AUTHP_LIVE_MINUTES 60 /* tokens that live longer ask the store once in that time */
#define AUTHP_LIVE_STORE_ID_LEN 32

/* Makes an empty table with room for about `entries` entries. It belongs to no store yet. */
AUTHP_CHECKED authp_err_t authp_live_table_make(int entries, authp_live_shared_t **out);

/* The settings of one generation of the server. They are given before its children are forked. */
typedef struct authp_live_terms_t {
    unsigned char store_id[AUTHP_LIVE_STORE_ID_LEN]; /* a table of another store is emptied */
    const apr_array_header_t *roles;                 /* const char *: ROLES */
    int64_t token_ms;                                /* how long an access token lives, at most
                                                        AUTHP_LIVE_MINUTES */
    /* If the latest poll is older, the table's answers do not count. */
    int64_t max_lag_ms;
} authp_live_terms_t;

AUTHP_CHECKED authp_err_t authp_live_table_open(authp_live_shared_t *shared,
                                                const authp_live_terms_t *terms,
                                                authp_live_table_t **out, apr_pool_t *pool);

/* A number that changes whenever the table is emptied. Answers cached under another era must be
 * dropped. */
uint64_t authp_live_table_era(const authp_live_table_t *table);

/* The offset of the store's clock. The polling child measures it for all processes, which need it
 * for the times of their changes. */
void authp_live_table_set_clock(authp_live_table_t *table, int64_t offset_ms);
bool authp_live_table_clock(const authp_live_table_t *table, int64_t *offset_ms);

typedef struct authp_live_status_t {
    bool warm;        /* complete, and not older than max_lag_ms */
    int64_t age_ms;   /* age of the latest round; -1 = there was none */
    int64_t worst_ms; /* greatest age so far, without rounds that began cold */
    int64_t dropped;  /* changes that found no room; the store is asked about them */
} authp_live_status_t;

void authp_live_table_status(const authp_live_table_t *table, authp_live_status_t *out);

#endif

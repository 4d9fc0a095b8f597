/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_IMPL_H
#define AUTHP_STORE_SQL_IMPL_H

#include "store/sql.h"

#include <apr_reslist.h>
#include <apr_thread_mutex.h>

/* A connection with everything prepared on it. Its pool has an allocator of its own: connections
 * are used by different threads at the same time. */
typedef struct authp_sql_conn_t {
    struct authp_sql_t *sql;
    apr_pool_t *own;   /* holds this struct */
    apr_pool_t *pool;  /* what one opening made */
    apr_dbd_t *handle; /* NULL: not open (yet, or any more) */
    apr_dbd_prepared_t *prepared[AUTHP_SQL_LABELS];
} authp_sql_conn_t;

struct authp_sql_t {
    const authp_sql_dialect_t *dialect;
    const apr_dbd_driver_t *driver;
    authp_store_config_t config;
    apr_pool_t *pool;
    apr_reslist_t *connections;
    apr_pool_t *connections_pool; /* unmanaged: see tear_down() */
    apr_thread_mutex_t *mutex;    /* guards what follows */
    bool ready;                   /* migrated, and the lock is open */
    authp_ms_t tried_at;          /* when getting ready last failed; monotonic */
    void *lock;
};

/* sql_conn.c */
AUTHP_CHECKED authp_err_t authp_sql_conn_setup(authp_sql_t *sql);
/* Bounded by config.timeout_ms. The connection may be closed: authp_sql_conn_open() follows. */
AUTHP_CHECKED authp_err_t authp_sql_conn_acquire(authp_sql_t *sql, authp_sql_conn_t **out);
AUTHP_CHECKED authp_err_t authp_sql_conn_open(authp_sql_conn_t *conn, bool prepare);
void authp_sql_conn_close(authp_sql_conn_t *conn);
void authp_sql_conn_release(authp_sql_conn_t *conn);
/* A connection outside the list, for migrations: close it before `pool` goes. */
authp_sql_conn_t *authp_sql_conn_single(authp_sql_t *sql, apr_pool_t *pool);
/* Runs text that answers no rows, or drops them. The driver's code, 0 = fine. */
int authp_sql_conn_exec(authp_sql_conn_t *conn, const char *text);

/* sql_migrate.c: brings the schema up to date under the writer lock. AUTHP_E_INTERNAL: a step's
 * checksum differs, or the database is of a newer version; logged. */
AUTHP_CHECKED authp_err_t authp_sql_migrate_run(authp_sql_t *sql, int *applied);

#endif

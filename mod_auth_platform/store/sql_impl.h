/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_IMPL_H
#define AUTHP_STORE_SQL_IMPL_H

#include "store/sql.h"

#include <apr_reslist.h>
#include <apr_thread_mutex.h>

/* A connection with all its prepared statements. Its pool has an allocator of its own, because
 * threads use connections at the same time. */
typedef struct authp_sql_conn_t {
    struct authp_sql_t *sql;
    apr_pool_t *own;   /* contains this struct */
    apr_pool_t *pool;  /* for what is made when the database is opened */
    apr_dbd_t *handle; /* NULL: not open */
    apr_dbd_prepared_t *prepared[AUTHP_SQL_LABELS];
} authp_sql_conn_t;

struct authp_sql_t {
    const authp_sql_dialect_t *dialect;
    const apr_dbd_driver_t *driver;
    authp_store_config_t config;
    apr_pool_t *pool;
    apr_reslist_t *connections;
    apr_pool_t *connections_pool; /* unmanaged: see tear_down() in sql_conn.c */
    apr_thread_mutex_t *mutex;    /* guards what follows */
    bool ready;                   /* the database is migrated, and the lock is open */
    /* When the preparation last failed; monotonic; 0 = it has not failed. */
    authp_ms_t tried_at;
    void *lock;
};

/* sql_conn.c */
AUTHP_CHECKED authp_err_t authp_sql_conn_setup(authp_sql_t *sql);
/* Takes a connection, within config.timeout_ms. It may be closed, so authp_sql_conn_open() must
 * follow. */
AUTHP_CHECKED authp_err_t authp_sql_conn_acquire(authp_sql_t *sql, authp_sql_conn_t **out);
AUTHP_CHECKED authp_err_t authp_sql_conn_open(authp_sql_conn_t *conn, bool prepare);
void authp_sql_conn_close(authp_sql_conn_t *conn);
void authp_sql_conn_release(authp_sql_conn_t *conn);
/* A connection outside the list, for migrations. Close it before `pool` is destroyed. */
authp_sql_conn_t *authp_sql_conn_single(authp_sql_t *sql, apr_pool_t *pool);
/* Runs text and drops its rows. Returns the driver's code; 0 = success. */
int authp_sql_conn_exec(authp_sql_conn_t *conn, const char *text);

/* sql_migrate.c: brings the schema up to date, with the writer lock held. AUTHP_E_INTERNAL, logged:
 * the checksum of a step differs, or the database is of a newer version. */
AUTHP_CHECKED authp_err_t authp_sql_migrate_run(authp_sql_t *sql, int *applied);

#endif

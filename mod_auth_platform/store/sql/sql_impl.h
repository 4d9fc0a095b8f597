/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_IMPL_H
#define AUTHP_STORE_SQL_SQL_IMPL_H

#include "base/breaker.h"
#include "store/sql/sql_dialect.h"
#include "store/sql/sql_rows.h"

#include <apr_dbd.h>
#include <apr_hash.h>
#include <apr_reslist.h>
#include <apr_thread_mutex.h>

/* A connection with the statements that were used on it. Its pool has an allocator of its own,
 * because connections are used by different threads at the same time. */
typedef struct authp_sql_conn_t {
    struct authp_sql_t *sql;
    apr_pool_t *own;        /* holds this struct */
    apr_pool_t *pool;       /* what one opening of the database made */
    apr_pool_t *scratch;    /* results of one run; cleared after it */
    apr_dbd_t *handle;      /* NULL: not open (yet, or any more) */
    apr_hash_t *statements; /* prepared ones, by the address of their authp_sql_statement_t */
    bool guarded;           /* between authp_sql_conn_guard() and authp_sql_conn_unguard() */
} authp_sql_conn_t;

struct authp_sql_t {
    const authp_sql_dialect_t *dialect;
    const apr_dbd_driver_t *driver;
    authp_store_config_t config;
    apr_pool_t *pool;
    const char *begin;   /* what the dialect says for this configuration */
    bool wraps;          /* the same */
    bool names_prepared; /* the same */
    const char *schema;  /* of all tables; NULL: the database finds them without one */
    void *guard;         /* of authp_sql_link_t */
    apr_reslist_t *connections;
    apr_pool_t *connections_pool; /* unmanaged: see tear_down() */
    authp_breaker_t breaker;
    atomic_bool ready;         /* migrated, and the queue of writers is open */
    atomic_uint tries;         /* how often that was tried */
    apr_thread_mutex_t *mutex; /* one thread tries at a time */
    void *lock;                /* the queue of writers */
};

/* sql_conn.c */
AUTHP_CHECKED authp_err_t authp_sql_conn_setup(authp_sql_t *sql);
/* Waits at most config.timeout_ms. The connection may be closed: call authp_sql_conn_open(). */
AUTHP_CHECKED authp_err_t authp_sql_conn_acquire(authp_sql_t *sql, authp_sql_conn_t **out);
/* Opens a connection that is closed. */
AUTHP_CHECKED authp_err_t authp_sql_conn_open(authp_sql_conn_t *conn);
void authp_sql_conn_close(authp_sql_conn_t *conn);
void authp_sql_conn_release(authp_sql_conn_t *conn);
/* Bounds the time of the statements that follow, until authp_sql_conn_unguard() or until the
 * connection is closed. */
void authp_sql_conn_guard(authp_sql_conn_t *conn, int timeout_ms);
void authp_sql_conn_unguard(authp_sql_conn_t *conn);
/* A connection outside the list, for migrations. Close it before `pool` is destroyed. */
authp_sql_conn_t *authp_sql_conn_single(authp_sql_t *sql, apr_pool_t *pool);
/* Runs a statement on this open connection, and prepares it first if it is new there. rows->pool
 * gets the rows, before the first of them. Returns the driver's code, 0 = fine. */
int authp_sql_conn_run(authp_sql_conn_t *conn, const authp_sql_statement_t *statement,
                       const void **values, authp_sql_rows_t *rows);
/* Runs `text`, which answers no rows. Returns the driver's code, 0 = fine. */
int authp_sql_conn_exec(authp_sql_conn_t *conn, const char *text);

/* The first line of the error of the last statement, in `pool`, for the log. Further lines are left
 * out, because they may contain values of a row, such as an e-mail address. `rc` is the driver's
 * code. */
const char *authp_sql_conn_error(authp_sql_conn_t *conn, int rc, apr_pool_t *pool);

/* sql_migrate.c: migrate() of authp_store_ops_t. All steps are made or undone in one transaction,
 * in the queue of writers. If nothing is to be done, the database is only read. AUTHP_E_INTERNAL: a
 * step's checksum differs, or the database is of a newer version; logged. */
AUTHP_CHECKED authp_err_t authp_sql_migrate_run(authp_sql_t *sql, const authp_store_goal_t *goal,
                                                authp_store_migrated_t *out, apr_pool_t *pool);

/* sql_migrate.c: a checksum by which an edited step is told from the released one. It is not
 * cryptographic: two texts with the same checksum can be made on purpose. */
const char *authp_sql_migrate_checksum(const char *text, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "store/sql/sql_expand.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

/* What a connection keeps of the memory of a run, in bytes. What is beyond it goes back to the
 * system. */
#define MEMORY_KEPT (64 * 1024)
/* Must be less than the time-out of one operation. */
#define OPEN_PATIENCE_MS 1000
#define OPEN_PAUSE_MS 10

/* The struct is in `own`. What is made when the database is opened is in a pool below it. */
static authp_sql_conn_t *make_conn(authp_sql_t *sql, apr_pool_t *own)
{
    authp_sql_conn_t *conn = apr_pcalloc(own, sizeof(*conn));
    conn->sql = sql;
    conn->own = own;
    apr_pool_create(&conn->pool, own);
    apr_pool_create(&conn->scratch, own);
    return conn;
}

void authp_sql_conn_guard(authp_sql_conn_t *conn, int timeout_ms)
{
    const authp_sql_t *sql = conn->sql;
    if (sql->guard != NULL) {
        sql->dialect->link.guard_begin(sql->guard, sql->driver, conn->handle, timeout_ms);
        conn->guarded = true;
    }
}

void authp_sql_conn_unguard(authp_sql_conn_t *conn)
{
    const authp_sql_t *sql = conn->sql;
    if (conn->guarded) {
        sql->dialect->link.guard_end(sql->guard, conn->handle);
        conn->guarded = false;
    }
}

void authp_sql_conn_close(authp_sql_conn_t *conn)
{
    authp_sql_conn_unguard(conn);
    if (conn->handle != NULL) {
        /* Closing finalizes the statements first. The driver registers no cleanup for either. */
        (void)apr_dbd_close(conn->sql->driver, conn->handle);
        conn->handle = NULL;
    }
    conn->statements = NULL;
    apr_pool_clear(conn->pool);
}

static apr_status_t construct(void **resource, void *params, apr_pool_t *pool)
{
    authp_sql_t *sql = params;
    apr_pool_t *own = NULL;
    apr_status_t status = apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    if (status != APR_SUCCESS) {
        return status;
    }
    apr_pool_tag(own, "authp-sql-connection");
    (void)pool;
    apr_allocator_max_free_set(apr_pool_allocator_get(own), MEMORY_KEPT);
    *resource = make_conn(sql, own);
    return APR_SUCCESS;
}

static apr_status_t destruct(void *resource, void *params, apr_pool_t *pool)
{
    authp_sql_conn_t *conn = resource;
    (void)params;
    (void)pool;
    authp_sql_conn_close(conn);
    apr_pool_destroy(conn->own);
    return APR_SUCCESS;
}

/* If a connection is in use when the process ends, the list is not destroyed. apr_reslist would
 * fail an assertion, and in prefork this would abort children that are stopped in the middle of a
 * request. */
static apr_status_t tear_down(void *data)
{
    authp_sql_t *sql = data;
    if (apr_reslist_acquired_count(sql->connections) == 0) {
        apr_pool_destroy(sql->connections_pool);
    }
    return APR_SUCCESS;
}

authp_err_t authp_sql_conn_setup(authp_sql_t *sql)
{
    apr_pool_t *own = NULL;
    int most = sql->config.max_connections > 0 ? sql->config.max_connections : 1;
    apr_status_t status = apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    if (status == APR_SUCCESS) {
        status = apr_reslist_create(&sql->connections, 0, most, most, apr_time_from_sec(300),
                                    construct, destruct, sql, own);
    }
    if (status != APR_SUCCESS) {
        if (own != NULL) {
            apr_pool_destroy(own);
        }
        authp_log(AUTHP_LOG_ERROR, "AUTHP0201", "cannot make the list of store connections (%d)",
                  status);
        return AUTHP_E_INTERNAL;
    }
    sql->connections_pool = own;
    apr_reslist_timeout_set(sql->connections, (apr_interval_time_t)sql->config.timeout_ms * 1000);
    apr_pool_cleanup_register(sql->pool, sql, tear_down, apr_pool_cleanup_null);
    return AUTHP_OK;
}

authp_err_t authp_sql_conn_acquire(authp_sql_t *sql, authp_sql_conn_t **out)
{
    void *resource = NULL;
    apr_status_t status = apr_reslist_acquire(sql->connections, &resource);
    if (status != APR_SUCCESS) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0202", "no store connection free within %d ms",
                  sql->config.timeout_ms);
        return AUTHP_E_UNAVAILABLE;
    }
    *out = resource;
    return AUTHP_OK;
}

void authp_sql_conn_release(authp_sql_conn_t *conn)
{
    apr_reslist_release(conn->sql->connections, conn);
}

authp_sql_conn_t *authp_sql_conn_single(authp_sql_t *sql, apr_pool_t *pool)
{
    return make_conn(sql, pool);
}

int authp_sql_conn_exec(authp_sql_conn_t *conn, const char *text)
{
    int rows = 0;
    return apr_dbd_query(conn->sql->driver, conn->handle, &rows, text);
}

const char *authp_sql_conn_error(authp_sql_conn_t *conn, int rc, apr_pool_t *pool)
{
    const char *text = apr_dbd_error(conn->sql->driver, conn->handle, rc);
    return text != NULL ? apr_pstrmemdup(pool, text, strcspn(text, "\r\n")) : "no reason given";
}

typedef struct prepared_t {
    const authp_sql_statement_t *statement; /* the key */
    apr_dbd_prepared_t *prepared;
} prepared_t;

/* Returns the name of a prepared statement, which depends on its text alone, and so on the schema
 * of its tables. If a pooler gives this connection another session of the server, the name is that
 * of the same statement there, or of none. */
static const char *name_of(const char *text, apr_pool_t *pool)
{
    return apr_psprintf(pool, "authp_%s", authp_sql_migrate_checksum(text, pool));
}

/* *out: the statement, prepared on this connection. */
static int prepare(authp_sql_conn_t *conn, const authp_sql_statement_t *statement,
                   apr_dbd_prepared_t **out)
{
    const authp_sql_t *sql = conn->sql;
    prepared_t *kept = apr_hash_get(conn->statements, &statement, sizeof(const void *));
    if (kept == NULL) {
        kept = apr_pcalloc(conn->pool, sizeof(*kept));
        kept->statement = statement;
        const char *text = authp_sql_expand(sql->dialect, sql->schema, statement, conn->pool);
        const char *name = sql->names_prepared ? name_of(text, conn->pool) : NULL;
        int rc =
            apr_dbd_prepare(sql->driver, conn->pool, conn->handle, text, name, &kept->prepared);
        if (rc != 0) {
            return rc;
        }
        apr_hash_set(conn->statements, &kept->statement, sizeof(const void *), kept);
    }
    *out = kept->prepared;
    return 0;
}

int authp_sql_conn_run(authp_sql_conn_t *conn, const authp_sql_statement_t *statement,
                       const void **values, authp_sql_rows_t *rows)
{
    apr_dbd_prepared_t *prepared = NULL;
    rows->driver = conn->sql->driver;
    rows->results = NULL;
    rows->at = 0;
    int rc = prepare(conn, statement, &prepared);
    return rc == 0 ? apr_dbd_pbselect(rows->driver, rows->pool, conn->handle, &rows->results,
                                      prepared, 1, values)
                   : rc;
}

/* A PRAGMA returns rows. apr_dbd_query would treat them as an error. */
static int run_session(authp_sql_conn_t *conn, const char *text)
{
    const apr_dbd_driver_t *driver = conn->sql->driver;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int rc = apr_dbd_select(driver, conn->pool, conn->handle, &results, text, 1);
    if (rc == 0 && results != NULL) {
        for (int at = 1; apr_dbd_get_row(driver, conn->pool, results, &row, at) == 0; at++) {
        }
    }
    return rc;
}

/* Why a try to open failed: the driver's code, its text, and what was tried. */
typedef struct failure_t {
    int rc;
    const char *what;
    const char *text;
} failure_t;

static bool failed(const authp_sql_conn_t *conn, int rc, const char *what, failure_t *failure)
{
    if (rc == 0) {
        return false;
    }
    failure->rc = rc;
    failure->what = what;
    failure->text = apr_dbd_error(conn->sql->driver, conn->handle, rc);
    return true;
}

static authp_err_t open_once(authp_sql_conn_t *conn, failure_t *failure)
{
    const authp_sql_t *sql = conn->sql;
    const authp_sql_dialect_t *dialect = sql->dialect;
    const char *error = NULL;
    if (dialect->before_open != NULL &&
        dialect->before_open(&sql->config, conn->pool) != AUTHP_OK) {
        *failure = (failure_t){.what = "use its files", .text = "see the line before"};
        return AUTHP_E_UNAVAILABLE;
    }
    const char *params = dialect->params(&sql->config, conn->pool);
    if (apr_dbd_open_ex(sql->driver, conn->pool, params, &conn->handle, &error) != APR_SUCCESS) {
        conn->handle = NULL;
        if (dialect->open_reason != NULL && error != NULL) {
            failure->text = dialect->open_reason(error, conn->pool);
        }
        return AUTHP_E_UNAVAILABLE;
    }
    if (dialect->link.opened != NULL) {
        dialect->link.opened(sql->driver, conn->handle);
    }
    authp_sql_conn_guard(conn, sql->config.timeout_ms);
    const char *const *text = dialect->session(&sql->config, conn->pool);
    for (; *text != NULL; text++) {
        if (failed(conn, run_session(conn, *text), "set up a connection", failure)) {
            return AUTHP_E_UNAVAILABLE;
        }
    }
    authp_sql_conn_unguard(conn);
    conn->statements = apr_hash_make(conn->pool);
    return AUTHP_OK;
}

/* While the last process that had the database open closes it, SQLite locks the file. Old children
 * do this in a graceful restart. The driver tries the first statement only once, so this function
 * tries again. */
authp_err_t authp_sql_conn_open(authp_sql_conn_t *conn)
{
    const authp_sql_t *sql = conn->sql;
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    if (conn->handle != NULL && sql->dialect->link.is_closed != NULL &&
        sql->dialect->link.is_closed(sql->driver, conn->handle)) {
        authp_sql_conn_close(conn);
    }
    if (conn->handle != NULL) {
        return AUTHP_OK;
    }
    for (;;) {
        failure_t failure = {.what = NULL};
        if (open_once(conn, &failure) == AUTHP_OK) {
            return AUTHP_OK;
        }
        bool locked = failure.what != NULL &&
                      sql->dialect->classify(failure.rc, failure.text) == AUTHP_SQL_LOCKED;
        authp_ms_t waited = authp_clock_now(authp_clock_monotonic()) - began;
        if (!locked || waited >= OPEN_PATIENCE_MS) {
            const char *text = failure.text != NULL ? failure.text : "no reason given";
            authp_log(AUTHP_LOG_WARNING, "AUTHP0203", "store: cannot %s: %.*s",
                      failure.what != NULL ? failure.what : "open a connection",
                      (int)strcspn(text, "\r\n"), text);
            authp_sql_conn_close(conn);
            return AUTHP_E_UNAVAILABLE;
        }
        authp_sql_conn_close(conn);
        apr_sleep(apr_time_from_msec(OPEN_PAUSE_MS));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"
#include "base/log.h"
#include "store/sql_impl.h"

#include <apr_strings.h>

/* After a failed preparation (files, queue, migrations), operations fail at once for this long. */
#define RETRY_MS 1000

authp_err_t authp_sql_open(const authp_sql_dialect_t *dialect, const authp_store_config_t *config,
                           apr_pool_t *pool, authp_sql_t **out)
{
    authp_sql_t *sql = apr_pcalloc(pool, sizeof(*sql));
    sql->dialect = dialect;
    sql->config = *config;
    sql->config.file = config->file != NULL ? apr_pstrdup(pool, config->file) : NULL;
    sql->config.uri = config->uri != NULL ? apr_pstrdup(pool, config->uri) : NULL;
    sql->pool = pool;
    if (apr_dbd_init(pool) != APR_SUCCESS ||
        apr_dbd_get_driver(pool, dialect->driver, &sql->driver) != APR_SUCCESS) {
        authp_log(
            AUTHP_LOG_ERROR, "AUTHP0205",
            "apr_dbd has no driver %s: is the package libaprutil1-dbd-sqlite3 (or -pgsql) installed?",
            dialect->driver);
        return AUTHP_E_INTERNAL;
    }
    if (apr_thread_mutex_create(&sql->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        return AUTHP_E_INTERNAL;
    }
    authp_err_t err = authp_sql_conn_setup(sql);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = sql;
    return AUTHP_OK;
}

static authp_err_t get_ready(authp_sql_t *sql, int *applied)
{
    apr_pool_t *scratch = NULL;
    if (sql->tried_at != 0 && authp_clock_now(authp_clock_monotonic()) - sql->tried_at < RETRY_MS &&
        applied == NULL) {
        return AUTHP_E_UNAVAILABLE;
    }
    apr_pool_create(&scratch, NULL);
    authp_err_t err = sql->dialect->before_open(&sql->config, scratch);
    if (err == AUTHP_OK && sql->lock == NULL && sql->dialect->lock_open != NULL) {
        err = sql->dialect->lock_open(&sql->config, &sql->lock, sql->pool);
    }
    int steps = 0;
    if (err == AUTHP_OK) {
        err = authp_sql_migrate_run(sql, &steps);
    }
    apr_pool_destroy(scratch);
    sql->ready = err == AUTHP_OK;
    sql->tried_at = sql->ready ? 0 : authp_clock_now(authp_clock_monotonic());
    if (sql->ready && applied != NULL) {
        *applied = steps;
    }
    return err;
}

/* Migrations run before the first connection is used, once for each process. The writer lock puts
 * processes in order. */
static authp_err_t ensure_ready(authp_sql_t *sql)
{
    apr_thread_mutex_lock(sql->mutex);
    authp_err_t err = sql->ready ? AUTHP_OK : get_ready(sql, NULL);
    apr_thread_mutex_unlock(sql->mutex);
    return err == AUTHP_OK ? AUTHP_OK : AUTHP_E_UNAVAILABLE;
}

authp_err_t authp_sql_migrate(void *self, int *applied, apr_pool_t *pool)
{
    authp_sql_t *sql = self;
    int steps = 0;
    (void)pool;
    apr_thread_mutex_lock(sql->mutex);
    authp_err_t err = get_ready(sql, &steps);
    apr_thread_mutex_unlock(sql->mutex);
    if (err == AUTHP_OK) {
        *applied = steps;
    }
    return err;
}

void authp_sql_maintain(void *self)
{
    authp_sql_t *sql = self;
    (void)apr_reslist_maintain(sql->connections);
}

bool authp_sql_next(authp_sql_rows_t *rows)
{
    rows->at++;
    rows->row = NULL;
    return apr_dbd_get_row(rows->driver, rows->pool, rows->results, &rows->row, rows->at) == 0;
}

const char *authp_sql_text(const authp_sql_rows_t *rows, int column, apr_pool_t *pool)
{
    /* For SQL null in PostgreSQL, get_entry returns "". datum_get tells them apart with every
     * driver. */
    char *text = NULL;
    if (apr_dbd_datum_get(rows->driver, rows->row, column, APR_DBD_TYPE_STRING, &text) !=
            APR_SUCCESS ||
        text == NULL) {
        return NULL;
    }
    return apr_pstrdup(pool, text);
}

int64_t authp_sql_int(const authp_sql_rows_t *rows, int column)
{
    apr_int64_t value = 0;
    if (apr_dbd_datum_get(rows->driver, rows->row, column, APR_DBD_TYPE_LONGLONG, &value) !=
        APR_SUCCESS) {
        return 0;
    }
    return value;
}

authp_err_t authp_sql_count_rows(authp_sql_rows_t *rows, void *ctx)
{
    int *count = ctx;
    *count = 0;
    while (authp_sql_next(rows)) {
        (*count)++;
    }
    return AUTHP_OK;
}

/* Tries once. *again is true if a new connection may work. In that case nothing has changed,
 * because a statement that failed is rolled back completely. */
static authp_err_t attempt(authp_sql_conn_t *conn, authp_sql_label_t label, const void **values,
                           authp_sql_rows_t *rows, bool *again)
{
    authp_sql_t *sql = conn->sql;
    authp_err_t err = authp_sql_conn_open(conn, true);
    *again = err != AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    int rc = apr_dbd_pbselect(sql->driver, rows->pool, conn->handle, &rows->results,
                              conn->prepared[label], 1, values);
    if (rc == 0) {
        return AUTHP_OK;
    }
    const char *text = apr_dbd_error(sql->driver, conn->handle, rc);
    authp_sql_fault_t fault = sql->dialect->classify(rc, text);
    if (fault == AUTHP_SQL_WRONG) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0206", "store: statement %d failed with %d: %s",
                  (int)label, rc, text);
        authp_sql_conn_close(conn);
        return AUTHP_E_INTERNAL;
    }
    authp_log(AUTHP_LOG_WARNING, "AUTHP0207", "store: statement %d: %s", (int)label, text);
    authp_sql_conn_close(conn);
    *again = true;
    return AUTHP_E_UNAVAILABLE;
}

static authp_err_t run_locked(authp_sql_conn_t *conn, authp_sql_label_t label, const void **values,
                              authp_sql_rows_t *rows, bool *again)
{
    const authp_sql_dialect_t *dialect = conn->sql->dialect;
    bool queue = authp_sql_statements[label].writes && dialect->write_lock != NULL;
    *again = false;
    if (queue) {
        authp_err_t err = dialect->write_lock(conn->sql->lock, conn->sql->config.timeout_ms);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    authp_err_t err = attempt(conn, label, values, rows, again);
    if (queue) {
        dialect->write_unlock(conn->sql->lock);
    }
    return err;
}

authp_err_t authp_sql_run(authp_sql_t *sql, authp_sql_label_t label, const void **values,
                          authp_sql_read_fn *read, void *ctx)
{
    authp_sql_conn_t *conn = NULL;
    bool again = false;
    authp_err_t err = ensure_ready(sql);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_sql_conn_acquire(sql, &conn);
    if (err != AUTHP_OK) {
        return err;
    }
    /* The driver keeps results in the pool that it is given. Each run has a pool of its own, so
     * that connections do not grow. */
    authp_sql_rows_t rows = {.driver = sql->driver};
    apr_pool_create_unmanaged_ex(&rows.pool, NULL, NULL);
    err = run_locked(conn, label, values, &rows, &again);
    if (again) {
        rows.results = NULL;
        err = run_locked(conn, label, values, &rows, &again);
    }
    if (err == AUTHP_OK) {
        err = read(&rows, ctx);
    }
    apr_pool_destroy(rows.pool);
    authp_sql_conn_release(conn);
    return err;
}

authp_err_t authp_sql_ping(void *self, apr_pool_t *pool)
{
    int rows = 0;
    const void *values[] = {NULL};
    (void)pool;
    return authp_sql_run(self, AUTHP_SQL_PING, values, authp_sql_count_rows, &rows);
}

authp_err_t authp_sql_change_one(authp_sql_t *sql, authp_sql_label_t label, const void **values,
                                 authp_err_t otherwise)
{
    int rows = 0;
    authp_err_t err = authp_sql_run(sql, label, values, authp_sql_count_rows, &rows);
    if (err != AUTHP_OK) {
        return err;
    }
    return rows == 1 ? AUTHP_OK : otherwise;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/sql/sql_impl.h"
#include "store/sql/sql_rows.h"

#include <apr_strings.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define MIGRATIONS_TABLE                                                                           \
    "CREATE TABLE IF NOT EXISTS schema_migrations (step BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)"

/* FNV-1a. It only has to notice that a step was edited. */
static const char *checksum_of(const char *text, apr_pool_t *pool)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)hash);
}

/* *made gets the number of steps in the database. AUTHP_E_INTERNAL: they are not the steps of this
 * version. */
static authp_err_t read_made(authp_sql_conn_t *conn, int *made, apr_pool_t *pool)
{
    const authp_sql_dialect_t *dialect = conn->sql->dialect;
    authp_sql_rows_t rows = {.driver = conn->sql->driver, .pool = pool};
    int rc = apr_dbd_select(rows.driver, pool, conn->handle, &rows.results,
                            "SELECT step, checksum FROM schema_migrations ORDER BY step", 1);
    if (rc != 0) {
        return AUTHP_E_UNAVAILABLE;
    }
    int count = 0;
    while (authp_sql_rows_next(&rows)) {
        int64_t step = authp_sql_rows_int(&rows, 0);
        const char *checksum = authp_sql_rows_text(&rows, 1, pool);
        if (step > dialect->nmigrations) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0208",
                      "store: the database is of a newer version (step %" PRId64 ", this is %d)",
                      step, dialect->nmigrations);
            return AUTHP_E_INTERNAL;
        }
        if (step != count + 1 || checksum == NULL ||
            strcmp(checksum, checksum_of(dialect->migrations[step - 1].sql, pool)) != 0) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0209",
                      "store: schema step %" PRId64
                      " in the database is not the one of this version",
                      step);
            return AUTHP_E_INTERNAL;
        }
        count++;
    }
    *made = count;
    return AUTHP_OK;
}

/* Makes one step and its mark in one transaction, so that both are made or neither. The values are
 * constants of this program. */
static authp_err_t make_step(authp_sql_conn_t *conn, int step, apr_pool_t *pool)
{
    const authp_sql_dialect_t *dialect = conn->sql->dialect;
    const authp_sql_migration_t *migration = &dialect->migrations[step];
    const char *mark = apr_psprintf(
        pool, "INSERT INTO schema_migrations (step, name, checksum) VALUES (%d, '%s', '%s')",
        step + 1, migration->name, checksum_of(migration->sql, pool));
    const char *texts[] = {conn->sql->begin, migration->sql, mark, "COMMIT"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int rc = authp_sql_conn_exec(conn, texts[i]);
        if (rc != 0) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0210", "store: schema step %s failed: %s",
                      migration->name, apr_dbd_error(conn->sql->driver, conn->handle, rc));
            (void)authp_sql_conn_exec(conn, "ROLLBACK");
            return AUTHP_E_UNAVAILABLE;
        }
    }
    return AUTHP_OK;
}

static authp_err_t migrate_on(authp_sql_conn_t *conn, int *applied, apr_pool_t *pool)
{
    int made = 0;
    if (authp_sql_conn_exec(conn, MIGRATIONS_TABLE) != 0) {
        return AUTHP_E_UNAVAILABLE;
    }
    authp_err_t err = read_made(conn, &made, pool);
    int steps = 0;
    for (int step = made; err == AUTHP_OK && step < conn->sql->dialect->nmigrations; step++) {
        err = make_step(conn, step, pool);
        steps++;
    }
    if (err == AUTHP_OK) {
        *applied = steps;
    }
    return err;
}

authp_err_t authp_sql_migrate_run(authp_sql_t *sql, int *applied)
{
    const authp_sql_dialect_t *dialect = sql->dialect;
    apr_pool_t *pool = NULL;
    if (dialect->write_lock != NULL) {
        authp_err_t err = dialect->write_lock(sql->lock, sql->config.timeout_ms);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    authp_sql_conn_t *conn = authp_sql_conn_single(sql, pool);
    authp_err_t err = authp_sql_conn_open(conn);
    if (err == AUTHP_OK) {
        err = migrate_on(conn, applied, pool);
    }
    authp_sql_conn_close(conn);
    apr_pool_destroy(pool);
    if (dialect->write_lock != NULL) {
        dialect->write_unlock(sql->lock);
    }
    return err;
}

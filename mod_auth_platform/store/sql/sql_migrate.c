/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/sql/sql_expand.h"
#include "store/sql/sql_impl.h"
#include "store/sql/sql_rows.h"

#include <apr_strings.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define MIGRATIONS_TABLE                                                                           \
    "CREATE TABLE {table:schema_migrations} (step BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)"

/* One call of migrate(). */
typedef struct change_t {
    authp_sql_conn_t *conn;
    const authp_store_goal_t *goal;
    int to;     /* the number of steps that is wanted */
    int made;   /* the number that is there */
    bool table; /* schema_migrations exists */
    apr_pool_t *pool;
} change_t;

/* FNV-1a. */
const char *authp_sql_migrate_checksum(const char *text, apr_pool_t *pool)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return apr_psprintf(pool, "%016" APR_UINT64_T_HEX_FMT, (apr_uint64_t)hash);
}

/* The text with the names of tables as the database gets them. */
static const char *expanded(const change_t *change, const char *text)
{
    const authp_sql_t *sql = change->conn->sql;
    const authp_sql_statement_t statement = {.text = text};
    return authp_sql_expand(sql->dialect, sql->schema, &statement, change->pool);
}

/* Runs one SELECT on the connection. */
static bool ask(const change_t *change, const char *text, authp_sql_rows_t *rows)
{
    *rows = (authp_sql_rows_t){.driver = change->conn->sql->driver, .pool = change->pool};
    int rc = apr_dbd_select(rows->driver, rows->pool, change->conn->handle, &rows->results,
                            expanded(change, text), 1);
    if (rc != 0) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0214", "store: the schema cannot be read: %s",
                  authp_sql_conn_error(change->conn, rc, change->pool));
    }
    return rc == 0;
}

/* Runs a text that changes something. `what` is for the log. */
static authp_err_t execute(const change_t *change, const char *what, const char *text)
{
    int rc = authp_sql_conn_exec(change->conn, expanded(change, text));
    if (rc != 0) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0210", "store: schema step %s failed: %s", what,
                  authp_sql_conn_error(change->conn, rc, change->pool));
        return AUTHP_E_UNAVAILABLE;
    }
    return AUTHP_OK;
}

/* Reads which steps have been made. AUTHP_E_INTERNAL: they are not the steps of this version. */
static authp_err_t read_made(change_t *change)
{
    const authp_sql_dialect_t *dialect = change->conn->sql->dialect;
    authp_sql_rows_t rows;
    change->made = 0;
    if (!ask(change, dialect->has_migrations(&change->conn->sql->config, change->pool), &rows)) {
        return AUTHP_E_UNAVAILABLE;
    }
    change->table = authp_sql_rows_next(&rows);
    if (!change->table) {
        return AUTHP_OK;
    }
    if (!ask(change, "SELECT step, checksum FROM {table:schema_migrations} ORDER BY step", &rows)) {
        return AUTHP_E_UNAVAILABLE;
    }
    while (authp_sql_rows_next(&rows)) {
        int64_t step = authp_sql_rows_int(&rows, 0);
        const char *checksum = authp_sql_rows_text(&rows, 1, change->pool);
        if (step > dialect->nmigrations) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0208",
                      "store: the database is of a newer version (step %" PRId64 ", this is %d)",
                      step, dialect->nmigrations);
            return AUTHP_E_INTERNAL;
        }
        if (step != change->made + 1 || checksum == NULL ||
            strcmp(checksum, authp_sql_migrate_checksum(dialect->migrations[step - 1].sql,
                                                        change->pool)) != 0) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0209",
                      "store: schema step %" PRId64
                      " in the database is not the one of this version",
                      step);
            return AUTHP_E_INTERNAL;
        }
        change->made++;
    }
    return AUTHP_OK;
}

/* True if the goal is reached. With zero steps the table schema_migrations must be gone, too. */
static bool is_done(const change_t *change)
{
    return change->made == change->to && (change->to > 0 || !change->table);
}

/* Makes one step and its mark. The values are constants of this program. */
static authp_err_t make_step(const change_t *change, int step)
{
    const authp_sql_migration_t *migration = &change->conn->sql->dialect->migrations[step - 1];
    const char *mark = apr_psprintf(
        change->pool,
        "INSERT INTO {table:schema_migrations} (step, name, checksum) VALUES (%d, '%s', '%s')",
        step, migration->name, authp_sql_migrate_checksum(migration->sql, change->pool));
    authp_err_t err = execute(change, migration->name, migration->sql);
    return err == AUTHP_OK ? execute(change, migration->name, mark) : err;
}

static authp_err_t undo_step(const change_t *change, int step)
{
    const authp_sql_migration_t *migration = &change->conn->sql->dialect->migrations[step - 1];
    const char *mark =
        apr_psprintf(change->pool, "DELETE FROM {table:schema_migrations} WHERE step = %d", step);
    authp_err_t err = execute(change, migration->name, migration->down);
    return err == AUTHP_OK ? execute(change, migration->name, mark) : err;
}

static authp_err_t move(const change_t *change)
{
    authp_err_t err = AUTHP_OK;
    if (!change->table && change->to > 0) {
        err = execute(change, "zero", MIGRATIONS_TABLE);
    }
    for (int step = change->made + 1; err == AUTHP_OK && step <= change->to; step++) {
        err = make_step(change, step);
    }
    for (int step = change->made; err == AUTHP_OK && step > change->to; step--) {
        err = undo_step(change, step);
    }
    if (err == AUTHP_OK && change->table && change->to == 0) {
        err = execute(change, "zero", "DROP TABLE {table:schema_migrations}");
    }
    return err;
}

/* AUTHP_E_CONFLICT: steps that are to be undone hold data. *refusal names all of them. */
static authp_err_t check_held(const change_t *change, const char **refusal)
{
    const char *text = "";
    for (int step = change->made; step > change->to; step--) {
        const authp_sql_migration_t *migration = &change->conn->sql->dialect->migrations[step - 1];
        authp_sql_rows_t rows;
        if (migration->holds == NULL) {
            continue;
        }
        if (!ask(change, migration->holds, &rows)) {
            return AUTHP_E_UNAVAILABLE;
        }
        for (int i = 0; authp_sql_rows_next(&rows); i++) {
            const char *what = authp_sql_rows_text(&rows, 0, change->pool);
            text = i > 0 ? apr_pstrcat(change->pool, text, ", ", what, NULL)
                         : apr_psprintf(change->pool, "%s%sstep %d (%s) holds %s", text,
                                        *text != '\0' ? "; " : "", step, migration->name, what);
        }
    }
    if (*text != '\0') {
        *refusal = text;
        return AUTHP_E_CONFLICT;
    }
    return AUTHP_OK;
}

/* Begins the transaction of a change, and waits until no other process changes the schema. */
static authp_err_t begin(const change_t *change)
{
    const authp_sql_t *sql = change->conn->sql;
    authp_err_t err = execute(change, "begin", sql->begin);
    return err == AUTHP_OK && sql->dialect->migrate_lock != NULL
               ? execute(change, "lock", sql->dialect->migrate_lock(&sql->config, change->pool))
               : err;
}

/* All steps are made or undone in one transaction, so that all are or none. The schema is read
 * again in it, because another process may have changed it since the first look. Only the steps may
 * take long. */
static authp_err_t change_schema(change_t *change, authp_store_migrated_t *out)
{
    const char *undo_lock = change->conn->sql->dialect->undo_lock;
    authp_sql_conn_guard(change->conn, change->conn->sql->config.timeout_ms);
    authp_err_t err = begin(change);
    if (err == AUTHP_OK) {
        err = read_made(change);
    }
    if (err == AUTHP_OK && change->to < change->made && undo_lock != NULL) {
        err = execute(change, "lock of the tables", undo_lock);
    }
    if (err == AUTHP_OK && !change->goal->force) {
        err = check_held(change, &out->refusal);
    }
    authp_sql_conn_unguard(change->conn);
    if (err == AUTHP_OK) {
        err = move(change);
    }
    if (err == AUTHP_OK) {
        err = execute(change, "commit", "COMMIT");
    }
    if (err != AUTHP_OK) {
        (void)authp_sql_conn_exec(change->conn, "ROLLBACK");
        return err;
    }
    out->made = change->to > change->made ? change->to - change->made : 0;
    out->undone = change->made > change->to ? change->made - change->to : 0;
    return AUTHP_OK;
}

/* The first look. It changes nothing and waits for no other process. */
static authp_err_t look(change_t *change)
{
    bool wraps = change->conn->sql->wraps;
    authp_sql_conn_guard(change->conn, change->conn->sql->config.timeout_ms);
    authp_err_t err = wraps ? execute(change, "begin", change->conn->sql->begin) : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = read_made(change);
    }
    if (wraps) {
        (void)authp_sql_conn_exec(change->conn, "ROLLBACK");
    }
    authp_sql_conn_unguard(change->conn);
    return err;
}

static authp_err_t migrate_on(change_t *change, authp_store_migrated_t *out)
{
    authp_err_t err = authp_sql_conn_open(change->conn);
    if (err != AUTHP_OK) {
        return err;
    }
    err = look(change);
    /* Another process may have dropped schema_migrations after this process saw it. Then the
     * schema is read again under the lock. */
    bool unsure = err == AUTHP_E_UNAVAILABLE && change->table;
    if (err != AUTHP_OK && !unsure) {
        return err;
    }
    return unsure || !is_done(change) ? change_schema(change, out) : AUTHP_OK;
}

authp_err_t authp_sql_migrate_run(authp_sql_t *sql, const authp_store_goal_t *goal,
                                  authp_store_migrated_t *out, apr_pool_t *pool)
{
    const authp_sql_dialect_t *dialect = sql->dialect;
    bool newest = goal->steps == AUTHP_STORE_NEWEST;
    change_t change = {.goal = goal, .to = newest ? dialect->nmigrations : goal->steps};
    if (dialect->write_lock != NULL) {
        authp_err_t err = dialect->write_lock(sql->lock, sql->config.timeout_ms);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    apr_pool_create_unmanaged_ex(&change.pool, NULL, NULL);
    change.conn = authp_sql_conn_single(sql, change.pool);
    authp_err_t err = migrate_on(&change, out);
    if (err == AUTHP_E_CONFLICT) {
        out->refusal = apr_pstrdup(pool, out->refusal);
    }
    authp_sql_conn_close(change.conn);
    apr_pool_destroy(change.pool);
    if (dialect->write_lock != NULL) {
        dialect->write_unlock(sql->lock);
    }
    return err;
}

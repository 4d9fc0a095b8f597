/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql.h"
#include "base/log.h"
#include "store/sql/sql_expand.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <string.h>

/* The statements of a run get at least 1 / LEAST_SHARE of its time, however long opening the
 * connection took. */
#define LEAST_SHARE 4

static authp_ms_t ticks(void)
{
    return authp_clock_now(authp_clock_monotonic());
}

authp_err_t authp_sql_open(const authp_sql_dialect_t *dialect, const authp_store_config_t *config,
                           apr_pool_t *pool, authp_sql_t **out)
{
    authp_sql_t *sql = apr_pcalloc(pool, sizeof(*sql));
    sql->dialect = dialect;
    sql->config = *config;
    sql->config.file = config->file != NULL ? apr_pstrdup(pool, config->file) : NULL;
    sql->config.uri = config->uri != NULL ? apr_pstrdup(pool, config->uri) : NULL;
    sql->config.database = config->database != NULL ? apr_pstrdup(pool, config->database) : NULL;
    sql->config.schema = config->schema != NULL ? apr_pstrdup(pool, config->schema) : NULL;
    sql->schema = dialect->has_schemas ? sql->config.schema : NULL;
    sql->pool = pool;
    sql->begin = dialect->begin(&sql->config, pool);
    sql->wraps = dialect->wraps != NULL && dialect->wraps(&sql->config);
    sql->names_prepared = dialect->names_prepared != NULL && dialect->names_prepared(&sql->config);
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
    if (err == AUTHP_OK && dialect->link.guard_open != NULL) {
        err = dialect->link.guard_open(&sql->guard, pool);
    }
    if (err == AUTHP_OK) {
        *out = sql;
    }
    return err;
}

/* Tells the breaker whether a connection could be opened, and was not lost. Other failures do not
 * count: with a full disk, for example, only writing fails. */
static void report(authp_sql_t *sql, bool answered)
{
    if (authp_breaker_report(&sql->breaker, answered, answered ? 0 : ticks()) && answered) {
        authp_log(AUTHP_LOG_NOTICE, "AUTHP0212", "store: the database answers again");
    }
}

/* A refusal changes nothing, and the database has answered. */
static authp_err_t get_ready(authp_sql_t *sql, const authp_store_goal_t *goal,
                             authp_store_migrated_t *out, apr_pool_t *pool)
{
    apr_pool_t *scratch = NULL;
    authp_err_t err = AUTHP_OK;
    apr_pool_create(&scratch, NULL);
    if (sql->dialect->before_open != NULL) {
        err = sql->dialect->before_open(&sql->config, scratch);
    }
    if (err == AUTHP_OK && sql->lock == NULL && sql->dialect->lock_open != NULL) {
        err = sql->dialect->lock_open(&sql->config, &sql->lock, sql->pool);
    }
    if (err == AUTHP_OK) {
        err = authp_sql_migrate_run(sql, goal, out, pool);
    }
    apr_pool_destroy(scratch);
    if (err != AUTHP_E_CONFLICT) {
        atomic_store(&sql->ready, err == AUTHP_OK && goal->steps == AUTHP_STORE_NEWEST);
    }
    atomic_fetch_add(&sql->tries, 1);
    report(sql, err == AUTHP_OK || err == AUTHP_E_CONFLICT);
    return err;
}

/* The schema is brought up to date before the first connection is used, once for each process. The
 * queue of writers orders processes. A thread that waited while another one tried shares its
 * outcome: otherwise the waits of many threads would add up. */
static authp_err_t ensure_ready(authp_sql_t *sql)
{
    static const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    authp_err_t err = AUTHP_OK;
    authp_store_migrated_t done;
    unsigned int seen = atomic_load(&sql->tries);
    if (atomic_load(&sql->ready)) {
        return AUTHP_OK;
    }
    apr_thread_mutex_lock(sql->mutex);
    if (!atomic_load(&sql->ready)) {
        err = atomic_load(&sql->tries) == seen ? get_ready(sql, &newest, &done, sql->pool)
                                               : AUTHP_E_UNAVAILABLE;
    }
    apr_thread_mutex_unlock(sql->mutex);
    return err == AUTHP_OK ? AUTHP_OK : AUTHP_E_UNAVAILABLE;
}

/* Asked for by an operator: the breaker is not asked. */
authp_err_t authp_sql_upgrade(void *self, const authp_store_goal_t *goal,
                              authp_store_migrated_t *out, apr_pool_t *pool)
{
    authp_sql_t *sql = self;
    if (goal->steps > sql->dialect->nmigrations) {
        out->refusal = apr_psprintf(pool, "this version has %d steps", sql->dialect->nmigrations);
        return AUTHP_E_MALFORMED;
    }
    apr_thread_mutex_lock(sql->mutex);
    authp_err_t err = get_ready(sql, goal, out, pool);
    apr_thread_mutex_unlock(sql->mutex);
    return err;
}

void authp_sql_maintain(void *self)
{
    authp_sql_t *sql = self;
    (void)apr_reslist_maintain(sql->connections);
}

/* Whether the database could be reached. */
typedef enum reach_t { REACH_UNTRIED, REACH_YES, REACH_NO } reach_t;

/* One statement, or several as one transaction, and how the last try went. */
typedef struct run_t {
    const authp_sql_step_t *steps;
    int count;
    bool reads;                      /* a statement that changes nothing */
    authp_err_t otherwise;           /* if a step of several did not change what it must */
    const authp_sql_group_t *groups; /* instead of steps, and `done` for each of them */
    bool *done;
    authp_sql_rows_t rows; /* of the last statement */
    authp_ms_t until;      /* by ticks(): when all of it must be done */
    bool again;            /* worth another try on a new connection */
    reach_t reached;
} run_t;

static bool is_ending(const authp_sql_t *sql)
{
    return sql->config.ending != NULL && atomic_load(sql->config.ending);
}

/* A statement that failed has changed nothing, because the database rolled it back, unless the
 * connection was lost. A transaction ends with its connection. */
static authp_err_t failed(authp_sql_conn_t *conn, run_t *run, const char *name, int rc)
{
    const authp_sql_dialect_t *dialect = conn->sql->dialect;
    const char *text = apr_dbd_error(conn->sql->driver, conn->handle, rc);
    authp_sql_fault_t fault = dialect->classify(rc, text);
    if (fault == AUTHP_SQL_NO_ROW && run->steps == NULL) {
        fault = AUTHP_SQL_WRONG; /* the groups before it are rolled back, too */
    }
    const char *line = authp_sql_conn_error(conn, rc, run->rows.pool);
    const char *advice = dialect->advice != NULL ? dialect->advice(text) : "";
    if (fault == AUTHP_SQL_LOST) {
        run->reached = REACH_NO;
    }
    run->again = fault == AUTHP_SQL_BROKEN ||
                 (fault == AUTHP_SQL_LOCKED && !is_ending(conn->sql)) ||
                 ((fault == AUTHP_SQL_UNSURE || fault == AUTHP_SQL_LOST) && run->reads);
    if (fault == AUTHP_SQL_WRONG) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0206", "store: statement %s failed with %d: %s", name, rc,
                  line);
    } else if (fault != AUTHP_SQL_TAKEN && fault != AUTHP_SQL_NO_ROW) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0207", "store: statement %s: %s%s", name, line, advice);
    }
    authp_sql_conn_close(conn);
    switch (fault) {
    case AUTHP_SQL_WRONG:
        return AUTHP_E_INTERNAL;
    case AUTHP_SQL_TAKEN:
        return AUTHP_E_CONFLICT;
    case AUTHP_SQL_NO_ROW:
        return run->count > 1 ? run->otherwise : AUTHP_OK;
    default:
        return AUTHP_E_UNAVAILABLE;
    }
}

/* A connection that cannot roll back is closed, which rolls back, too. */
static authp_err_t roll_back(authp_sql_conn_t *conn, const run_t *run)
{
    if (authp_sql_conn_exec(conn, "ROLLBACK") != 0) {
        authp_sql_conn_close(conn);
    }
    return run->otherwise;
}

/* The rows of a step that is alone are the caller's. Those of several are only counted. */
static bool changed_what_it_must(run_t *run, const authp_sql_step_t *step)
{
    int rows = 0;
    if (run->count == 1) {
        return true;
    }
    while (authp_sql_rows_next(&run->rows)) {
        rows++;
    }
    return rows == 1 || step->any;
}

/* Ends the transaction. If COMMIT fails, it is unknown whether the server has done it, so a run
 * that writes is not tried again. */
static authp_err_t commit(authp_sql_conn_t *conn, run_t *run)
{
    int rc = authp_sql_conn_exec(conn, "COMMIT");
    if (rc != 0) {
        authp_err_t err = failed(conn, run, "commit", rc);
        run->again = run->again && run->reads;
        return err;
    }
    return AUTHP_OK;
}

static authp_err_t run_together(authp_sql_conn_t *conn, run_t *run)
{
    const char *name = "begin";
    int rc = authp_sql_conn_exec(conn, conn->sql->begin);
    if (rc == 0 && run->steps == NULL) {
        rc = authp_sql_groups_run(conn, run->groups, run->count, run->done, &name);
    }
    if (rc != 0) {
        return failed(conn, run, name, rc);
    }
    if (run->steps == NULL) {
        return commit(conn, run);
    }
    for (int i = 0; i < run->count; i++) {
        rc = authp_sql_conn_run(conn, run->steps[i].statement, run->steps[i].values, &run->rows);
        if (rc != 0) {
            return failed(conn, run, run->steps[i].statement->name, rc);
        }
        if (!changed_what_it_must(run, &run->steps[i])) {
            return roll_back(conn, run);
        }
    }
    return commit(conn, run);
}

/* Returns the milliseconds that the statements of this run may take. Waiting for a connection
 * and opening it count, but the statements always keep a part (LEAST_SHARE). Otherwise nothing
 * could be done while one of several hosts does not answer. */
static int time_left(const authp_sql_t *sql, const run_t *run)
{
    authp_ms_t least = sql->config.timeout_ms / LEAST_SHARE;
    authp_ms_t left = run->until - ticks();
    return (int)(left > least ? left : least);
}

static authp_err_t attempt(authp_sql_conn_t *conn, run_t *run)
{
    authp_err_t err = authp_sql_conn_open(conn);
    run->again = err != AUTHP_OK;
    run->reached = err == AUTHP_OK ? REACH_YES : REACH_NO;
    if (err != AUTHP_OK) {
        return err;
    }
    authp_sql_conn_guard(conn, time_left(conn->sql, run));
    if (run->count > 1 || run->steps == NULL || conn->sql->wraps) {
        err = run_together(conn, run);
    } else {
        int rc = authp_sql_conn_run(conn, run->steps->statement, run->steps->values, &run->rows);
        err = rc == 0 ? AUTHP_OK : failed(conn, run, run->steps->statement->name, rc);
    }
    authp_sql_conn_unguard(conn);
    return err;
}

static bool writes(const authp_sql_dialect_t *dialect, const authp_sql_statement_t *statement)
{
    static const char read[] = "SELECT ";
    return strncmp(authp_sql_expand_pick(dialect, statement), read, sizeof(read) - 1) != 0;
}

/* Each try waits in the queue of writers anew, so that nobody waits while this one reopens. */
static authp_err_t attempt_in_turn(authp_sql_conn_t *conn, run_t *run)
{
    const authp_sql_dialect_t *dialect = conn->sql->dialect;
    run->reads = run->count == 1 && run->steps != NULL && !writes(dialect, run->steps->statement);
    bool queue = dialect->write_lock != NULL && !run->reads;
    run->again = false;
    if (queue) {
        authp_err_t err = dialect->write_lock(conn->sql->lock, conn->sql->config.timeout_ms);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    authp_err_t err = attempt(conn, run);
    if (queue) {
        dialect->write_unlock(conn->sql->lock);
    }
    return err;
}

/* `read` is called if the run succeeded; NULL = the rows do not matter. */
static authp_err_t run_on_connection(authp_sql_t *sql, run_t *run, authp_sql_read_fn *read,
                                     void *ctx)
{
    authp_sql_conn_t *conn = NULL;
    run->rows.driver = sql->driver;
    run->until = ticks() + sql->config.timeout_ms;
    if (!authp_breaker_allows(&sql->breaker, ticks())) {
        return AUTHP_E_UNAVAILABLE;
    }
    authp_err_t err = ensure_ready(sql);
    if (err == AUTHP_OK) {
        err = authp_sql_conn_acquire(sql, &conn);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    /* The driver keeps results in the pool that it is given. The connection has one that is cleared
     * after each run: with a new pool for each run, its memory would come from the system each
     * time, which costs more than the rest of a short run. */
    run->rows.pool = conn->scratch;
    err = attempt_in_turn(conn, run);
    if (run->again && ticks() < run->until) {
        err = attempt_in_turn(conn, run);
    }
    if (run->reached != REACH_UNTRIED) {
        report(sql, run->reached == REACH_YES);
    }
    if (err == AUTHP_OK && read != NULL) {
        err = read(&run->rows, ctx);
    }
    apr_pool_clear(conn->scratch);
    authp_sql_conn_release(conn);
    return err;
}

authp_err_t authp_sql_run(authp_sql_t *sql, const authp_sql_statement_t *statement,
                          const void **values, authp_sql_read_fn *read, void *ctx)
{
    const authp_sql_step_t step = {.statement = statement, .values = values};
    run_t run = {.steps = &step, .count = 1};
    return run_on_connection(sql, &run, read, ctx);
}

authp_err_t authp_sql_change_together(authp_sql_t *sql, const authp_sql_step_t *steps, int count,
                                      authp_err_t otherwise)
{
    if (count == 1) {
        return authp_sql_change_one(sql, steps->statement, steps->values, otherwise);
    }
    run_t run = {.steps = steps, .count = count, .otherwise = otherwise};
    return run_on_connection(sql, &run, NULL, NULL);
}

authp_err_t authp_sql_change_groups(authp_sql_t *sql, const authp_sql_group_t *groups, int count,
                                    bool *done)
{
    run_t run = {.count = count, .groups = groups, .done = done};
    return run_on_connection(sql, &run, NULL, NULL);
}

authp_err_t authp_sql_change_all(authp_sql_t *sql, const authp_sql_statement_t *statement,
                                 const void **values, int *count)
{
    int rows = 0;
    authp_err_t err = authp_sql_run(sql, statement, values, authp_sql_rows_count, &rows);
    if (err == AUTHP_OK) {
        *count = rows;
    }
    return err;
}

authp_err_t authp_sql_change_one(authp_sql_t *sql, const authp_sql_statement_t *statement,
                                 const void **values, authp_err_t otherwise)
{
    int rows = 0;
    authp_err_t err = authp_sql_change_all(sql, statement, values, &rows);
    return err == AUTHP_OK && rows != 1 ? otherwise : err;
}

const apr_int64_t *authp_sql_bool(bool value)
{
    static const apr_int64_t values[] = {0, 1};
    return &values[value ? 1 : 0];
}

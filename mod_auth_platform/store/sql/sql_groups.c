/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql_groups.h"
#include "store/sql/sql_impl.h"
#include "store/sql/sql_rows.h"

/* Runs one step. *fine: it changed what it must. */
static int run_step(authp_sql_conn_t *conn, const authp_sql_step_t *step, bool *fine,
                    apr_pool_t *pool)
{
    int changed = 0;
    authp_sql_rows_t rows = {.pool = pool};
    int rc = authp_sql_conn_run(conn, step->statement, step->values, &rows);
    if (rc == 0) {
        (void)authp_sql_rows_count(&rows, &changed);
        *fine = changed == 1 || step->any;
    }
    return rc;
}

static int run_steps(authp_sql_conn_t *conn, const authp_sql_group_t *group, bool *done,
                     const char **failed, apr_pool_t *pool)
{
    bool fine = true;
    for (int i = 0; fine && i < group->count; i++) {
        int rc = run_step(conn, &group->steps[i], &fine, pool);
        if (rc != 0) {
            *failed = group->steps[i].statement->name;
            return rc;
        }
    }
    *done = fine;
    return 0;
}

static int run_guard(authp_sql_conn_t *conn, const char *text, const char **failed)
{
    int rc = authp_sql_conn_exec(conn, text);
    if (rc != 0) {
        *failed = text;
    }
    return rc;
}

/* Runs one group. A group of one statement is done or not without further help. A group of
 * several needs a savepoint. */
static int run_group(authp_sql_conn_t *conn, const authp_sql_group_t *group, bool *done,
                     const char **failed, apr_pool_t *pool)
{
    if (group->count == 1) {
        return run_steps(conn, group, done, failed, pool);
    }
    int rc = run_guard(conn, "SAVEPOINT one_group", failed);
    if (rc == 0) {
        rc = run_steps(conn, group, done, failed, pool);
    }
    if (rc == 0 && !*done) {
        rc = run_guard(conn, "ROLLBACK TO SAVEPOINT one_group", failed);
    }
    return rc == 0 ? run_guard(conn, "RELEASE SAVEPOINT one_group", failed) : rc;
}

int authp_sql_groups_run(authp_sql_conn_t *conn, const authp_sql_group_t *groups, int count,
                         bool *done, const char **failed)
{
    int rc = 0;
    apr_pool_t *scratch = NULL;
    apr_pool_create_unmanaged_ex(&scratch, NULL, NULL);
    for (int i = 0; rc == 0 && i < count; i++) {
        rc = run_group(conn, &groups[i], &done[i], failed, scratch);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return rc;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql.h"

static authp_err_t read_failures(authp_sql_rows_t *rows, void *ctx)
{
    authp_failures_t *out = ctx;
    if (!authp_sql_rows_next(rows)) {
        return AUTHP_E_NOT_FOUND;
    }
    out->count = authp_sql_rows_int(rows, 0);
    out->last_at = authp_sql_rows_int(rows, 1);
    return AUTHP_OK;
}

authp_err_t authp_sql_failure_get(void *self, const char *key, authp_ms_t now,
                                  authp_failures_t *out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "failure_get",
        .text =
            "SELECT failures, {time:last_at} FROM {table:login_failures} WHERE id = {?text} AND "
            "expires_at > {?time}"};
    const void *values[] = {key, &now};
    (void)pool;
    return authp_sql_run(self, &statement, values, read_failures, out);
}

authp_err_t authp_sql_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                                  apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "failure_add",
        .text = "INSERT INTO {table:login_failures} (id, failures, last_at, expires_at) "
                "VALUES ({?text}, 1, {?time}, {?time}) ON CONFLICT (id) DO UPDATE SET "
                "failures = CASE WHEN login_failures.last_at < {?time} THEN 1 "
                "ELSE login_failures.failures + 1 END, last_at = excluded.last_at, "
                "expires_at = excluded.expires_at RETURNING failures"};
    const void *values[] = {what->key, &what->at, &what->expires_at, &what->forget_before};
    (void)pool;
    return authp_sql_run(self, &statement, values, authp_sql_rows_number, count);
}

authp_err_t authp_sql_failure_clear(void *self, const char *key, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "failure_clear",
        .text = "DELETE FROM {table:login_failures} WHERE id = {?text} RETURNING id"};
    int rows = 0;
    const void *values[] = {key};
    (void)pool;
    return authp_sql_change_all(self, &statement, values, &rows);
}

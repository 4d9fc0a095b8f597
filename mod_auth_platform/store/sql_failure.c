/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

static authp_err_t read_failures(authp_sql_rows_t *rows, void *ctx)
{
    authp_failures_t *out = ctx;
    if (!authp_sql_next(rows)) {
        return AUTHP_E_NOT_FOUND;
    }
    out->count = authp_sql_int(rows, 0);
    out->last_at = authp_sql_int(rows, 1);
    return AUTHP_OK;
}

authp_err_t authp_sql_failure_get(void *self, const char *key, authp_ms_t now,
                                  authp_failures_t *out, apr_pool_t *pool)
{
    apr_int64_t at = now;
    const void *values[] = {key, &at};
    (void)pool;
    return authp_sql_run(self, AUTHP_SQL_FAILURE_GET, values, read_failures, out);
}

static authp_err_t read_count(authp_sql_rows_t *rows, void *ctx)
{
    if (!authp_sql_next(rows)) {
        return AUTHP_E_INTERNAL;
    }
    *(int64_t *)ctx = authp_sql_int(rows, 0);
    return AUTHP_OK;
}

authp_err_t authp_sql_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                                  apr_pool_t *pool)
{
    apr_int64_t at = what->at;
    apr_int64_t expires = what->expires_at;
    apr_int64_t forget = what->forget_before;
    const void *values[] = {what->key, &at, &expires, &forget};
    (void)pool;
    return authp_sql_run(self, AUTHP_SQL_FAILURE_ADD, values, read_count, count);
}

authp_err_t authp_sql_failure_clear(void *self, const char *key, apr_pool_t *pool)
{
    int rows = 0;
    const void *values[] = {key};
    (void)pool;
    return authp_sql_run(self, AUTHP_SQL_FAILURE_CLEAR, values, authp_sql_count_rows, &rows);
}

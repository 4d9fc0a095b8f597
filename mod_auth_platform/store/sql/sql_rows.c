/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql_rows.h"

#include <apr_strings.h>

bool authp_sql_rows_next(authp_sql_rows_t *rows)
{
    rows->at++;
    rows->row = NULL;
    return rows->results != NULL &&
           apr_dbd_get_row(rows->driver, rows->pool, rows->results, &rows->row, rows->at) == 0;
}

/* apr_dbd_get_entry() answers "" for NULL in PostgreSQL. apr_dbd_datum_get() tells them apart with
 * every driver. */
const char *authp_sql_rows_peek(const authp_sql_rows_t *rows, int column)
{
    char *text = NULL;
    return apr_dbd_datum_get(rows->driver, rows->row, column, APR_DBD_TYPE_STRING, &text) ==
                   APR_SUCCESS
               ? text
               : NULL;
}

const char *authp_sql_rows_text(const authp_sql_rows_t *rows, int column, apr_pool_t *pool)
{
    const char *text = authp_sql_rows_peek(rows, column);
    return text != NULL ? apr_pstrdup(pool, text) : NULL;
}

int64_t authp_sql_rows_int(const authp_sql_rows_t *rows, int column)
{
    apr_int64_t value = 0;
    return apr_dbd_datum_get(rows->driver, rows->row, column, APR_DBD_TYPE_LONGLONG, &value) ==
                   APR_SUCCESS
               ? value
               : 0;
}

authp_err_t authp_sql_rows_count(authp_sql_rows_t *rows, void *ctx)
{
    int *count = ctx;
    *count = 0;
    while (authp_sql_rows_next(rows)) {
        (*count)++;
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_rows_texts(authp_sql_rows_t *rows, void *ctx)
{
    authp_sql_rows_texts_t *out = ctx;
    while (authp_sql_rows_next(rows)) {
        APR_ARRAY_PUSH(out->texts, const char *) = authp_sql_rows_text(rows, 0, out->pool);
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_rows_number(authp_sql_rows_t *rows, void *ctx)
{
    if (!authp_sql_rows_next(rows)) {
        return AUTHP_E_INTERNAL;
    }
    *(int64_t *)ctx = authp_sql_rows_int(rows, 0);
    return AUTHP_OK;
}

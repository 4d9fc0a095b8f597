/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_ROWS_H
#define AUTHP_STORE_SQL_SQL_ROWS_H

#include "base/err.h"

#include <apr_dbd.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

/* The rows that a statement has returned. */
typedef struct authp_sql_rows_t {
    const apr_dbd_driver_t *driver;
    apr_dbd_results_t *results;
    apr_dbd_row_t *row; /* the row that is read now */
    apr_pool_t *pool;   /* of the results; destroyed when the reader has returned */
    int at;
} authp_sql_rows_t;

/* Reads the rows. Called while the connection is held: copies what must live on to another pool. */
typedef authp_err_t authp_sql_read_fn(authp_sql_rows_t *rows, void *ctx);

/* Steps to the next row. Returns false at the end. */
bool authp_sql_rows_next(authp_sql_rows_t *rows);

/* Returns the text in a column of the row that is read now, NULL for SQL's NULL. It lives as long
 * as the results. */
const char *authp_sql_rows_peek(const authp_sql_rows_t *rows, int column);
/* The same, copied to `pool`. */
const char *authp_sql_rows_text(const authp_sql_rows_t *rows, int column, apr_pool_t *pool);
/* Returns the integer in a column of the row that is read now, 0 for SQL's NULL. */
int64_t authp_sql_rows_int(const authp_sql_rows_t *rows, int column);

/* A reader for statements of which only the number of rows matters. `ctx` is an int *. */
authp_err_t authp_sql_rows_count(authp_sql_rows_t *rows, void *ctx);

/* Reads one row: stores the integer of its first column in `ctx`, an int64_t *. */
authp_err_t authp_sql_rows_number(authp_sql_rows_t *rows, void *ctx);

/* A reader of the texts in the first column. `ctx` is an authp_sql_rows_texts_t *. */
typedef struct authp_sql_rows_texts_t {
    apr_array_header_t *texts; /* const char * */
    apr_pool_t *pool;
} authp_sql_rows_texts_t;

authp_err_t authp_sql_rows_texts(authp_sql_rows_t *rows, void *ctx);

#endif

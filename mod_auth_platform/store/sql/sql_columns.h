/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_COLUMNS_H
#define AUTHP_STORE_SQL_SQL_COLUMNS_H

#include "store/sql/sql.h"

/* Binds and reads whole rows by their table of columns. */

/* Puts the values of `row` to bind into `values`, for {values} of a statement or, with `skip` =
 * AUTHP_COLUMN_FIXED, for {changes}: those of the columns that have none of the flags `skip`.
 * Returns how many. They point into `row` and `pool`. `values` has room for AUTHP_COLUMNS_MOST. */
int authp_sql_columns_bind(const authp_columns_t *columns, const void *row, unsigned int skip,
                           const void **values, apr_pool_t *pool);

/* Runs a statement that answers {columns}. *out: an array of pointers to its rows. AUTHP_E_INTERNAL
 * (logged): a row cannot be read. */
AUTHP_CHECKED authp_err_t authp_sql_columns_list(authp_sql_t *sql,
                                                 const authp_sql_statement_t *statement,
                                                 const void **values, apr_array_header_t **out,
                                                 apr_pool_t *pool);

/* The same, but rows that cannot be read are left out; out->seen counts them. */
AUTHP_CHECKED authp_err_t authp_sql_columns_page(authp_sql_t *sql,
                                                 const authp_sql_statement_t *statement,
                                                 const void **values, authp_rows_t *out,
                                                 apr_pool_t *pool);

/* As authp_sql_columns_list() for a statement that answers one row or none. Returns the row in
 * *out, or AUTHP_E_NOT_FOUND. */
AUTHP_CHECKED authp_err_t authp_sql_columns_one(authp_sql_t *sql,
                                                const authp_sql_statement_t *statement,
                                                const void **values, void **out, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_COLUMNS_H
#define AUTHP_STORE_MONGODB_MONGO_COLUMNS_H

#include "store/columns.h"
#include "store/mongodb/mongo_impl.h"

/* Writes and reads whole documents by their table of columns. Fields of other programs are ignored,
 * and an absent field has its default (NULL, 0, false, an empty list). */

/* Appends the fields of `row` to `out`. */
void authp_mongo_columns_put(const authp_columns_t *columns, const void *row, bson_t *out);

/* Appends what $set and $unset need to make the row `before` equal to `after`: the columns that
 * differ and those with AUTHP_COLUMN_STAMP, but none with AUTHP_COLUMN_FIXED. */
void authp_mongo_columns_change(const authp_columns_t *columns, const void *before,
                                const void *after, bson_t *set, bson_t *unset);

/* Appends to `unset` the fields that hold columns with AUTHP_COLUMN_PERSONAL. */
void authp_mongo_columns_forget(const authp_columns_t *columns, bson_t *unset);

/* What authp_mongo_columns_read() fills in. */
typedef struct authp_mongo_rows_t {
    const authp_columns_t *columns;
    apr_array_header_t *rows; /* pointers to structs */
    apr_pool_t *pool;         /* of the rows */
} authp_mongo_rows_t;

/* An authp_mongo_read_fn. `ctx` is an authp_mongo_rows_t *. AUTHP_E_INTERNAL (logged): the document
 * cannot be used. */
authp_err_t authp_mongo_columns_read(const bson_t *document, void *ctx);

/* Reads one document that matches `filter`, from the primary. AUTHP_E_NOT_FOUND */
AUTHP_CHECKED authp_err_t authp_mongo_columns_one(authp_mongo_t *m, const authp_columns_t *columns,
                                                  const bson_t *filter, void **out,
                                                  apr_pool_t *pool);

/* Reads a page by authp_mongo_run_list(). what->collection is that of `columns`. *out: an array of
 * pointers to structs. */
AUTHP_CHECKED authp_err_t authp_mongo_columns_list(authp_mongo_t *m, const authp_columns_t *columns,
                                                   const authp_mongo_find_t *what,
                                                   const char *after_id, apr_array_header_t **out,
                                                   apr_pool_t *pool);

/* Makes the document that matches `filter` equal to the row `after`; it was read as `before`. Frees
 * the filter. AUTHP_E_CONFLICT: there is none. */
AUTHP_CHECKED authp_err_t authp_mongo_columns_replace(authp_mongo_t *m,
                                                      const authp_columns_t *columns,
                                                      bson_t *filter, const void *before,
                                                      const void *after);

#endif

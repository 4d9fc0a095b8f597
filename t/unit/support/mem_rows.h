/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MEM_ROWS_H
#define AUTHP_TEST_MEM_ROWS_H

#include "store/columns.h"
#include "store/model.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Helpers for rows of the in-memory store: copies into a pool, comparisons. A NULL equals nothing,
 * also no other NULL. */
bool mem_rows_same(const char *a, const char *b);
const char *mem_rows_text(const char *text, apr_pool_t *pool);
/* Returns a copy of a row, texts included. */
void *mem_rows_copy(const authp_columns_t *columns, const void *row, apr_pool_t *pool);
/* Gives the columns of `row` that have one of `flags` their values of `old`. */
void mem_rows_keep(const authp_columns_t *columns, void *row, const void *old, unsigned int flags);
/* Makes personal columns absent. */
void mem_rows_forget(const authp_columns_t *columns, void *row);
bool mem_rows_passes(const authp_user_t *user, const authp_user_filter_t *filter);
/* Compares pointers to rows for qsort. Each row begins with its id. */
int mem_rows_by_id(const void *a, const void *b);

#endif

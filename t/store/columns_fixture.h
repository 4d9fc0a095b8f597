/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_COLUMNS_FIXTURE_H
#define AUTHP_TEST_COLUMNS_FIXTURE_H

#include "store/columns.h"

#include <apr_pools.h>

/* Fills a row by its table of columns. No two columns, and no two rows of different `serial`, have
 * the same value, except that a bool is a bit of `serial`. */
void columns_fixture_fill(const authp_columns_t *columns, void *row, int serial, apr_pool_t *pool);

/* Fails unless the columns that have one of the flags `with` (0: all) and none of `without` are the
 * same in both rows. */
void columns_fixture_same(const authp_columns_t *columns, const void *a, const void *b,
                          unsigned int with, unsigned int without);

/* Returns the names of the columns that differ, with a blank between them. */
const char *columns_fixture_changed(const authp_columns_t *columns, const void *before,
                                    const void *after, apr_pool_t *pool);

/* Return the size and the alignment of a member of that kind. */
size_t columns_fixture_size(authp_column_kind_t kind);
size_t columns_fixture_align(authp_column_kind_t kind);

#endif

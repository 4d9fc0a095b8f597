/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_TABLE_H
#define AUTHP_CLI_TABLE_H

#include <apr_pools.h>

#define AUTHP_TABLE_COLUMNS 8

/* A table for people: rows under a head. Each column is as wide as its widest cell. */
typedef struct authp_table_t authp_table_t;

/* `head` has at most AUTHP_TABLE_COLUMNS names and ends with NULL. It must live as long as the
 * table. */
authp_table_t *authp_table_make(const char *const *head, apr_pool_t *pool);
/* Adds a row with one cell for each column. NULL and "" are shown as a dash. A column that may have
 * wide characters should be the last one, because they would shift what follows. */
void authp_table_add(authp_table_t *table, const char *const *cells);
void authp_table_print(const authp_table_t *table);

#endif

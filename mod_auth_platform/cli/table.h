/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_TABLE_H
#define AUTHP_CLI_TABLE_H

#include <apr_pools.h>

#define AUTHP_TABLE_COLUMNS 8

/* Rows under a head, each column as wide as its widest cell. */
typedef struct authp_table_t authp_table_t;

/* `head`: at most AUTHP_TABLE_COLUMNS, ends with NULL; lives as long as the table. */
authp_table_t *authp_table_make(const char *const *head, apr_pool_t *pool);
/* One cell for each column; NULL and "" show as a dash. What may have wide characters goes last,
 * because they would shift what follows. */
void authp_table_add(authp_table_t *table, const char *const *cells);
void authp_table_print(const authp_table_t *table);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_EXPAND_H
#define AUTHP_STORE_SQL_SQL_EXPAND_H

#include "store/sql/sql_dialect.h"

/* Returns the text of `statement` for the dialect: its variant, or the common one. */
const char *authp_sql_expand_pick(const authp_sql_dialect_t *dialect,
                                  const authp_sql_statement_t *statement);

/* Returns that text in the form that apr_dbd prepares: every word in braces is replaced as
 * sql_dialect.h says. Tables are those of `schema`; NULL: those that the database finds without
 * one. Unknown words stay, so that the database refuses the statement. Allocated in `pool`. */
const char *authp_sql_expand(const authp_sql_dialect_t *dialect, const char *schema,
                             const authp_sql_statement_t *statement, apr_pool_t *pool);

#endif

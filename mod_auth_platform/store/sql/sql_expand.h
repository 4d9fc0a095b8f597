/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_EXPAND_H
#define AUTHP_STORE_SQL_SQL_EXPAND_H

#include "store/sql/sql_dialect.h"

/* The text of `statement` that serves the dialect: its variant, or the common one. */
const char *authp_sql_expand_pick(const authp_sql_dialect_t *dialect,
                                  const authp_sql_statement_t *statement);

/* That text with everything in braces replaced (sql_dialect.h says by what), for apr_dbd's
 * prepare. What is unknown stays as it is, so that the database refuses the statement. Allocated in
 * `pool`. */
const char *authp_sql_expand(const authp_sql_dialect_t *dialect,
                             const authp_sql_statement_t *statement, apr_pool_t *pool);

#endif

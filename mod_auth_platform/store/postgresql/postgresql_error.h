/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_ERROR_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_ERROR_H

#include "store/sql/sql_dialect.h"

/* classify() of authp_sql_dialect_t. `text` begins with a severity in some language, and the
 * SQLSTATE: "ERROR:  23505: duplicate key ...". Errors that libpq itself reports have none. */
authp_sql_fault_t authp_postgresql_error_classify(int rc, const char *text);

/* advice() of authp_sql_dialect_t. */
const char *authp_postgresql_error_advice(const char *text);

/* open_reason() of authp_sql_dialect_t. */
const char *authp_postgresql_error_open_reason(const char *text, apr_pool_t *pool);

#endif

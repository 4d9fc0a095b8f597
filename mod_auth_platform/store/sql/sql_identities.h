/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_IDENTITIES_H
#define AUTHP_STORE_SQL_SQL_IDENTITIES_H

#include "store/identities.h"
#include "store/sql/sql.h"

/* Identities of accounts. The column of users holds all of them as JSON text, so that reading an
 * account reads them, too. The table user_identities holds issuer and sub again, for their
 * uniqueness and for finding an account by them. Both are written by one transaction. */

/* The text of the column, in the pool; NULL if the list is empty. */
const char *authp_sql_identities_text(const apr_array_header_t *list, apr_pool_t *pool);
/* Reads the text of the column; NULL is an empty list. AUTHP_E_MALFORMED: it is not a text that
 * authp_sql_identities_text() makes. */
AUTHP_CHECKED authp_err_t authp_sql_identities_parse(const char *text, apr_array_header_t **out,
                                                     apr_pool_t *pool);

/* Runs `change`, which must change one row of users, and makes user_identities follow it. `before`
 * is NULL for a new account, `after` for one that goes. The table is left alone if both have the
 * same identities. AUTHP_E_CONFLICT: the account has changed, or an identity is another's. */
AUTHP_CHECKED authp_err_t authp_sql_identities_change(authp_sql_t *sql,
                                                      const authp_sql_step_t *change,
                                                      const authp_user_t *before,
                                                      const authp_user_t *after, apr_pool_t *pool);

/* Appends to `steps` (authp_sql_step_t) what gives a new account its identities. */
void authp_sql_identities_take(const authp_user_t *user, apr_array_header_t *steps);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_H
#define AUTHP_STORE_SQL_SQL_H

#include "store/sql/sql_groups.h"
#include "store/sql/sql_rows.h"

/* The SQL store. A provider is a dialect, an open() that calls authp_sql_open(), and the functions
 * below in its authp_store_ops_t. */

/* Opens a store. Contacts nothing: the first operation migrates and connects. */
AUTHP_CHECKED authp_err_t authp_sql_open(const authp_sql_dialect_t *dialect,
                                         const authp_store_config_t *config, apr_pool_t *pool,
                                         authp_sql_t **out);
/* migrate(), ping() and maintain() of authp_store_ops_t. */
authp_err_t authp_sql_upgrade(void *self, const authp_store_goal_t *goal,
                              authp_store_migrated_t *out, apr_pool_t *pool);
authp_err_t authp_sql_ping(void *self, apr_pool_t *pool);
void authp_sql_maintain(void *self);

/* The operations of store/operations.def. */
#define OPERATION(name, params, args)                                                              \
    authp_err_t authp_sql_##name(void *self, AUTHP_STORE_LIST params);
#include "store/operations.def"

/* Runs `statement` with `values` bound in order (const char * for texts, apr_int64_t * for all
 * others; NULL is SQL's NULL) and calls `read` for its rows. Takes a connection and, if the
 * statement writes, a turn in the queue of writers. Tries once more on a fresh connection if the
 * first one was broken or the database locked. */
AUTHP_CHECKED authp_err_t authp_sql_run(authp_sql_t *sql, const authp_sql_statement_t *statement,
                                        const void **values, authp_sql_read_fn *read, void *ctx);

/* Runs a statement that changes exactly one row, or none: then returns `otherwise`. */
AUTHP_CHECKED authp_err_t authp_sql_change_one(authp_sql_t *sql,
                                               const authp_sql_statement_t *statement,
                                               const void **values, authp_err_t otherwise);

/* Runs a statement that changes any number of rows. *count: how many. */
AUTHP_CHECKED authp_err_t authp_sql_change_all(authp_sql_t *sql,
                                               const authp_sql_statement_t *statement,
                                               const void **values, int *count);

/* Runs statements that write, as one transaction on one connection, and with one turn in the queue
 * of writers. If a step changes another number of rows than it must, nothing is changed, and the
 * function returns `otherwise`. One step alone is run without a transaction. */
AUTHP_CHECKED authp_err_t authp_sql_change_together(authp_sql_t *sql, const authp_sql_step_t *steps,
                                                    int count, authp_err_t otherwise);

/* Runs groups as one transaction, with one turn in the queue of writers. done[i]: whether each step
 * of groups[i] changed what it must. If not, that group has changed nothing, and the others go on.
 */
AUTHP_CHECKED authp_err_t authp_sql_change_groups(authp_sql_t *sql, const authp_sql_group_t *groups,
                                                  int count, bool *done);

/* What to bind for a bool. */
const apr_int64_t *authp_sql_bool(bool value);

#endif

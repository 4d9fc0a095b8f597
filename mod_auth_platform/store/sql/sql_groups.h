/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_SQL_GROUPS_H
#define AUTHP_STORE_SQL_SQL_GROUPS_H

#include "store/sql/sql_dialect.h"

struct authp_sql_conn_t;

/* One statement of several that are run together. */
typedef struct authp_sql_step_t {
    const authp_sql_statement_t *statement;
    const void **values;
    bool any; /* may change any number of rows; otherwise it must change exactly one */
} authp_sql_step_t;

/* Steps that are done all or none: the insertion of one row. */
typedef struct authp_sql_group_t {
    const authp_sql_step_t *steps;
    int count;
} authp_sql_group_t;

/* Runs groups inside a transaction of this connection. Returns the driver's code, 0 = fine;
 * otherwise *failed is the name of the statement. */
int authp_sql_groups_run(struct authp_sql_conn_t *conn, const authp_sql_group_t *groups, int count,
                         bool *done, const char **failed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/sql/sql.h"
#include "store/sql/sql_impl.h"
#include "store/sql/sql_rows.h"

/* The schema is brought up to date only once for each process. If an operator has set it back since
 * then, this process cannot serve everything. */
authp_err_t authp_sql_ping(void *self, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "ping", .text = "SELECT count(*) FROM {table:schema_migrations}"};
    authp_sql_t *sql = self;
    int64_t made = 0;
    const void *values[] = {NULL};
    (void)pool;
    authp_err_t err = authp_sql_run(sql, &statement, values, authp_sql_rows_number, &made);
    if (err == AUTHP_OK && made < sql->dialect->nmigrations) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0215",
                  "store: the schema was set back to step %" APR_INT64_T_FMT
                  " of %d: a restart of this version brings it up to date",
                  (apr_int64_t)made, sql->dialect->nmigrations);
        return AUTHP_E_UNAVAILABLE;
    }
    return err;
}

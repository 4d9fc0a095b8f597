/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "store/sql/sql.h"
#include "store/sql/sql_impl.h"

authp_err_t authp_sql_clock(void *self, authp_ms_t *now, apr_pool_t *pool)
{
    authp_sql_t *sql = self;
    const void *values[] = {NULL};
    (void)pool;
    if (sql->dialect->clock != NULL) {
        return authp_sql_run(sql, sql->dialect->clock, values, authp_sql_rows_number, now);
    }
    *now = authp_clock_now(authp_clock_system());
    return AUTHP_OK;
}

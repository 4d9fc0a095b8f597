/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql.h"

authp_err_t authp_sql_used_token_add(void *self, const char *key, authp_ms_t expires_at,
                                     apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "used_token_add",
        .text = "INSERT INTO {table:used_tokens} (id, expires_at) VALUES ({?text}, {?time}) "
                "ON CONFLICT DO NOTHING RETURNING id"};
    const void *values[] = {key, &expires_at};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

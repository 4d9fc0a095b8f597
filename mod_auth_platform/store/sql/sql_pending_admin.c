/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

authp_err_t authp_sql_pending_admin_put(void *self, const authp_pending_admin_t *admin,
                                        apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "pending_admin_put",
        .columns = &authp_columns_pending_admin,
        .text = "INSERT INTO {table:pending_admins} ({names}) VALUES ({values}) "
                "ON CONFLICT (phone) DO UPDATE SET {replaced} RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_pending_admin, admin, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_pending_admin_take(void *self, const char *phone, authp_ms_t now,
                                         authp_pending_admin_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "pending_admin_take",
        .columns = &authp_columns_pending_admin,
        .text = "DELETE FROM {table:pending_admins} WHERE phone = {?text} AND "
                "expires_at > {?time} RETURNING {columns}"};
    void *row = NULL;
    const void *values[] = {phone, &now};
    authp_err_t err = authp_sql_columns_one(self, &statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

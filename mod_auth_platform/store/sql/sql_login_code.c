/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

authp_err_t authp_sql_login_code_create(void *self, const authp_login_code_t *code,
                                        apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "login_code_create",
        .columns = &authp_columns_login_code,
        .text = "INSERT INTO {table:login_codes} ({names}) VALUES ({values}) "
                "ON CONFLICT DO NOTHING RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_login_code, code, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_login_code_take(void *self, const char *code_hash, const char *challenge,
                                      authp_ms_t now, authp_login_code_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "login_code_take",
        .columns = &authp_columns_login_code,
        .text = "UPDATE {table:login_codes} SET used_at = {?time} WHERE code_hash = {?text} AND "
                "challenge = {?text} AND {absent:used_at} AND expires_at > {?time} "
                "RETURNING {columns}"};
    void *row = NULL;
    const void *values[] = {&now, code_hash, challenge, &now};
    authp_err_t err = authp_sql_columns_one(self, &statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

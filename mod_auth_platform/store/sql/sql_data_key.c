/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

authp_err_t authp_sql_data_key_add(void *self, const authp_data_key_t *key, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "data_key_add",
        .columns = &authp_columns_data_key,
        .text = "INSERT INTO {table:data_keys} ({names}) VALUES ({values}) "
                "ON CONFLICT DO NOTHING RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_data_key, key, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_data_key_list(void *self, apr_array_header_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "data_key_list",
        .columns = &authp_columns_data_key,
        .text = "SELECT {columns} FROM {table:data_keys} ORDER BY id DESC LIMIT {?int}"};
    apr_int64_t most = AUTHP_DATA_KEYS_MOST;
    const void *values[] = {&most};
    return authp_sql_columns_list(self, &statement, values, out, pool);
}

authp_err_t authp_sql_data_key_rewrap(void *self, const authp_data_key_t *before,
                                      const authp_data_key_t *after, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "data_key_rewrap",
        .columns = &authp_columns_data_key,
        .text = "UPDATE {table:data_keys} SET {changes} WHERE id = {?id} AND wrapped = {?text} "
                "RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST + 2];
    int count =
        authp_sql_columns_bind(&authp_columns_data_key, after, AUTHP_COLUMN_FIXED, values, pool);
    values[count++] = before->id.hex;
    values[count] = before->wrapped;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_data_key_remove(void *self, const authp_data_key_t *before, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "data_key_remove",
        .columns = &authp_columns_data_key,
        .text = "DELETE FROM {table:data_keys} WHERE id = {?id} AND wrapped = {?text} "
                "RETURNING id"};
    const void *values[] = {before->id.hex, before->wrapped};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

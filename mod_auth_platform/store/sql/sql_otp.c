/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

/* Condition: the number's code is still that one and unused. Binds phone and code_id. */
#define STILL "phone = {?text} AND code_id = {?id} AND {absent:used_at}"

authp_err_t authp_sql_otp_put(void *self, const authp_otp_code_t *code, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "otp_put",
        .columns = &authp_columns_otp_code,
        .text = "INSERT INTO {table:otp_codes} ({names}) VALUES ({values}) "
                "ON CONFLICT (phone) DO UPDATE SET {replaced} RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_otp_code, code, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_otp_of(void *self, const char *phone, authp_otp_code_t **out,
                             apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "otp_of",
        .columns = &authp_columns_otp_code,
        .text = "SELECT {columns} FROM {table:otp_codes} WHERE phone = {?text}"};
    void *row = NULL;
    const void *values[] = {phone};
    authp_err_t err = authp_sql_columns_one(self, &statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_sql_otp_attempt(void *self, const char *phone, const char *code_id, int64_t most,
                                  authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "otp_attempt",
        .text = "UPDATE {table:otp_codes} SET attempts = attempts + 1 WHERE " STILL
                " AND attempts < {?int} AND expires_at > {?time} RETURNING id"};
    const void *values[] = {phone, code_id, &most, &now};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_otp_attempt_undo(void *self, const char *phone, const char *code_id,
                                       apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "otp_attempt_undo",
        .text = "UPDATE {table:otp_codes} SET attempts = attempts - 1 WHERE " STILL
                " AND attempts > 0 RETURNING id"};
    const void *values[] = {phone, code_id};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_OK);
}

authp_err_t authp_sql_otp_use(void *self, const char *phone, const char *code_id,
                              const char *code_hmac, authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t ours = {
        .name = "otp_use",
        .text = "UPDATE {table:otp_codes} SET used_at = {?time} WHERE " STILL
                " AND expires_at > {?time} AND code_hmac = {?text} RETURNING id"};
    static const authp_sql_statement_t theirs = {
        .name = "otp_use of a provider's code",
        .text = "UPDATE {table:otp_codes} SET used_at = {?time} WHERE " STILL
                " AND expires_at > {?time} AND code_hmac IS NULL RETURNING id"};
    const void *values[] = {&now, phone, code_id, &now, code_hmac};
    (void)pool;
    return authp_sql_change_one(self, code_hmac != NULL ? &ours : &theirs, values,
                                AUTHP_E_CONFLICT);
}

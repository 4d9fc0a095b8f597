/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

static authp_err_t one_invite(authp_sql_t *sql, const authp_sql_statement_t *statement,
                              const void **values, authp_invite_t **out, apr_pool_t *pool)
{
    void *row = NULL;
    authp_err_t err = authp_sql_columns_one(sql, statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_sql_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_create",
        .columns = &authp_columns_invite,
        .text = "INSERT INTO {table:recruiter_invites} ({names}) VALUES ({values}) "
                "ON CONFLICT DO NOTHING RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_invite, invite, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_invite_by_id(void *self, const char *id, authp_invite_t **out,
                                   apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_by_id",
        .columns = &authp_columns_invite,
        .text = "SELECT {columns} FROM {table:recruiter_invites} WHERE id = {?id}"};
    const void *values[] = {id};
    return one_invite(self, &statement, values, out, pool);
}

/* No other program writes plain codes into this table: code_hash is NOT NULL. */
authp_err_t authp_sql_invite_by_code(void *self, const char *code, const char *code_hash,
                                     authp_invite_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_by_code",
        .columns = &authp_columns_invite,
        .text = "SELECT {columns} FROM {table:recruiter_invites} WHERE code_hash = {?text}"};
    (void)code;
    const void *values[] = {code_hash};
    return one_invite(self, &statement, values, out, pool);
}

authp_err_t authp_sql_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                                  apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_list",
        .columns = &authp_columns_invite,
        .text = "SELECT {columns} FROM {table:recruiter_invites} WHERE id > {?id} ORDER BY id "
                "LIMIT {?int}"};
    apr_int64_t limit = page->limit;
    const void *values[] = {page->after_id != NULL ? page->after_id : "", &limit};
    return authp_sql_columns_list(self, &statement, values, out, pool);
}

authp_err_t authp_sql_invite_claimed_by(void *self, const char *user_id, int64_t used_ver,
                                        authp_invite_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_claimed_by",
        .columns = &authp_columns_invite,
        .text = "SELECT {columns} FROM {table:recruiter_invites} WHERE used_by = {?ref} AND "
                "used_ver = {?int} AND {present:used_at} AND {absent:revoked_at} LIMIT 1"};
    const void *values[] = {user_id, &used_ver};
    return one_invite(self, &statement, values, out, pool);
}

authp_err_t authp_sql_invite_live_of(void *self, const char *email, const char *role,
                                     authp_ms_t now, authp_invite_t **out, apr_pool_t *pool)
{
    /* coalesce() makes an absent role equal to an absent one. */
    static const authp_sql_statement_t statement = {
        .name = "invite_live_of",
        .columns = &authp_columns_invite,
        .text = "SELECT {columns} FROM {table:recruiter_invites} WHERE email = {?text} AND "
                "coalesce(role, '') = {?text} AND {absent:used_at} AND {absent:revoked_at} AND "
                "expires_at > {?time} ORDER BY id DESC LIMIT 1"};
    const void *values[] = {email, role != NULL ? role : "", &now};
    return one_invite(self, &statement, values, out, pool);
}

authp_err_t authp_sql_invite_claim(void *self, const char *id, const char *user_id,
                                   int64_t used_ver, authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_claim",
        .text = "UPDATE {table:recruiter_invites} SET used_at = {?time}, used_by = {?ref}, "
                "used_ver = {?int} WHERE id = {?id} AND {absent:used_at} AND "
                "{absent:revoked_at} AND expires_at > {?time} RETURNING id"};
    const void *values[] = {&now, user_id, &used_ver, id, &now};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_revoke",
        .text = "UPDATE {table:recruiter_invites} SET revoked_at = {?time} WHERE id = {?id} AND "
                "{absent:used_at} AND {absent:revoked_at} RETURNING id"};
    const void *values[] = {&now, id};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_NOT_FOUND);
}

authp_err_t authp_sql_invite_replace(void *self, const authp_invite_t *before,
                                     const authp_invite_t *after, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "invite_replace",
        .columns = &authp_columns_invite,
        .text = "UPDATE {table} SET {changes} WHERE id = {?id} AND {absent:used_at} AND "
                "{absent:revoked_at} RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST + 1];
    int count =
        authp_sql_columns_bind(&authp_columns_invite, after, AUTHP_COLUMN_FIXED, values, pool);
    values[count] = before->id.hex;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

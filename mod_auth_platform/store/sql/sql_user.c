/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"
#include "store/sql/sql_identities.h"

#include <apr_strings.h>

/* Condition: the account has not changed since it was read. Binds id, ver and updated_at. */
#define UNCHANGED "id = {?id} AND ver = {?int} AND updated_at = {?time} AND {absent:deleted_at}"

/* Condition: no other account has this value in the column. Binds the value and the account's id.
 */
#define NO_OTHER(column)                                                                           \
    "NOT EXISTS (SELECT 1 FROM {table:users} AS other WHERE other." column                         \
    " = {?text} AND other.id <> {?id})"

static authp_err_t one_user(authp_sql_t *sql, const authp_sql_statement_t *statement,
                            const char *value, authp_user_t **out, apr_pool_t *pool)
{
    void *row = NULL;
    const void *values[] = {value};
    authp_err_t err = authp_sql_columns_one(sql, statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_sql_user_create(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    /* No row is returned if a unique value is taken. */
    static const authp_sql_statement_t statement = {
        .name = "user_create",
        .columns = &authp_columns_user,
        .text =
            "INSERT INTO {table:users} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    const authp_sql_step_t change = {.statement = &statement, .values = values};
    (void)authp_sql_columns_bind(&authp_columns_user, user, 0, values, pool);
    return authp_sql_identities_change(self, &change, NULL, user, pool);
}

authp_err_t authp_sql_user_by_id(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_by_id",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE id = {?id} AND {absent:deleted_at}"};
    return one_user(self, &statement, id, out, pool);
}

authp_err_t authp_sql_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                                    authp_user_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t by_email = {
        .name = "user_by_email",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE email = {?text}"};
    static const authp_sql_statement_t by_username = {
        .name = "user_by_username",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE username = {?text}"};
    static const authp_sql_statement_t by_phone = {
        .name = "user_by_phone",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE phone = {?text}"};
    static const authp_sql_statement_t *const statements[] = {[AUTHP_LOGIN_EMAIL] = &by_email,
                                                              [AUTHP_LOGIN_USERNAME] = &by_username,
                                                              [AUTHP_LOGIN_PHONE] = &by_phone};
    return one_user(self, statements[kind], value, out, pool);
}

authp_err_t authp_sql_user_by_identity(void *self, const char *issuer, const char *sub,
                                       authp_user_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_by_identity",
        .columns = &authp_columns_user,
        .text =
            "SELECT {columns} FROM {table:users} WHERE id = (SELECT user_id FROM {table:user_identities} "
            "WHERE issuer = {?text} AND sub = {?text}) AND {absent:deleted_at}"};
    void *row = NULL;
    const void *values[] = {issuer, sub};
    authp_err_t err = authp_sql_columns_one(self, &statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_sql_user_upgrade_hash(void *self, const authp_user_t *user, const char *new_hash,
                                        authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_upgrade_hash",
        .text =
            "UPDATE {table:users} SET password_hash = {?text}, updated_at = {?time} WHERE id = {?id} "
            "AND password_hash = {?text} RETURNING id"};
    apr_int64_t at = now;
    const void *values[] = {new_hash, &at, user->id.hex, user->password_hash};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

/* The values that UNCHANGED binds, from *at on. */
static void bind_unchanged(const authp_user_t *before, const void **at)
{
    at[0] = before->id.hex;
    at[1] = &before->ver;
    at[2] = &before->updated_at;
}

authp_err_t authp_sql_user_update(void *self, const authp_user_t *before, const authp_user_t *after,
                                  apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_update",
        .columns = &authp_columns_user,
        .text = "UPDATE {table:users} SET {changes} WHERE " UNCHANGED
                " AND " NO_OTHER("email") " AND " NO_OTHER("phone") " RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST + 7];
    int count =
        authp_sql_columns_bind(&authp_columns_user, after, AUTHP_COLUMN_FIXED, values, pool);
    const authp_sql_step_t change = {.statement = &statement, .values = values};
    bind_unchanged(before, values + count);
    values[count + 3] = after->email;
    values[count + 4] = before->id.hex;
    values[count + 5] = after->phone;
    values[count + 6] = before->id.hex;
    return authp_sql_identities_change(self, &change, before, after, pool);
}

authp_err_t authp_sql_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                                  apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_delete",
        .columns = &authp_columns_user,
        .text = "UPDATE {table:users} SET {emptied}, disabled = {?bool}, ver = ver + 1, "
                "min_ver = ver + 1, auth_changed_at = {?time}, updated_at = {?time}, "
                "deleted_at = {?time} WHERE " UNCHANGED " RETURNING id"};
    apr_int64_t at = now;
    const void *values[4 + 3] = {authp_sql_bool(true), &at, &at, &at};
    const authp_sql_step_t change = {.statement = &statement, .values = values};
    bind_unchanged(before, values + 4);
    return authp_sql_identities_change(self, &change, before, NULL, pool);
}

authp_err_t authp_sql_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_discard",
        .text = "DELETE FROM {table:users} WHERE " UNCHANGED " RETURNING id"};
    const void *values[3];
    const authp_sql_step_t change = {.statement = &statement, .values = values};
    bind_unchanged(user, values);
    return authp_sql_identities_change(self, &change, user, NULL, pool);
}

authp_err_t authp_sql_user_forget(void *self, const char *id, apr_pool_t *pool)
{
    static const authp_sql_statement_t statements[] = {
        {.name = "user_forget in sessions",
         .columns = &authp_columns_session,
         .text =
             "UPDATE {table:refresh_tokens} SET {forgotten} WHERE user_id = {?id} RETURNING id"},
        {.name = "user_forget in the audit",
         .columns = &authp_columns_audit,
         .text = "UPDATE {table:audit_log} SET {forgotten} WHERE (actor_id = {?ref} OR "
                 "subject_id = {?ref}) AND coalesce(actor_id, {?ref}) = {?ref} RETURNING id"},
        {.name = "user_forget in invites",
         .text = "DELETE FROM {table:recruiter_invites} WHERE used_by = {?ref} RETURNING id"},
        {.name = "user_forget in mails",
         .text = "DELETE FROM {table:outbox} WHERE user_id = {?ref} RETURNING id"}};
    const void *values[] = {id, id, id, id};
    authp_err_t err = AUTHP_OK;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(statements) / sizeof(statements[0]); i++) {
        int rows = 0;
        err = authp_sql_change_all(self, &statements[i], values, &rows);
    }
    return err;
}

authp_err_t authp_sql_user_list_deleted(void *self, const authp_page_t *page,
                                        apr_array_header_t **out, apr_pool_t *pool)
{
    /* coalesce() keeps the planner from reading all accounts in the order of ids. */
    static const authp_sql_statement_t statement = {
        .name = "user_list_deleted",
        .text =
            "SELECT id FROM {table:users} WHERE {present:deleted_at} AND coalesce(id, '') > {?id} "
            "ORDER BY coalesce(id, '') LIMIT {?int}"};
    authp_sql_rows_texts_t found = {.texts = apr_array_make(pool, 8, sizeof(const char *)),
                                    .pool = pool};
    apr_int64_t limit = page->limit;
    const void *values[] = {page->after_id != NULL ? page->after_id : "", &limit};
    authp_err_t err = authp_sql_run(self, &statement, values, authp_sql_rows_texts, &found);
    if (err == AUTHP_OK) {
        *out = found.texts;
    }
    return err;
}

authp_err_t authp_sql_user_changed(void *self, authp_ms_t since, int limit,
                                   apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_changed",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE {present:auth_changed_at} AND "
                "auth_changed_at >= {?time} "
                "ORDER BY auth_changed_at LIMIT {?int}"};
    apr_array_header_t *found = NULL;
    apr_int64_t from = since > 0 ? since : 1; /* 0 is "never changed" */
    apr_int64_t most = limit;
    const void *values[] = {&from, &most};
    authp_err_t err = authp_sql_columns_list(self, &statement, values, &found, pool);
    if (err == AUTHP_OK) {
        int rows = found->nelts;
        *out = found;
        *seen = (authp_seen_t){.rows = rows};
        if (rows > 0) {
            seen->newest = APR_ARRAY_IDX(found, rows - 1, authp_user_t *)->auth_changed_at;
        }
    }
    return err;
}

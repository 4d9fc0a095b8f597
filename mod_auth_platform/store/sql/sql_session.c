/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

#include <apr_strings.h>

/* An id that no session has, for session_end_user without a session to spare. */
#define NO_SESSION "-"

/* Condition: the session has this generation and has neither ended nor expired. Binds id,
 * generation and the time now. */
#define LIVE "id = {?id} AND generation = {?int} AND {absent:ended_at} AND expires_at > {?time}"

authp_err_t authp_sql_session_create(void *self, const authp_session_t *session, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_create",
        .columns = &authp_columns_session,
        .text =
            "INSERT INTO {table:refresh_tokens} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING "
            "RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_session, session, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_session_by_id(void *self, const char *sid, authp_session_t **out,
                                    apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_by_id",
        .columns = &authp_columns_session,
        .text = "SELECT {columns} FROM {table:refresh_tokens} WHERE id = {?id}"};
    void *row = NULL;
    const void *values[] = {sid};
    authp_err_t err = authp_sql_columns_one(self, &statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_sql_session_rotate(void *self, const char *sid, int64_t generation,
                                     authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_rotate",
        .text =
            "UPDATE {table:refresh_tokens} SET generation = generation + 1, rotated_at = {?time}, "
            "last_used_at = {?time}, expires_at = {?time} WHERE " LIVE " RETURNING id"};
    const void *values[] = {&now, &now, &expires_at, sid, &generation, &now};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_session_slide(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                    authp_ms_t expires_at, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_slide",
        .text = "UPDATE {table:refresh_tokens} SET last_used_at = {?time}, expires_at = {?time} "
                "WHERE " LIVE " RETURNING id"};
    const void *values[] = {&now, &expires_at, sid, &generation, &now};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_session_end(void *self, const char *sid, const char *reason, authp_ms_t now,
                                  apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_end",
        .text = "UPDATE {table:refresh_tokens} SET ended_at = {?time}, end_reason = {?text} "
                "WHERE id = {?id} AND {absent:ended_at} RETURNING id"};
    const void *values[] = {&now, reason, sid};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_NOT_FOUND);
}

authp_err_t authp_sql_session_end_user(void *self, const char *user_id, const authp_end_t *end,
                                       int *count)
{
    static const authp_sql_statement_t statement = {
        .name = "session_end_user",
        .text = "UPDATE {table:refresh_tokens} SET ended_at = {?time}, end_reason = {?text} "
                "WHERE user_id = {?id} AND id <> {?id} AND {absent:ended_at} RETURNING id"};
    const void *values[] = {&end->now, end->reason, user_id,
                            end->except_sid != NULL ? end->except_sid : NO_SESSION};
    return authp_sql_change_all(self, &statement, values, count);
}

authp_err_t authp_sql_session_list(void *self, const char *user_id, authp_ms_t now,
                                   const authp_page_t *page, apr_array_header_t **out,
                                   apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_list",
        .columns = &authp_columns_session,
        .text = "SELECT {columns} FROM {table:refresh_tokens} WHERE user_id = {?id} AND id > {?id} "
                "AND {absent:ended_at} AND expires_at > {?time} ORDER BY id LIMIT {?int}"};
    apr_int64_t limit = page->limit;
    const void *values[] = {user_id, page->after_id != NULL ? page->after_id : "", &now, &limit};
    return authp_sql_columns_list(self, &statement, values, out, pool);
}

authp_err_t authp_sql_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_set_ver",
        .text =
            "UPDATE {table:refresh_tokens} SET ver = {?int} WHERE id = {?id} AND {absent:ended_at} "
            "RETURNING id"};
    const void *values[] = {&ver, sid};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_NOT_FOUND);
}

typedef struct read_ended_t {
    apr_array_header_t *ended; /* authp_ended_t * */
    apr_pool_t *pool;
} read_ended_t;

static authp_err_t read_ended(authp_sql_rows_t *rows, void *ctx)
{
    read_ended_t *out = ctx;
    while (authp_sql_rows_next(rows)) {
        authp_ended_t *ended = apr_pcalloc(out->pool, sizeof(*ended));
        const char *id = authp_sql_rows_peek(rows, 0);
        apr_cpystrn(ended->id.hex, id != NULL ? id : "", sizeof(ended->id.hex));
        ended->ended_at = authp_sql_rows_int(rows, 1);
        APR_ARRAY_PUSH(out->ended, authp_ended_t *) = ended;
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_session_ended(void *self, authp_ms_t since, int limit,
                                    apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_ended",
        .text =
            "SELECT id, {time:ended_at} FROM {table:refresh_tokens} WHERE {present:ended_at} AND "
            "ended_at >= {?time} "
            "ORDER BY ended_at LIMIT {?int}"};
    apr_int64_t from = since > 0 ? since : 1; /* 0 is "not ended" */
    apr_int64_t most = limit;
    read_ended_t found = {.ended = apr_array_make(pool, 16, sizeof(authp_ended_t *)), .pool = pool};
    const void *values[] = {&from, &most};
    authp_err_t err = authp_sql_run(self, &statement, values, read_ended, &found);
    if (err == AUTHP_OK) {
        int rows = found.ended->nelts;
        *out = found.ended;
        *seen = (authp_seen_t){.rows = rows};
        if (rows > 0) {
            seen->newest = APR_ARRAY_IDX(found.ended, rows - 1, authp_ended_t *)->ended_at;
        }
    }
    return err;
}

authp_err_t authp_sql_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                       apr_array_header_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_ended_of",
        .text =
            "SELECT id FROM {table:refresh_tokens} WHERE user_id = {?id} AND ended_at >= {?time}"};
    apr_int64_t from = since > 0 ? since : 1; /* 0 is "not ended" */
    authp_sql_rows_texts_t found = {.texts = apr_array_make(pool, 4, sizeof(const char *)),
                                    .pool = pool};
    const void *values[] = {user_id, &from};
    authp_err_t err = authp_sql_run(self, &statement, values, authp_sql_rows_texts, &found);
    if (err == AUTHP_OK) {
        *out = found.texts;
    }
    return err;
}

authp_err_t authp_sql_session_replace(void *self, const authp_session_t *before,
                                      const authp_session_t *after, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "session_replace",
        .columns = &authp_columns_session,
        .text = "UPDATE {table} SET {changes} WHERE id = {?id} AND generation = {?int} AND "
                "{time:last_used_at} = {?int} AND {absent:ended_at} RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST + 3];
    int count =
        authp_sql_columns_bind(&authp_columns_session, after, AUTHP_COLUMN_FIXED, values, pool);
    values[count] = before->id.hex;
    values[count + 1] = &before->generation;
    values[count + 2] = &before->last_used_at;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/b64url.h"
#include "base/log.h"
#include "store/sql.h"

#include <apr_strings.h>
#include <string.h>

/* Used as the session that does not end if all sessions end: no session has this id. */
#define NO_SESSION "-"

typedef struct read_sessions_t {
    apr_array_header_t *sessions;
    apr_pool_t *pool;
} read_sessions_t;

/* Reads columns in the order of SESSION_COLUMNS. The salt is base64url text, because the drivers of
 * apr_dbd handle blobs differently. */
static authp_err_t read_session(const authp_sql_rows_t *rows, read_sessions_t *out)
{
    authp_session_t *session = apr_pcalloc(out->pool, sizeof(*session));
    const char *id = authp_sql_text(rows, 0, out->pool);
    const char *user_id = authp_sql_text(rows, 1, out->pool);
    const char *salt = authp_sql_text(rows, 3, out->pool);
    if (id == NULL || user_id == NULL || salt == NULL ||
        strlen(salt) != AUTHP_B64URL_ENCODED(AUTHP_SALT_LEN) ||
        authp_b64url_decode(salt, strlen(salt), session->salt) != AUTHP_OK) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0211", "store: session %s is not as it should be",
                  id != NULL ? id : "?");
        return AUTHP_E_INTERNAL;
    }
    apr_cpystrn(session->id.hex, id, sizeof(session->id.hex));
    apr_cpystrn(session->user_id.hex, user_id, sizeof(session->user_id.hex));
    session->ver = authp_sql_int(rows, 2);
    session->generation = authp_sql_int(rows, 4);
    session->rotated_at = authp_sql_int(rows, 5);
    session->auth_time = authp_sql_int(rows, 6);
    session->created_at = authp_sql_int(rows, 7);
    session->last_used_at = authp_sql_int(rows, 8);
    session->expires_at = authp_sql_int(rows, 9);
    session->absolute_expires_at = authp_sql_int(rows, 10);
    session->ended_at = authp_sql_int(rows, 11);
    session->end_reason = authp_sql_text(rows, 12, out->pool);
    session->device_id = authp_sql_text(rows, 13, out->pool);
    session->ip = authp_sql_text(rows, 14, out->pool);
    session->user_agent = authp_sql_text(rows, 15, out->pool);
    APR_ARRAY_PUSH(out->sessions, authp_session_t *) = session;
    return AUTHP_OK;
}

static authp_err_t read_sessions(authp_sql_rows_t *rows, void *ctx)
{
    authp_err_t err = AUTHP_OK;
    while (err == AUTHP_OK && authp_sql_next(rows)) {
        err = read_session(rows, ctx);
    }
    return err;
}

authp_err_t authp_sql_session_create(void *self, const authp_session_t *s, apr_pool_t *pool)
{
    apr_int64_t ver = s->ver;
    apr_int64_t generation = s->generation;
    apr_int64_t rotated = s->rotated_at;
    apr_int64_t auth_time = s->auth_time;
    apr_int64_t created = s->created_at;
    apr_int64_t used = s->last_used_at;
    apr_int64_t expires = s->expires_at;
    apr_int64_t absolute = s->absolute_expires_at;
    apr_int64_t ended = s->ended_at;
    const char *salt = authp_b64url_encode(s->salt, AUTHP_SALT_LEN, pool);
    const void *values[] = {s->id.hex,     s->user_id.hex, &ver,       salt,
                            &generation,   &rotated,       &auth_time, &created,
                            &used,         &expires,       &absolute,  &ended,
                            s->end_reason, s->device_id,   s->ip,      s->user_agent};
    return authp_sql_change_one(self, AUTHP_SQL_SESSION_CREATE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_session_by_id(void *self, const char *sid, authp_session_t **out,
                                    apr_pool_t *pool)
{
    read_sessions_t found = {.sessions = apr_array_make(pool, 1, sizeof(authp_session_t *)),
                             .pool = pool};
    const void *values[] = {sid};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_SESSION_BY_ID, values, read_sessions, &found);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.sessions->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.sessions, 0, authp_session_t *);
    return AUTHP_OK;
}

authp_err_t authp_sql_session_rotate(void *self, const char *sid, int64_t generation,
                                     authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool)
{
    apr_int64_t at = now;
    apr_int64_t expires = expires_at;
    apr_int64_t expected = generation;
    const void *values[] = {&at, &at, &expires, sid, &expected, &at};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_SESSION_ROTATE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_session_slide(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                    authp_ms_t expires_at, apr_pool_t *pool)
{
    apr_int64_t at = now;
    apr_int64_t expires = expires_at;
    apr_int64_t expected = generation;
    const void *values[] = {&at, &expires, sid, &expected, &at};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_SESSION_SLIDE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_session_end(void *self, const char *sid, const char *reason, authp_ms_t now,
                                  apr_pool_t *pool)
{
    apr_int64_t at = now;
    const void *values[] = {&at, reason, sid};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_SESSION_END, values, AUTHP_E_NOT_FOUND);
}

authp_err_t authp_sql_session_end_user(void *self, const char *user_id, const authp_end_t *end,
                                       int *count)
{
    apr_int64_t at = end->now;
    int rows = 0;
    const void *values[] = {&at, end->reason, user_id,
                            end->except_sid != NULL ? end->except_sid : NO_SESSION};
    authp_err_t err =
        authp_sql_run(self, AUTHP_SQL_SESSION_END_USER, values, authp_sql_count_rows, &rows);
    if (err == AUTHP_OK) {
        *count = rows;
    }
    return err;
}

authp_err_t authp_sql_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                       apr_array_header_t **out, apr_pool_t *pool)
{
    apr_int64_t from = since > 0 ? since : 1; /* 0 means "not ended" */
    authp_sql_ids_t found = {.ids = apr_array_make(pool, 4, sizeof(const char *)), .pool = pool};
    const void *values[] = {user_id, &from};
    authp_err_t err =
        authp_sql_run(self, AUTHP_SQL_SESSION_ENDED_OF, values, authp_sql_read_ids, &found);
    if (err == AUTHP_OK) {
        *out = found.ids;
    }
    return err;
}

static authp_err_t read_ended(authp_sql_rows_t *rows, void *ctx)
{
    authp_sql_ids_t *out = ctx;
    while (authp_sql_next(rows)) {
        authp_ended_t *ended = apr_pcalloc(out->pool, sizeof(*ended));
        const char *id = authp_sql_text(rows, 0, out->pool);
        apr_cpystrn(ended->id.hex, id != NULL ? id : "", sizeof(ended->id.hex));
        ended->ended_at = authp_sql_int(rows, 1);
        APR_ARRAY_PUSH(out->ids, authp_ended_t *) = ended;
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_session_ended(void *self, authp_ms_t since, int limit,
                                    apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    /* 0 means "not ended", so the search begins at 1. */
    apr_int64_t from = since > 0 ? since : 1;
    apr_int64_t most = limit;
    authp_sql_ids_t found = {.ids = apr_array_make(pool, 16, sizeof(authp_ended_t *)),
                             .pool = pool};
    const void *values[] = {&from, &most};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_SESSION_ENDED, values, read_ended, &found);
    if (err == AUTHP_OK) {
        int rows = found.ids->nelts;
        *out = found.ids;
        *seen = (authp_seen_t){.rows = rows};
        if (rows > 0) {
            seen->newest = APR_ARRAY_IDX(found.ids, rows - 1, authp_ended_t *)->ended_at;
        }
    }
    return err;
}

authp_err_t authp_sql_session_list(void *self, const char *user_id, authp_ms_t now,
                                   const authp_page_t *page, apr_array_header_t **out,
                                   apr_pool_t *pool)
{
    read_sessions_t found = {
        .sessions = apr_array_make(pool, page->limit, sizeof(authp_session_t *)), .pool = pool};
    apr_int64_t at = now;
    apr_int64_t limit = page->limit;
    const void *values[] = {user_id, page->after_id != NULL ? page->after_id : "", &at, &limit};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_SESSION_LIST, values, read_sessions, &found);
    if (err == AUTHP_OK) {
        *out = found.sessions;
    }
    return err;
}

authp_err_t authp_sql_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool)
{
    apr_int64_t raised = ver;
    const void *values[] = {&raised, sid};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_SESSION_SET_VER, values, AUTHP_E_NOT_FOUND);
}

authp_err_t authp_sql_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    apr_int64_t at = entry->at;
    const void *values[] = {entry->id.hex,     &at,
                            entry->event,      entry->outcome,
                            entry->reason,     entry->actor_id,
                            entry->subject_id, entry->session_id,
                            entry->ip,         entry->request_id};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_AUDIT_APPEND, values, AUTHP_E_INTERNAL);
}

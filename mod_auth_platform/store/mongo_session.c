/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

static bson_t *write_session(const authp_session_t *s)
{
    bson_t device;
    bson_t *out = bson_new();
    authp_mongo_put_id(out, "_id", s->id.hex);
    authp_mongo_put_id(out, "user_id", s->user_id.hex);
    BSON_APPEND_INT64(out, "ver", s->ver);
    BSON_APPEND_BINARY(out, "salt", BSON_SUBTYPE_BINARY, s->salt, AUTHP_SALT_LEN);
    BSON_APPEND_INT64(out, "generation", s->generation);
    authp_mongo_put_time(out, "rotated_at", s->rotated_at);
    authp_mongo_put_time(out, "auth_time", s->auth_time);
    authp_mongo_put_time(out, "created_at", s->created_at);
    authp_mongo_put_time(out, "last_used_at", s->last_used_at);
    authp_mongo_put_time(out, "expires_at", s->expires_at);
    authp_mongo_put_time(out, "absolute_expires_at", s->absolute_expires_at);
    BSON_APPEND_BOOL(out, "revoked", s->ended_at != 0);
    authp_mongo_put_time(out, "ended_at", s->ended_at);
    authp_mongo_put_text(out, "end_reason", s->end_reason);
    BSON_APPEND_DOCUMENT_BEGIN(out, "device_info", &device);
    authp_mongo_put_text(&device, "device_id", s->device_id);
    authp_mongo_put_text(&device, "ip", s->ip);
    authp_mongo_put_text(&device, "user_agent", s->user_agent);
    bson_append_document_end(out, &device);
    return out;
}

static bool read_salt(const bson_t *document, unsigned char *out)
{
    bson_iter_t at;
    bson_subtype_t subtype;
    uint32_t len = 0;
    const uint8_t *bytes = NULL;
    if (!bson_iter_init_find(&at, document, "salt") || !BSON_ITER_HOLDS_BINARY(&at)) {
        return false;
    }
    bson_iter_binary(&at, &subtype, &len, &bytes);
    if (len != AUTHP_SALT_LEN) {
        return false;
    }
    memcpy(out, bytes, AUTHP_SALT_LEN);
    return true;
}

typedef struct read_sessions_t {
    apr_array_header_t *sessions;
    authp_seen_t seen; /* only for pages in the order of time */
    apr_pool_t *pool;
} read_sessions_t;

static authp_err_t read_session(const bson_t *document, void *ctx)
{
    read_sessions_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_MONGO_SESSIONS, .pool = out->pool};
    authp_session_t *session = apr_pcalloc(out->pool, sizeof(*session));
    authp_mongo_get_id(&in, "_id", &session->id);
    authp_mongo_get_id(&in, "user_id", &session->user_id);
    authp_mongo_get_int(&in, "ver", &session->ver);
    authp_mongo_get_int(&in, "generation", &session->generation);
    authp_mongo_get_time(&in, "rotated_at", &session->rotated_at);
    authp_mongo_get_time(&in, "auth_time", &session->auth_time);
    authp_mongo_get_time(&in, "created_at", &session->created_at);
    authp_mongo_get_time(&in, "last_used_at", &session->last_used_at);
    authp_mongo_get_time(&in, "expires_at", &session->expires_at);
    authp_mongo_get_time(&in, "absolute_expires_at", &session->absolute_expires_at);
    authp_mongo_get_time(&in, "ended_at", &session->ended_at);
    authp_mongo_get_text(&in, "end_reason", &session->end_reason);
    authp_mongo_get_text(&in, "device_info.device_id", &session->device_id);
    authp_mongo_get_text(&in, "device_info.ip", &session->ip);
    authp_mongo_get_text(&in, "device_info.user_agent", &session->user_agent);
    if (!read_salt(document, session->salt)) {
        in.wrong = in.wrong != NULL ? in.wrong : "salt";
    }
    authp_err_t err = authp_mongo_read_end(&in);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(out->sessions, authp_session_t *) = session;
    }
    return err;
}

authp_err_t authp_mongo_session_create(void *self, const authp_session_t *session, apr_pool_t *pool)
{
    bson_t *document = write_session(session);
    (void)pool;
    authp_err_t err = authp_mongo_insert(self, AUTHP_MONGO_SESSIONS, document);
    bson_destroy(document);
    return err;
}

authp_err_t authp_mongo_session_by_id(void *self, const char *sid, authp_session_t **out,
                                      apr_pool_t *pool)
{
    read_sessions_t found = {.sessions = apr_array_make(pool, 1, sizeof(authp_session_t *)),
                             .pool = pool};
    bson_t *filter = authp_mongo_filter_id(sid);
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_SESSIONS, .filter = filter, .limit = 1};
    authp_err_t err = authp_mongo_find(self, &what, read_session, &found);
    bson_destroy(filter);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.sessions->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.sessions, 0, authp_session_t *);
    return AUTHP_OK;
}

static bson_t *filter_live(const char *sid, int64_t generation, authp_ms_t now)
{
    bson_t *filter = authp_mongo_filter_id(sid);
    BSON_APPEND_INT64(filter, "generation", generation);
    authp_mongo_match_absent(filter, "ended_at");
    authp_mongo_match_compared(filter, "expires_at", "$gt", now);
    return filter;
}

authp_err_t authp_mongo_session_rotate(void *self, const char *sid, int64_t generation,
                                       authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool)
{
    bson_t inc;
    bson_t set;
    bson_t *update = bson_new();
    (void)pool;
    BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &inc);
    BSON_APPEND_INT64(&inc, "generation", 1);
    bson_append_document_end(update, &inc);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_time(&set, "rotated_at", now);
    authp_mongo_put_time(&set, "last_used_at", now);
    authp_mongo_put_time(&set, "expires_at", expires_at);
    bson_append_document_end(update, &set);
    return authp_mongo_change_one(self, AUTHP_MONGO_SESSIONS, filter_live(sid, generation, now),
                                  update, AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_session_slide(void *self, const char *sid, int64_t generation,
                                      authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    (void)pool;
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_time(&set, "last_used_at", now);
    authp_mongo_put_time(&set, "expires_at", expires_at);
    bson_append_document_end(update, &set);
    return authp_mongo_change_one(self, AUTHP_MONGO_SESSIONS, filter_live(sid, generation, now),
                                  update, AUTHP_E_CONFLICT);
}

static bson_t *ending(const char *reason, authp_ms_t now)
{
    bson_t set;
    bson_t *update = bson_new();
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_BOOL(&set, "revoked", true);
    authp_mongo_put_time(&set, "ended_at", now);
    authp_mongo_put_text(&set, "end_reason", reason);
    bson_append_document_end(update, &set);
    return update;
}

authp_err_t authp_mongo_session_end(void *self, const char *sid, const char *reason, authp_ms_t now,
                                    apr_pool_t *pool)
{
    bson_t *filter = authp_mongo_filter_id(sid);
    (void)pool;
    authp_mongo_match_absent(filter, "ended_at");
    return authp_mongo_change_one(self, AUTHP_MONGO_SESSIONS, filter, ending(reason, now),
                                  AUTHP_E_NOT_FOUND);
}

static authp_err_t read_ended(const bson_t *document, void *ctx)
{
    read_sessions_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_MONGO_SESSIONS, .pool = out->pool};
    authp_ended_t *ended = apr_pcalloc(out->pool, sizeof(*ended));
    authp_mongo_see(&out->seen, document, "ended_at");
    authp_mongo_get_id(&in, "_id", &ended->id);
    authp_mongo_get_time(&in, "ended_at", &ended->ended_at);
    /* A session of another program can be skipped: no token of this program names it. */
    if (in.wrong == NULL) {
        APR_ARRAY_PUSH(out->sessions, authp_ended_t *) = ended;
    }
    return AUTHP_OK;
}

authp_err_t authp_mongo_session_ended(void *self, authp_ms_t since, int limit,
                                      apr_array_header_t **out, authp_seen_t *seen,
                                      apr_pool_t *pool)
{
    read_sessions_t found = {.sessions = apr_array_make(pool, 16, sizeof(authp_ended_t *)),
                             .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, "ended_at", "$gte", since);
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_SESSIONS, .filter = &filter, .limit = limit, .sort = "ended_at"};
    authp_err_t err = authp_mongo_find(self, &what, read_ended, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.sessions;
        *seen = found.seen;
    }
    return err;
}

authp_err_t authp_mongo_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                         apr_array_header_t **out, apr_pool_t *pool)
{
    read_sessions_t found = {.sessions = apr_array_make(pool, 4, sizeof(authp_ended_t *)),
                             .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, "user_id", user_id);
    authp_mongo_match_compared(&filter, "ended_at", "$gte", since);
    const authp_mongo_find_t what = {.collection = AUTHP_MONGO_SESSIONS, .filter = &filter};
    authp_err_t err = authp_mongo_find(self, &what, read_ended, &found);
    bson_destroy(&filter);
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *ids = apr_array_make(pool, found.sessions->nelts, sizeof(const char *));
    for (int i = 0; i < found.sessions->nelts; i++) {
        APR_ARRAY_PUSH(ids, const char *) =
            APR_ARRAY_IDX(found.sessions, i, const authp_ended_t *)->id.hex;
    }
    *out = ids;
    return AUTHP_OK;
}

authp_err_t authp_mongo_session_end_user(void *self, const char *user_id, const authp_end_t *end,
                                         int *count)
{
    int ended = 0;
    const char *except_sid = end->except_sid;
    bson_t filter = BSON_INITIALIZER;
    bson_t *update = ending(end->reason, end->now);
    authp_mongo_match_id(&filter, "user_id", user_id);
    authp_mongo_match_absent(&filter, "ended_at");
    if (except_sid != NULL && authp_id_valid(except_sid)) {
        bson_t other;
        BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &other);
        authp_mongo_put_id(&other, "$ne", except_sid);
        bson_append_document_end(&filter, &other);
    }
    const authp_mongo_write_t what = {.collection = AUTHP_MONGO_SESSIONS,
                                      .change = AUTHP_MONGO_UPDATE_MANY,
                                      .filter = &filter,
                                      .update = update};
    authp_err_t err = authp_mongo_write(self, &what, &ended);
    bson_destroy(&filter);
    bson_destroy(update);
    if (err == AUTHP_OK) {
        *count = ended;
    }
    return err;
}

authp_err_t authp_mongo_session_list(void *self, const char *user_id, authp_ms_t now,
                                     const authp_page_t *page, apr_array_header_t **out,
                                     apr_pool_t *pool)
{
    read_sessions_t found = {
        .sessions = apr_array_make(pool, page->limit, sizeof(authp_session_t *)), .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, "user_id", user_id);
    authp_mongo_match_absent(&filter, "ended_at");
    authp_mongo_match_compared(&filter, "expires_at", "$gt", now);
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_SESSIONS, .filter = &filter, .limit = page->limit, .list = true};
    authp_err_t err = authp_mongo_list(self, &what, page->after_id, read_session, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.sessions;
    }
    return err;
}

authp_err_t authp_mongo_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    bson_t *filter = authp_mongo_filter_id(sid);
    (void)pool;
    authp_mongo_match_absent(filter, "ended_at");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_INT64(&set, "ver", ver);
    bson_append_document_end(update, &set);
    return authp_mongo_change_one(self, AUTHP_MONGO_SESSIONS, filter, update, AUTHP_E_NOT_FOUND);
}

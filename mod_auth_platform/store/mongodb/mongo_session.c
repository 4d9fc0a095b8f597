/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#include <apr_strings.h>
#include <string.h>

authp_err_t authp_mongo_session_create(void *self, const authp_session_t *session, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_columns_put(&authp_columns_session, session, &document);
    BSON_APPEND_BOOL(&document, "revoked", session->ended_at != 0);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_SESSIONS, &document);
    bson_destroy(&document);
    return err;
}

authp_err_t authp_mongo_session_by_id(void *self, const char *sid, authp_session_t **out,
                                      apr_pool_t *pool)
{
    void *row = NULL;
    bson_t *filter = authp_mongo_match_by_id(sid);
    authp_err_t err = authp_mongo_columns_one(self, &authp_columns_session, filter, &row, pool);
    bson_destroy(filter);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

static bson_t *filter_live(const char *sid, int64_t generation, authp_ms_t now)
{
    bson_t *filter = authp_mongo_match_by_id(sid);
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
    return authp_mongo_run_change_one(self, AUTHP_TABLE_SESSIONS, filter_live(sid, generation, now),
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
    return authp_mongo_run_change_one(self, AUTHP_TABLE_SESSIONS, filter_live(sid, generation, now),
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
    bson_t *filter = authp_mongo_match_by_id(sid);
    (void)pool;
    authp_mongo_match_absent(filter, "ended_at");
    return authp_mongo_run_change_one(self, AUTHP_TABLE_SESSIONS, filter, ending(reason, now),
                                      AUTHP_E_NOT_FOUND);
}

typedef struct read_ended_t {
    apr_array_header_t *ended; /* authp_ended_t * */
    authp_seen_t seen;
    apr_pool_t *pool;
} read_ended_t;

static authp_err_t read_ended(const bson_t *document, void *ctx)
{
    read_ended_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_TABLE_SESSIONS, .pool = out->pool};
    authp_ended_t *ended = apr_pcalloc(out->pool, sizeof(*ended));
    authp_mongo_run_see(&out->seen, document, "ended_at");
    authp_mongo_get_id(&in, "_id", &ended->id);
    authp_mongo_get_time(&in, "ended_at", &ended->ended_at);
    /* A session that another program wrote is skipped: no token of ours names it. */
    if (in.wrong == NULL) {
        APR_ARRAY_PUSH(out->ended, authp_ended_t *) = ended;
    }
    return AUTHP_OK;
}

authp_err_t authp_mongo_session_ended(void *self, authp_ms_t since, int limit,
                                      apr_array_header_t **out, authp_seen_t *seen,
                                      apr_pool_t *pool)
{
    read_ended_t found = {.ended = apr_array_make(pool, 16, sizeof(authp_ended_t *)), .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, "ended_at", "$gte", since);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_SESSIONS, .filter = &filter, .limit = limit, .sort = "ended_at"};
    authp_err_t err = authp_mongo_run_find(self, &what, read_ended, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.ended;
        *seen = found.seen;
    }
    return err;
}

authp_err_t authp_mongo_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                         apr_array_header_t **out, apr_pool_t *pool)
{
    read_ended_t found = {.ended = apr_array_make(pool, 4, sizeof(authp_ended_t *)), .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, "user_id", user_id);
    authp_mongo_match_compared(&filter, "ended_at", "$gte", since);
    const authp_mongo_find_t what = {.collection = AUTHP_TABLE_SESSIONS, .filter = &filter};
    authp_err_t err = authp_mongo_run_find(self, &what, read_ended, &found);
    bson_destroy(&filter);
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *ids = apr_array_make(pool, found.ended->nelts, sizeof(const char *));
    for (int i = 0; i < found.ended->nelts; i++) {
        APR_ARRAY_PUSH(ids, const char *) =
            APR_ARRAY_IDX(found.ended, i, const authp_ended_t *)->id.hex;
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
    const authp_mongo_write_t what = {.collection = AUTHP_TABLE_SESSIONS,
                                      .change = AUTHP_MONGO_UPDATE_MANY,
                                      .filter = &filter,
                                      .update = update};
    authp_err_t err = authp_mongo_run_write(self, &what, &ended);
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
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, "user_id", user_id);
    authp_mongo_match_absent(&filter, "ended_at");
    authp_mongo_match_compared(&filter, "expires_at", "$gt", now);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_SESSIONS, .filter = &filter, .limit = page->limit, .list = true};
    authp_err_t err =
        authp_mongo_columns_list(self, &authp_columns_session, &what, page->after_id, out, pool);
    bson_destroy(&filter);
    return err;
}

authp_err_t authp_mongo_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    bson_t *filter = authp_mongo_match_by_id(sid);
    (void)pool;
    authp_mongo_match_absent(filter, "ended_at");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_INT64(&set, "ver", ver);
    bson_append_document_end(update, &set);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_SESSIONS, filter, update,
                                      AUTHP_E_NOT_FOUND);
}

authp_err_t authp_mongo_session_replace(void *self, const authp_session_t *before,
                                        const authp_session_t *after, apr_pool_t *pool)
{
    bson_t *filter = authp_mongo_match_by_id(before->id.hex);
    (void)pool;
    authp_mongo_match_int(filter, "generation", before->generation);
    authp_mongo_match_time(filter, "last_used_at", before->last_used_at);
    authp_mongo_match_absent(filter, "ended_at");
    return authp_mongo_columns_replace(self, &authp_columns_session, filter, before, after);
}

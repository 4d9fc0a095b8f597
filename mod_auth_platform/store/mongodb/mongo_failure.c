/* SPDX-License-Identifier: Apache-2.0 */
#include "store/columns.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_impl.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

/* How often failure_add() tries again if another request changes the same document at the same
 * moment. */
#define ROUNDS 4

typedef struct read_failures_t {
    authp_failures_t failures;
    bool found;
    apr_pool_t *pool;
} read_failures_t;

static authp_err_t read_failures(const bson_t *document, void *ctx)
{
    read_failures_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_TABLE_FAILURES, .pool = out->pool};
    authp_mongo_get_int(&in, "failures", &out->failures.count);
    authp_mongo_get_time(&in, "last_at", &out->failures.last_at);
    out->found = true;
    return authp_mongo_get_end(&in);
}

authp_err_t authp_mongo_failure_get(void *self, const char *key, authp_ms_t now,
                                    authp_failures_t *out, apr_pool_t *pool)
{
    read_failures_t found = {.pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "_id", key);
    authp_mongo_match_compared(&filter, "expires_at", "$gt", now);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_FAILURES, .filter = &filter, .limit = 1};
    authp_err_t err = authp_mongo_run_find(self, &what, read_failures, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK && !found.found) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = found.failures;
    }
    return err;
}

/* With `anew` false: adds one if the last failure is recent enough, and makes the document if there
 * is none. With `anew` true: starts counting again if the last failure is too old. */
static authp_err_t count_on(authp_mongo_t *m, const authp_failure_t *what, bool anew, int64_t *out,
                            apr_pool_t *pool)
{
    read_failures_t found = {.pool = pool};
    bson_t part;
    bson_t filter = BSON_INITIALIZER;
    bson_t update = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "_id", what->key);
    authp_mongo_match_compared(&filter, "last_at", anew ? "$lt" : "$gte", what->forget_before);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$set", &part);
    BSON_APPEND_DATE_TIME(&part, "last_at", what->at);
    BSON_APPEND_DATE_TIME(&part, "expires_at", what->expires_at);
    if (anew) {
        BSON_APPEND_INT64(&part, "failures", 1);
    }
    bson_append_document_end(&update, &part);
    if (!anew) {
        BSON_APPEND_DOCUMENT_BEGIN(&update, "$inc", &part);
        BSON_APPEND_INT64(&part, "failures", 1);
        bson_append_document_end(&update, &part);
    }
    const authp_mongo_write_t change = {
        .collection = AUTHP_TABLE_FAILURES, .filter = &filter, .update = &update};
    authp_err_t err = authp_mongo_run_modify(m, &change, !anew, read_failures, &found);
    bson_destroy(&filter);
    bson_destroy(&update);
    if (err == AUTHP_OK) {
        *out = found.failures.count;
    }
    return err;
}

authp_err_t authp_mongo_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                                    apr_pool_t *pool)
{
    authp_err_t err = AUTHP_E_CONFLICT;
    for (int i = 0; i < ROUNDS && (err == AUTHP_E_CONFLICT || err == AUTHP_E_NOT_FOUND); i++) {
        err = count_on(self, what, false, count, pool);
        if (err == AUTHP_E_CONFLICT) {
            err = count_on(self, what, true, count, pool);
        }
    }
    return err == AUTHP_E_CONFLICT || err == AUTHP_E_NOT_FOUND ? AUTHP_E_UNAVAILABLE : err;
}

authp_err_t authp_mongo_failure_clear(void *self, const char *key, apr_pool_t *pool)
{
    int matched = 0;
    bson_t filter = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_match_text(&filter, "_id", key);
    const authp_mongo_write_t what = {
        .collection = AUTHP_TABLE_FAILURES, .change = AUTHP_MONGO_DELETE_MANY, .filter = &filter};
    authp_err_t err = authp_mongo_run_write(self, &what, &matched);
    bson_destroy(&filter);
    return err;
}

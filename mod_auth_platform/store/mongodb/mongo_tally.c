/* SPDX-License-Identifier: Apache-2.0 */
#include "store/columns.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_impl.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

/* How often tally_take() tries again if other calls change the same document meanwhile. Each round
 * but the last one needs a window that began or a place that was given back during the round. */
#define ROUNDS 8

typedef struct read_tally_t {
    int64_t count;
    authp_ms_t began_at;
    authp_ms_t expires_at;
    bool found;
    apr_pool_t *pool;
} read_tally_t;

static authp_err_t read_tally(const bson_t *document, void *ctx)
{
    read_tally_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_TABLE_TALLIES, .pool = out->pool};
    authp_mongo_get_int(&in, "count", &out->count);
    authp_mongo_get_time(&in, "began_at", &out->began_at);
    authp_mongo_get_time(&in, "expires_at", &out->expires_at);
    out->found = true;
    return authp_mongo_get_end(&in);
}

/* Adds one in the window that runs, if it is not full. AUTHP_E_NOT_FOUND: it is full or over, or
 * there is none. */
static authp_err_t count_on(authp_mongo_t *m, const authp_tally_t *tally, read_tally_t *out)
{
    bson_t part;
    bson_t filter = BSON_INITIALIZER;
    bson_t update = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "_id", tally->key);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "began_at", &part);
    BSON_APPEND_DATE_TIME(&part, "$gt", tally->now - tally->window_ms);
    BSON_APPEND_DATE_TIME(&part, "$lte", tally->now + tally->window_ms);
    bson_append_document_end(&filter, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "count", &part);
    BSON_APPEND_INT64(&part, "$lt", tally->most);
    bson_append_document_end(&filter, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$inc", &part);
    BSON_APPEND_INT64(&part, "count", 1);
    bson_append_document_end(&update, &part);
    const authp_mongo_write_t what = {
        .collection = AUTHP_TABLE_TALLIES, .filter = &filter, .update = &update};
    authp_err_t err = authp_mongo_run_modify(m, &what, false, read_tally, out);
    bson_destroy(&filter);
    bson_destroy(&update);
    return err;
}

/* Begins a window if there is none, or if it began as `op` ("$lte", "$gt") and `bound` say.
 * AUTHP_E_CONFLICT: there is another one. */
static authp_err_t begin(authp_mongo_t *m, const authp_tally_t *tally, const char *op,
                         authp_ms_t bound, read_tally_t *out)
{
    bson_t part;
    bson_t filter = BSON_INITIALIZER;
    bson_t update = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "_id", tally->key);
    authp_mongo_match_compared(&filter, "began_at", op, bound);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$set", &part);
    BSON_APPEND_INT64(&part, "count", 1);
    BSON_APPEND_DATE_TIME(&part, "began_at", tally->now);
    BSON_APPEND_DATE_TIME(&part, "expires_at", tally->now + tally->window_ms);
    bson_append_document_end(&update, &part);
    const authp_mongo_write_t what = {
        .collection = AUTHP_TABLE_TALLIES, .filter = &filter, .update = &update};
    authp_err_t err = authp_mongo_run_modify(m, &what, true, read_tally, out);
    bson_destroy(&filter);
    bson_destroy(&update);
    return err;
}

static authp_err_t look(authp_mongo_t *m, const char *key, read_tally_t *out)
{
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "_id", key);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_TALLIES, .filter = &filter, .limit = 1};
    authp_err_t err = authp_mongo_run_find(m, &what, read_tally, out);
    bson_destroy(&filter);
    return err;
}

/* AUTHP_E_CONFLICT: the window is full. AUTHP_E_NOT_FOUND: it is not, or not any more. A window
 * from a clock that was ahead gives way to a new one: AUTHP_OK and *taken. */
static authp_err_t refuse(authp_mongo_t *m, const authp_tally_t *tally, authp_tallied_t *out,
                          read_tally_t *taken)
{
    read_tally_t found = {.pool = taken->pool};
    authp_ms_t last = tally->now + tally->window_ms;
    authp_err_t err = look(m, tally->key, &found);
    bool ahead = found.found && found.began_at > last;
    bool runs = found.found && !ahead && found.began_at > tally->now - tally->window_ms;
    if (err == AUTHP_OK && ahead && tally->most > 0) {
        err = begin(m, tally, "$gt", last, taken);
        return err == AUTHP_E_CONFLICT ? AUTHP_E_NOT_FOUND : err;
    }
    if (err != AUTHP_OK || (tally->most > 0 && (!runs || found.count < tally->most))) {
        return err != AUTHP_OK ? err : AUTHP_E_NOT_FOUND;
    }
    out->count = runs ? found.count : 0;
    out->until = (runs ? found.began_at : tally->now) + tally->window_ms;
    return AUTHP_E_CONFLICT;
}

authp_err_t authp_mongo_tally_take(void *self, const authp_tally_t *tally, authp_tallied_t *out,
                                   apr_pool_t *pool)
{
    authp_err_t err = AUTHP_E_NOT_FOUND;
    read_tally_t taken = {.pool = pool};
    for (int i = 0; i < ROUNDS && err == AUTHP_E_NOT_FOUND; i++) {
        err = tally->most > 0 ? count_on(self, tally, &taken) : AUTHP_E_CONFLICT;
        if (err == AUTHP_E_NOT_FOUND) {
            err = begin(self, tally, "$lte", tally->now - tally->window_ms, &taken);
        }
        if (err == AUTHP_E_CONFLICT) {
            err = refuse(self, tally, out, &taken);
        }
    }
    if (err == AUTHP_OK) {
        *out = (authp_tallied_t){.count = taken.count, .until = taken.began_at + tally->window_ms};
    }
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_UNAVAILABLE : err;
}

authp_err_t authp_mongo_tally_give(void *self, const char *key, authp_ms_t now, apr_pool_t *pool)
{
    bson_t part;
    bson_t *filter = bson_new();
    bson_t *update = bson_new();
    (void)pool;
    authp_mongo_match_text(filter, "_id", key);
    authp_mongo_match_compared(filter, "expires_at", "$gt", now);
    BSON_APPEND_DOCUMENT_BEGIN(filter, "count", &part);
    BSON_APPEND_INT64(&part, "$gt", 0);
    bson_append_document_end(filter, &part);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &part);
    BSON_APPEND_INT64(&part, "count", -1);
    bson_append_document_end(update, &part);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_TALLIES, filter, update, AUTHP_OK);
}

authp_err_t authp_mongo_tally_get(void *self, const char *key, authp_ms_t now, authp_tallied_t *out,
                                  apr_pool_t *pool)
{
    read_tally_t found = {.pool = pool};
    authp_err_t err = look(self, key, &found);
    if (err == AUTHP_OK && (!found.found || found.expires_at <= now)) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = (authp_tallied_t){.count = found.count, .until = found.expires_at};
    }
    return err;
}

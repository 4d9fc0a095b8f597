/* SPDX-License-Identifier: Apache-2.0 */
#include "store/columns.h"
#include "store/mongodb/mongo_impl.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#include <apr_strings.h>

/* One kind of document to purge: those whose `field` is earlier than `before`. */
typedef struct sweep_t {
    const char *collection;
    const char *field;
    const char *absent; /* a field that they must lack; NULL = no such condition */
    const char * or ; /* or whose field `or` must be earlier than `before`; NULL = no such field */
    authp_ms_t before;
} sweep_t;

/* {$or: [{absent: null}, {or: {$lt: before}}]} */
static void match_either(bson_t *filter, const sweep_t *sweep)
{
    bson_t list;
    bson_t one;
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &list);
    BSON_APPEND_DOCUMENT_BEGIN(&list, "0", &one);
    authp_mongo_match_absent(&one, sweep->absent);
    bson_append_document_end(&list, &one);
    BSON_APPEND_DOCUMENT_BEGIN(&list, "1", &one);
    authp_mongo_match_compared(&one, sweep->or, "$lt", sweep->before);
    bson_append_document_end(&list, &one);
    bson_append_array_end(filter, &list);
}

static void match_over(bson_t *filter, const sweep_t *sweep)
{
    authp_mongo_match_compared(filter, sweep->field, "$lt", sweep->before);
    if (sweep->or != NULL) {
        match_either(filter, sweep);
    } else if (sweep->absent != NULL) {
        authp_mongo_match_absent(filter, sweep->absent);
    }
}

/* {$in: [_id, ...]}. The ids may be of any type, so that documents of other programs are purged,
 * too. */
typedef struct over_t {
    bson_t ids;
    int count;
} over_t;

static authp_err_t note_id(const bson_t *document, void *ctx)
{
    over_t *over = ctx;
    bson_iter_t at;
    char key[16];
    if (bson_iter_init_find(&at, document, "_id")) {
        (void)bson_snprintf(key, sizeof(key), "%d", over->count++);
        bson_append_iter(&over->ids, key, -1, &at);
    }
    return AUTHP_OK;
}

static void match_ids(bson_t *filter, const over_t *over)
{
    bson_t choice;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &choice);
    BSON_APPEND_ARRAY(&choice, "$in", &over->ids);
    bson_append_document_end(filter, &choice);
}

/* A delete has no limit. So the ids of one batch are read first, and then these documents are
 * deleted if they still fulfil the condition. */
static authp_err_t sweep_up(authp_mongo_t *m, const sweep_t *sweep, int batch, int *removed)
{
    over_t over = {.ids = BSON_INITIALIZER};
    bson_t filter = BSON_INITIALIZER;
    match_over(&filter, sweep);
    const authp_mongo_find_t what = {
        .collection = sweep->collection, .filter = &filter, .limit = batch};
    authp_err_t err = authp_mongo_run_find(m, &what, note_id, &over);
    if (err == AUTHP_OK && over.count > 0) {
        int deleted = 0;
        match_ids(&filter, &over);
        const authp_mongo_write_t gone = {
            .collection = sweep->collection, .change = AUTHP_MONGO_DELETE_MANY, .filter = &filter};
        err = authp_mongo_run_write(m, &gone, &deleted);
        *removed += deleted;
    }
    bson_destroy(&filter);
    bson_destroy(&over.ids);
    return err;
}

authp_err_t authp_mongo_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    const sweep_t sweeps[] = {
        {AUTHP_TABLE_SESSIONS, "ended_at", NULL, NULL, what->sessions_before},
        {AUTHP_TABLE_SESSIONS, "expires_at", "ended_at", NULL, what->sessions_before},
        {AUTHP_TABLE_USERS, "deleted_at", NULL, NULL, what->users_before},
        {AUTHP_TABLE_INVITES, "expires_at", NULL, NULL, what->invites_before},
        {AUTHP_TABLE_AUDIT, "at", NULL, NULL, what->audit_before},
        {AUTHP_TABLE_FAILURES, "expires_at", NULL, NULL, what->failures_before},
        {AUTHP_TABLE_TOKENS, "expires_at", NULL, NULL, what->tokens_before},
        {AUTHP_TABLE_LOGIN_CODES, "expires_at", NULL, NULL, what->tokens_before},
        {AUTHP_TABLE_OTP_CODES, "expires_at", NULL, NULL, what->codes_before},
        {AUTHP_TABLE_TALLIES, "expires_at", NULL, NULL, what->tokens_before},
        {AUTHP_TABLE_PENDING_ADMINS, "expires_at", NULL, NULL, what->tokens_before},
        {AUTHP_TABLE_OUTBOX, "expires_at", "due_at", "give_up_at", what->mails_before},
    };
    authp_err_t err = AUTHP_OK;
    int sum = 0;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
        err = sweep_up(self, &sweeps[i], what->batch, &sum);
    }
    if (err == AUTHP_OK) {
        *removed = sum;
    }
    return err;
}

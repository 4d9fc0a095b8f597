/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongo_impl.h"

#include <apr_strings.h>

/* Appending to the audit, removing the traces of a deleted account, and the purge. */

authp_err_t authp_mongo_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_put_id(&document, "_id", entry->id.hex);
    authp_mongo_put_time(&document, "at", entry->at);
    authp_mongo_put_text(&document, "event", entry->event);
    authp_mongo_put_text(&document, "outcome", entry->outcome);
    authp_mongo_put_text(&document, "reason", entry->reason);
    authp_mongo_put_id(&document, "actor_id", entry->actor_id);
    authp_mongo_put_id(&document, "subject_id", entry->subject_id);
    authp_mongo_put_id(&document, "session_id", entry->session_id);
    authp_mongo_put_text(&document, "ip", entry->ip);
    authp_mongo_put_text(&document, "request_id", entry->request_id);
    authp_err_t err = authp_mongo_insert(self, AUTHP_MONGO_AUDIT, &document);
    bson_destroy(&document);
    return err;
}

static bson_t *unset(const char *field)
{
    bson_t part;
    bson_t *update = bson_new();
    BSON_APPEND_DOCUMENT_BEGIN(update, "$unset", &part);
    BSON_APPEND_UTF8(&part, field, "");
    bson_append_document_end(update, &part);
    return update;
}

/* Documents whose `key` is that id, and which lack the field `absent` (NULL: no such condition).
 * They lose `field`, or are deleted if `field` is NULL. */
typedef struct forget_t {
    const char *collection;
    const char *key;
    const char *absent;
    const char *field;
} forget_t;

static authp_err_t forget_in(authp_mongo_t *m, const forget_t *trace, const char *id)
{
    int matched = 0;
    bson_t filter = BSON_INITIALIZER;
    bson_t *update = trace->field != NULL ? unset(trace->field) : NULL;
    authp_mongo_match_id(&filter, trace->key, id);
    if (trace->absent != NULL) {
        authp_mongo_match_absent(&filter, trace->absent);
    }
    const authp_mongo_write_t what = {.collection = trace->collection,
                                      .change = update != NULL ? AUTHP_MONGO_UPDATE_MANY
                                                               : AUTHP_MONGO_DELETE_MANY,
                                      .filter = &filter,
                                      .update = update};
    authp_err_t err = authp_mongo_write(m, &what, &matched);
    bson_destroy(&filter);
    bson_destroy(update);
    return err;
}

authp_err_t authp_mongo_user_forget(void *self, const char *id, apr_pool_t *pool)
{
    static const forget_t traces[] = {
        {AUTHP_MONGO_SESSIONS, "user_id", NULL, "device_info"},
        {AUTHP_MONGO_AUDIT, "actor_id", NULL, "ip"},
        {AUTHP_MONGO_AUDIT, "subject_id", "actor_id", "ip"},
        {AUTHP_MONGO_INVITES, "used_by", NULL, NULL},
    };
    authp_err_t err = AUTHP_OK;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(traces) / sizeof(traces[0]); i++) {
        err = forget_in(self, &traces[i], id);
    }
    return err;
}

typedef struct read_ids_t {
    apr_array_header_t *ids;
    apr_pool_t *pool;
} read_ids_t;

static authp_err_t read_id(const bson_t *document, void *ctx)
{
    read_ids_t *out = ctx;
    authp_id_t id = {""};
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_MONGO_USERS, .pool = out->pool};
    authp_mongo_get_id(&in, "_id", &id);
    authp_err_t err = authp_mongo_read_end(&in);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(out->ids, const char *) = apr_pstrdup(out->pool, id.hex);
    }
    return err;
}

authp_err_t authp_mongo_user_list_deleted(void *self, const authp_page_t *page,
                                          apr_array_header_t **out, apr_pool_t *pool)
{
    read_ids_t found = {.ids = apr_array_make(pool, page->limit, sizeof(const char *)),
                        .pool = pool};
    bson_t range;
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "deleted_at", &range);
    BSON_APPEND_NULL(&range, "$ne");
    bson_append_document_end(&filter, &range);
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_USERS, .filter = &filter, .limit = page->limit};
    authp_err_t err = authp_mongo_list(self, &what, page->after_id, read_id, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.ids;
    }
    return err;
}

/* One kind of document to purge: those whose `field` is earlier than `before`. */
typedef struct sweep_t {
    const char *collection;
    const char *field;
    const char *absent; /* a field that they must lack; NULL = no such condition */
    authp_ms_t before;
} sweep_t;

static void match_over(bson_t *filter, const sweep_t *sweep)
{
    authp_mongo_match_compared(filter, sweep->field, "$lt", sweep->before);
    if (sweep->absent != NULL) {
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
    authp_err_t err = authp_mongo_find(m, &what, note_id, &over);
    if (err == AUTHP_OK && over.count > 0) {
        int deleted = 0;
        match_ids(&filter, &over);
        const authp_mongo_write_t gone = {
            .collection = sweep->collection, .change = AUTHP_MONGO_DELETE_MANY, .filter = &filter};
        err = authp_mongo_write(m, &gone, &deleted);
        *removed += deleted;
    }
    bson_destroy(&filter);
    bson_destroy(&over.ids);
    return err;
}

authp_err_t authp_mongo_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    const sweep_t sweeps[] = {
        {AUTHP_MONGO_SESSIONS, "ended_at", NULL, what->sessions_before},
        {AUTHP_MONGO_SESSIONS, "expires_at", "ended_at", what->sessions_before},
        {AUTHP_MONGO_USERS, "deleted_at", NULL, what->users_before},
        {AUTHP_MONGO_INVITES, "expires_at", NULL, what->invites_before},
        {AUTHP_MONGO_AUDIT, "at", NULL, what->audit_before},
        {AUTHP_MONGO_FAILURES, "expires_at", NULL, what->failures_before},
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_impl.h"

/* How often a list is read on if some documents could not be read, and how many documents at a
 * time. */
#define LIST_ROUNDS 20
#define LIST_MORE 200

static mongoc_collection_t *collection_of(authp_mongo_t *m, mongoc_client_t *client,
                                          const char *name)
{
    return mongoc_client_get_collection(client, m->config.database, name);
}

/* The server stops when our own time-out is reached. */
static void find_options(const authp_mongo_t *m, const authp_mongo_find_t *what, bson_t *out)
{
    if (what->limit > 0) {
        BSON_APPEND_INT64(out, "limit", what->limit);
        BSON_APPEND_BOOL(out, "singleBatch", true);
    }
    BSON_APPEND_INT64(out, "maxTimeMS", m->config.timeout_ms);
    if (what->sort != NULL) {
        bson_t sort;
        BSON_APPEND_DOCUMENT_BEGIN(out, "sort", &sort);
        BSON_APPEND_INT32(&sort, what->sort, what->descending ? -1 : 1);
        bson_append_document_end(out, &sort);
    }
}

authp_err_t authp_mongo_run_find(authp_mongo_t *m, const authp_mongo_find_t *what,
                                 authp_mongo_read_fn *read, void *ctx)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_error_t error;
    const bson_t *document = NULL;
    bson_t options = BSON_INITIALIZER;
    find_options(m, what, &options);
    /* Reads that decide something use the primary. Only lists use the readPreference of the URI. */
    mongoc_read_prefs_t *primary = what->list ? NULL : mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_collection_t *collection = collection_of(m, client, what->collection);
    mongoc_cursor_t *cursor =
        mongoc_collection_find_with_opts(collection, what->filter, &options, primary);
    authp_err_t read_err = AUTHP_OK;
    while (read_err == AUTHP_OK && mongoc_cursor_next(cursor, &document)) {
        read_err = read(document, ctx);
    }
    bool failed = mongoc_cursor_error(cursor, &error);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    mongoc_read_prefs_destroy(primary);
    bson_destroy(&options);
    err = authp_mongo_pool_release(m, client, failed ? &error : NULL);
    return err != AUTHP_OK ? err : read_err;
}

void authp_mongo_run_see(authp_seen_t *seen, const bson_t *document, const char *field)
{
    bson_iter_t at;
    seen->rows++;
    if (bson_iter_init_find(&at, document, field) && BSON_ITER_HOLDS_DATE_TIME(&at)) {
        seen->newest = bson_iter_date_time(&at);
    }
}

/* The state of one query of a list. */
typedef struct listing_t {
    authp_mongo_read_fn *read;
    void *ctx;
    bson_oid_t last;
    int wanted;
    int seen;
    int kept;
} listing_t;

static authp_err_t read_listed(const bson_t *document, void *ctx)
{
    listing_t *listing = ctx;
    bson_iter_t at;
    listing->seen++;
    if (bson_iter_init_find(&at, document, "_id") && BSON_ITER_HOLDS_OID(&at)) {
        bson_oid_copy(bson_iter_oid(&at), &listing->last);
    }
    if (listing->kept == listing->wanted) {
        return AUTHP_OK; /* the page is full; a further query may find more than it needs */
    }
    authp_err_t err = listing->read(document, listing->ctx);
    listing->kept += err == AUTHP_OK;
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

static void match_after(bson_t *filter, const char *compare, const bson_oid_t *id)
{
    bson_t range;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &range);
    BSON_APPEND_OID(&range, compare, id);
    bson_append_document_end(filter, &range);
}

authp_err_t authp_mongo_run_list(authp_mongo_t *m, const authp_mongo_find_t *what,
                                 const char *after_id, authp_mongo_read_fn *read, void *ctx)
{
    authp_err_t err = AUTHP_OK;
    listing_t listing = {.read = read, .ctx = ctx};
    bool first = after_id == NULL;
    int missing = what->limit;
    int limit = missing;
    if (!first && !authp_id_valid(after_id)) {
        return AUTHP_OK; /* no id comes after a text that is no id */
    }
    if (!first) {
        bson_oid_init_from_string(&listing.last, after_id);
    }
    for (int round = 0; err == AUTHP_OK && missing > 0 && round < LIST_ROUNDS; round++) {
        bson_t filter;
        bson_copy_to(what->filter, &filter);
        match_after(&filter, first ? "$gte" : "$gt", &listing.last);
        const authp_mongo_find_t page = {.collection = what->collection,
                                         .filter = &filter,
                                         .limit = limit,
                                         .sort = "_id",
                                         .list = what->list};
        listing.wanted = missing;
        listing.seen = listing.kept = 0;
        err = authp_mongo_run_find(m, &page, read_listed, &listing);
        bson_destroy(&filter);
        first = false;
        missing = listing.seen == limit ? missing - listing.kept : 0;
        limit = LIST_MORE;
    }
    return err == AUTHP_OK && missing > 0 ? AUTHP_E_INTERNAL : err;
}

authp_err_t authp_mongo_run_insert(authp_mongo_t *m, const char *collection_name,
                                   const bson_t *document)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_error_t error;
    mongoc_collection_t *collection = collection_of(m, client, collection_name);
    bool fine = mongoc_collection_insert_one(collection, document, NULL, NULL, &error);
    mongoc_collection_destroy(collection);
    return authp_mongo_pool_release(m, client, fine ? NULL : &error);
}

static bool upsert(mongoc_collection_t *collection, const authp_mongo_write_t *what, bson_t *reply,
                   bson_error_t *error)
{
    bson_t options = BSON_INITIALIZER;
    BSON_APPEND_BOOL(&options, "upsert", true);
    bool fine = mongoc_collection_update_one(collection, what->filter, what->update, &options,
                                             reply, error);
    bson_destroy(&options);
    return fine;
}

static bool change(mongoc_collection_t *collection, const authp_mongo_write_t *what, bson_t *reply,
                   bson_error_t *error)
{
    switch (what->change) {
    case AUTHP_MONGO_UPDATE_ONE:
        return mongoc_collection_update_one(collection, what->filter, what->update, NULL, reply,
                                            error);
    case AUTHP_MONGO_UPSERT_ONE:
        return upsert(collection, what, reply, error);
    case AUTHP_MONGO_UPDATE_MANY:
        return mongoc_collection_update_many(collection, what->filter, what->update, NULL, reply,
                                             error);
    case AUTHP_MONGO_REPLACE_ONE:
        return mongoc_collection_replace_one(collection, what->filter, what->update, NULL, reply,
                                             error);
    case AUTHP_MONGO_DELETE_MANY:
        return mongoc_collection_delete_many(collection, what->filter, NULL, reply, error);
    case AUTHP_MONGO_DELETE_ONE:
        break;
    }
    return false;
}

authp_err_t authp_mongo_run_write(authp_mongo_t *m, const authp_mongo_write_t *what, int *matched)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_t reply;
    bson_error_t error;
    bson_iter_t at;
    mongoc_collection_t *collection = collection_of(m, client, what->collection);
    bool fine = change(collection, what, &reply, &error);
    const char *count = what->change == AUTHP_MONGO_DELETE_MANY ? "deletedCount" : "matchedCount";
    int found = fine && bson_iter_init_find(&at, &reply, count) ? (int)bson_iter_as_int64(&at) : 0;
    bson_destroy(&reply);
    mongoc_collection_destroy(collection);
    err = authp_mongo_pool_release(m, client, fine ? NULL : &error);
    if (err == AUTHP_OK) {
        *matched = found;
    }
    return err;
}

/* Reads the document in the reply: {value: {...}}, or null if nothing matched. */
static authp_err_t read_value(const bson_t *reply, authp_mongo_read_fn *read, void *ctx)
{
    bson_iter_t at;
    bson_t document;
    const uint8_t *data = NULL;
    uint32_t len = 0;
    if (!bson_iter_init_find(&at, reply, "value") || !BSON_ITER_HOLDS_DOCUMENT(&at)) {
        return AUTHP_E_NOT_FOUND;
    }
    bson_iter_document(&at, &len, &data);
    return bson_init_static(&document, data, len) ? read(&document, ctx) : AUTHP_E_INTERNAL;
}

authp_err_t authp_mongo_run_modify(authp_mongo_t *m, const authp_mongo_write_t *what, bool insert,
                                   authp_mongo_read_fn *read, void *ctx)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_t reply;
    bson_error_t error;
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    mongoc_collection_t *collection = collection_of(m, client, what->collection);
    if (what->change == AUTHP_MONGO_DELETE_ONE) {
        (void)mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_REMOVE);
    } else {
        (void)mongoc_find_and_modify_opts_set_update(options, what->update);
        (void)mongoc_find_and_modify_opts_set_flags(
            options,
            MONGOC_FIND_AND_MODIFY_RETURN_NEW | (insert ? MONGOC_FIND_AND_MODIFY_UPSERT : 0));
    }
    bool fine = mongoc_collection_find_and_modify_with_opts(collection, what->filter, options,
                                                            &reply, &error);
    authp_err_t read_err = fine ? read_value(&reply, read, ctx) : AUTHP_OK;
    bson_destroy(&reply);
    mongoc_find_and_modify_opts_destroy(options);
    mongoc_collection_destroy(collection);
    err = authp_mongo_pool_release(m, client, fine ? NULL : &error);
    return err != AUTHP_OK ? err : read_err;
}

authp_err_t authp_mongo_run_change_one(authp_mongo_t *m, const char *collection, bson_t *filter,
                                       bson_t *update, authp_err_t otherwise)
{
    int matched = 0;
    const authp_mongo_write_t what = {.collection = collection,
                                      .change = AUTHP_MONGO_UPDATE_ONE,
                                      .filter = filter,
                                      .update = update};
    authp_err_t err = authp_mongo_run_write(m, &what, &matched);
    bson_destroy(filter);
    bson_destroy(update);
    if (err != AUTHP_OK) {
        return err;
    }
    return matched == 1 ? AUTHP_OK : otherwise;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_bulk.h"
#include "store/mongodb/mongo_error.h"

authp_err_t authp_mongo_bulk_count(authp_mongo_t *m, const char *collection_name,
                                   const bson_t *filter, int64_t *count)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_error_t error;
    bson_t options = BSON_INITIALIZER;
    BSON_APPEND_INT64(&options, "maxTimeMS", m->config.timeout_ms);
    mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_collection_t *collection =
        mongoc_client_get_collection(client, m->config.database, collection_name);
    int64_t found =
        mongoc_collection_count_documents(collection, filter, &options, primary, NULL, &error);
    mongoc_collection_destroy(collection);
    mongoc_read_prefs_destroy(primary);
    bson_destroy(&options);
    err = authp_mongo_pool_release(m, client, found >= 0 ? NULL : &error);
    if (err == AUTHP_OK) {
        *count = found;
    }
    return err;
}

/* Reads one element of writeErrors: {index, code, ...}. False if it is not about a unique value. */
static bool read_error(const bson_t *one, int count, bool *added)
{
    bson_iter_t at;
    int64_t index = -1;
    bson_error_t error = {.domain = MONGOC_ERROR_SERVER};
    if (bson_iter_init_find(&at, one, "index")) {
        index = bson_iter_as_int64(&at);
    }
    if (bson_iter_init_find(&at, one, "code")) {
        error.code = (uint32_t)bson_iter_as_int64(&at);
    }
    if (index < 0 || index >= count || !authp_mongo_error_is_duplicate(&error)) {
        return false;
    }
    added[index] = false;
    return true;
}

/* True if all that went wrong is that unique values are taken. added[] says of which documents. */
static bool only_duplicates(const bson_t *reply, int count, bool *added)
{
    bson_iter_t at;
    bson_iter_t each;
    int errors = 0;
    if (bson_iter_init_find(&at, reply, "writeConcernErrors") && BSON_ITER_HOLDS_ARRAY(&at) &&
        bson_iter_recurse(&at, &each) && bson_iter_next(&each)) {
        return false;
    }
    if (!bson_iter_init_find(&at, reply, "writeErrors") || !BSON_ITER_HOLDS_ARRAY(&at) ||
        !bson_iter_recurse(&at, &each)) {
        return false;
    }
    for (; bson_iter_next(&each); errors++) {
        bson_t one;
        uint32_t len = 0;
        const uint8_t *data = NULL;
        if (!BSON_ITER_HOLDS_DOCUMENT(&each)) {
            return false;
        }
        bson_iter_document(&each, &len, &data);
        if (!bson_init_static(&one, data, len) || !read_error(&one, count, added)) {
            return false;
        }
    }
    return errors > 0;
}

authp_err_t authp_mongo_bulk_insert(authp_mongo_t *m, const char *collection_name,
                                    const bson_t **documents, int count, bool *added)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_t reply;
    bson_error_t error;
    bson_t options = BSON_INITIALIZER;
    BSON_APPEND_BOOL(&options, "ordered", false);
    for (int i = 0; i < count; i++) {
        added[i] = true;
    }
    mongoc_collection_t *collection =
        mongoc_client_get_collection(client, m->config.database, collection_name);
    bool fine = mongoc_collection_insert_many(collection, documents, (size_t)count, &options,
                                              &reply, &error);
    fine = fine || only_duplicates(&reply, count, added);
    bson_destroy(&reply);
    bson_destroy(&options);
    mongoc_collection_destroy(collection);
    return authp_mongo_pool_release(m, client, fine ? NULL : &error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"

authp_err_t authp_mongo_data_key_add(void *self, const authp_data_key_t *key, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_columns_put(&authp_columns_data_key, key, &document);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_DATA_KEYS, &document);
    bson_destroy(&document);
    return err;
}

authp_err_t authp_mongo_data_key_list(void *self, apr_array_header_t **out, apr_pool_t *pool)
{
    authp_mongo_rows_t found = {.columns = &authp_columns_data_key,
                                .rows = apr_array_make(pool, 4, sizeof(void *)),
                                .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    const authp_mongo_find_t what = {.collection = AUTHP_TABLE_DATA_KEYS,
                                     .filter = &filter,
                                     .limit = AUTHP_DATA_KEYS_MOST,
                                     .sort = "_id",
                                     .descending = true};
    authp_err_t err = authp_mongo_run_find(self, &what, authp_mongo_columns_read, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.rows;
    }
    return err;
}

authp_err_t authp_mongo_data_key_rewrap(void *self, const authp_data_key_t *before,
                                        const authp_data_key_t *after, apr_pool_t *pool)
{
    bson_t *filter = authp_mongo_match_by_id(before->id.hex);
    (void)pool;
    authp_mongo_match_text(filter, "wrapped", before->wrapped);
    return authp_mongo_columns_replace(self, &authp_columns_data_key, filter, before, after);
}

authp_err_t authp_mongo_data_key_remove(void *self, const authp_data_key_t *before,
                                        apr_pool_t *pool)
{
    bson_t *filter = authp_mongo_match_by_id(before->id.hex);
    int removed = 0;
    (void)pool;
    authp_mongo_match_text(filter, "wrapped", before->wrapped);
    const authp_mongo_write_t what = {
        .collection = AUTHP_TABLE_DATA_KEYS, .change = AUTHP_MONGO_DELETE_MANY, .filter = filter};
    authp_err_t err = authp_mongo_run_write(self, &what, &removed);
    bson_destroy(filter);
    return err == AUTHP_OK && removed == 0 ? AUTHP_E_CONFLICT : err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

authp_err_t authp_mongo_login_code_create(void *self, const authp_login_code_t *code,
                                          apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_columns_put(&authp_columns_login_code, code, &document);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_LOGIN_CODES, &document);
    bson_destroy(&document);
    return err;
}

authp_err_t authp_mongo_login_code_take(void *self, const char *code_hash, const char *challenge,
                                        authp_ms_t now, authp_login_code_t **out, apr_pool_t *pool)
{
    bson_t set;
    bson_t filter = BSON_INITIALIZER;
    bson_t update = BSON_INITIALIZER;
    authp_mongo_rows_t found = {.columns = &authp_columns_login_code,
                                .rows = apr_array_make(pool, 1, sizeof(void *)),
                                .pool = pool};
    authp_mongo_match_text(&filter, "code_hash", code_hash);
    authp_mongo_match_text(&filter, "challenge", challenge);
    authp_mongo_match_absent(&filter, "used_at");
    authp_mongo_match_compared(&filter, "expires_at", "$gt", now);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$set", &set);
    authp_mongo_put_time(&set, "used_at", now);
    bson_append_document_end(&update, &set);
    const authp_mongo_write_t change = {
        .collection = AUTHP_TABLE_LOGIN_CODES, .filter = &filter, .update = &update};
    authp_err_t err =
        authp_mongo_run_modify(self, &change, false, authp_mongo_columns_read, &found);
    bson_destroy(&filter);
    bson_destroy(&update);
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found.rows, 0, authp_login_code_t *);
    }
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/columns.h"
#include "store/mongodb/mongo_impl.h"

authp_err_t authp_mongo_used_token_add(void *self, const char *key, authp_ms_t expires_at,
                                       apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    BSON_APPEND_UTF8(&document, "_id", key);
    BSON_APPEND_DATE_TIME(&document, "expires_at", expires_at);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_TOKENS, &document);
    bson_destroy(&document);
    return err;
}

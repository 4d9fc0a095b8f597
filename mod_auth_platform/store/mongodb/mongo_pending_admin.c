/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_upsert.h"

authp_err_t authp_mongo_pending_admin_put(void *self, const authp_pending_admin_t *admin,
                                          apr_pool_t *pool)
{
    (void)pool;
    return authp_mongo_upsert(self, &authp_columns_pending_admin, "phone", admin->phone, admin);
}

authp_err_t authp_mongo_pending_admin_take(void *self, const char *phone, authp_ms_t now,
                                           authp_pending_admin_t **out, apr_pool_t *pool)
{
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_rows_t found = {.columns = &authp_columns_pending_admin,
                                .rows = apr_array_make(pool, 1, sizeof(void *)),
                                .pool = pool};
    authp_mongo_match_text(&filter, "phone", phone);
    authp_mongo_match_compared(&filter, "expires_at", "$gt", now);
    const authp_mongo_write_t what = {.collection = AUTHP_TABLE_PENDING_ADMINS,
                                      .change = AUTHP_MONGO_DELETE_ONE,
                                      .filter = &filter};
    authp_err_t err = authp_mongo_run_modify(self, &what, false, authp_mongo_columns_read, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found.rows, 0, authp_pending_admin_t *);
    }
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"
#include "store/mongodb/mongo_upsert.h"

authp_err_t authp_mongo_otp_put(void *self, const authp_otp_code_t *code, apr_pool_t *pool)
{
    (void)pool;
    return authp_mongo_upsert(self, &authp_columns_otp_code, "phone", code->phone, code);
}

authp_err_t authp_mongo_otp_of(void *self, const char *phone, authp_otp_code_t **out,
                               apr_pool_t *pool)
{
    void *row = NULL;
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "phone", phone);
    authp_err_t err = authp_mongo_columns_one(self, &authp_columns_otp_code, &filter, &row, pool);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

/* Matches the number's code if it is still that one and unused. */
static bson_t *filter_still(const char *phone, const char *code_id)
{
    bson_t *filter = bson_new();
    authp_mongo_match_text(filter, "phone", phone);
    authp_mongo_match_id(filter, "code_id", code_id);
    authp_mongo_match_absent(filter, "used_at");
    return filter;
}

static void match_attempts(bson_t *filter, const char *compare, int64_t attempts)
{
    bson_t range;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "attempts", &range);
    BSON_APPEND_INT64(&range, compare, attempts);
    bson_append_document_end(filter, &range);
}

static bson_t *update_attempts(int64_t by)
{
    bson_t part;
    bson_t *update = bson_new();
    BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &part);
    BSON_APPEND_INT64(&part, "attempts", by);
    bson_append_document_end(update, &part);
    return update;
}

authp_err_t authp_mongo_otp_attempt(void *self, const char *phone, const char *code_id,
                                    int64_t most, authp_ms_t now, apr_pool_t *pool)
{
    bson_t *filter = filter_still(phone, code_id);
    (void)pool;
    match_attempts(filter, "$lt", most);
    authp_mongo_match_compared(filter, "expires_at", "$gt", now);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_OTP_CODES, filter, update_attempts(1),
                                      AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_otp_attempt_undo(void *self, const char *phone, const char *code_id,
                                         apr_pool_t *pool)
{
    bson_t *filter = filter_still(phone, code_id);
    (void)pool;
    match_attempts(filter, "$gt", 0);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_OTP_CODES, filter, update_attempts(-1),
                                      AUTHP_OK);
}

authp_err_t authp_mongo_otp_use(void *self, const char *phone, const char *code_id,
                                const char *code_hmac, authp_ms_t now, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    bson_t *filter = filter_still(phone, code_id);
    (void)pool;
    if (code_hmac != NULL) {
        authp_mongo_match_text(filter, "code_hmac", code_hmac);
    } else {
        authp_mongo_match_absent(filter, "code_hmac");
    }
    authp_mongo_match_compared(filter, "expires_at", "$gt", now);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_time(&set, "used_at", now);
    bson_append_document_end(update, &set);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_OTP_CODES, filter, update,
                                      AUTHP_E_CONFLICT);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_match.h"
#include "base/id.h"
#include "store/mongodb/mongo_put.h"

#include <string.h>

static void match_nothing(bson_t *out, const char *key)
{
    bson_t choice;
    bson_t values;
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &choice);
    BSON_APPEND_ARRAY_BEGIN(&choice, "$in", &values);
    bson_append_array_end(&choice, &values);
    bson_append_document_end(out, &choice);
}

void authp_mongo_match_text(bson_t *out, const char *key, const char *value)
{
    if (value != NULL && bson_utf8_validate(value, strlen(value), false)) {
        BSON_APPEND_UTF8(out, key, value);
    } else {
        match_nothing(out, key);
    }
}

void authp_mongo_match_id(bson_t *out, const char *key, const char *id)
{
    if (id != NULL && authp_id_valid(id)) {
        authp_mongo_put_id(out, key, id);
    } else {
        authp_mongo_match_text(out, key, id);
    }
}

void authp_mongo_match_compared(bson_t *out, const char *key, const char *compare, authp_ms_t at)
{
    bson_t range;
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &range);
    BSON_APPEND_DATE_TIME(&range, compare, at);
    bson_append_document_end(out, &range);
}

void authp_mongo_match_absent(bson_t *out, const char *key)
{
    BSON_APPEND_NULL(out, key);
}

void authp_mongo_match_int(bson_t *out, const char *key, int64_t value)
{
    bson_t choice;
    bson_t values;
    if (value != 0) {
        BSON_APPEND_INT64(out, key, value);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &choice);
    BSON_APPEND_ARRAY_BEGIN(&choice, "$in", &values);
    BSON_APPEND_INT64(&values, "0", 0);
    BSON_APPEND_NULL(&values, "1");
    bson_append_array_end(&choice, &values);
    bson_append_document_end(out, &choice);
}

void authp_mongo_match_time(bson_t *out, const char *key, authp_ms_t at)
{
    if (at != 0) {
        BSON_APPEND_DATE_TIME(out, key, at);
    } else {
        authp_mongo_match_absent(out, key);
    }
}

bson_t *authp_mongo_match_by_id(const char *id)
{
    bson_t *filter = bson_new();
    authp_mongo_match_id(filter, "_id", id);
    return filter;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

/* --- writing --------------------------------------------------------------------------------- */

void authp_mongo_put_text(bson_t *out, const char *key, const char *value)
{
    if (value != NULL && bson_utf8_validate(value, strlen(value), false)) {
        BSON_APPEND_UTF8(out, key, value);
    }
}

void authp_mongo_put_id(bson_t *out, const char *key, const char *id)
{
    if (id != NULL && authp_id_valid(id)) {
        bson_oid_t oid;
        bson_oid_init_from_string(&oid, id);
        BSON_APPEND_OID(out, key, &oid);
    } else {
        authp_mongo_put_text(out, key, id);
    }
}

void authp_mongo_put_time(bson_t *out, const char *key, authp_ms_t at)
{
    if (at != 0) {
        BSON_APPEND_DATE_TIME(out, key, at);
    }
}

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

bson_t *authp_mongo_filter_id(const char *id)
{
    bson_t *filter = bson_new();
    authp_mongo_match_id(filter, "_id", id);
    return filter;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Finds a field. False if it is absent or null. A dot in `key` leads into a subdocument. */
static bool find(authp_mongo_reader_t *reader, const char *key, bson_iter_t *out)
{
    bson_iter_t top;
    return bson_iter_init(&top, reader->document) && bson_iter_find_descendant(&top, key, out) &&
           !BSON_ITER_HOLDS_NULL(out);
}

static void is_wrong(authp_mongo_reader_t *reader, const char *key)
{
    if (reader->wrong == NULL) {
        reader->wrong = key;
    }
}

/* Returns NULL for text that is not UTF-8 or contains a NUL: JSON and C strings cannot hold it.
 * Neither the server nor the driver checks text that another program wrote. */
static const char *text_of(const bson_iter_t *at, apr_pool_t *pool)
{
    uint32_t len = 0;
    const char *text = bson_iter_utf8(at, &len);
    return bson_utf8_validate(text, len, false) ? apr_pstrmemdup(pool, text, len) : NULL;
}

void authp_mongo_get_text(authp_mongo_reader_t *reader, const char *key, const char **out)
{
    bson_iter_t at;
    if (!find(reader, key, &at)) {
        return;
    }
    const char *text = BSON_ITER_HOLDS_UTF8(&at) ? text_of(&at, reader->pool) : NULL;
    if (text == NULL) {
        is_wrong(reader, key);
        return;
    }
    *out = text;
}

void authp_mongo_get_bool(authp_mongo_reader_t *reader, const char *key, bool *out)
{
    bson_iter_t at;
    if (!find(reader, key, &at)) {
        return;
    }
    if (!BSON_ITER_HOLDS_BOOL(&at)) {
        is_wrong(reader, key);
        return;
    }
    *out = bson_iter_bool(&at);
}

/* Accepts all kinds of numbers with a whole value, because drivers of other programs choose the
 * kind by themselves. */
void authp_mongo_get_int(authp_mongo_reader_t *reader, const char *key, int64_t *out)
{
    bson_iter_t at;
    if (!find(reader, key, &at)) {
        return;
    }
    bool whole = BSON_ITER_HOLDS_INT(&at);
    if (BSON_ITER_HOLDS_DOUBLE(&at)) {
        double value = bson_iter_double(&at);
        whole = value > -9e15 && value < 9e15 && value == (double)(int64_t)value;
    }
    if (!whole) {
        is_wrong(reader, key);
        return;
    }
    *out = bson_iter_as_int64(&at);
}

void authp_mongo_get_time(authp_mongo_reader_t *reader, const char *key, authp_ms_t *out)
{
    bson_iter_t at;
    if (!find(reader, key, &at)) {
        return;
    }
    if (!BSON_ITER_HOLDS_DATE_TIME(&at)) {
        is_wrong(reader, key);
        return;
    }
    *out = bson_iter_date_time(&at);
}

void authp_mongo_get_id_text(authp_mongo_reader_t *reader, const char *key, const char **out)
{
    bson_iter_t at;
    if (!find(reader, key, &at)) {
        return;
    }
    if (BSON_ITER_HOLDS_OID(&at)) {
        char hex[25];
        bson_oid_to_string(bson_iter_oid(&at), hex);
        *out = apr_pstrdup(reader->pool, hex);
        return;
    }
    authp_mongo_get_text(reader, key, out);
}

void authp_mongo_get_id(authp_mongo_reader_t *reader, const char *key, authp_id_t *out)
{
    bson_iter_t at;
    if (!find(reader, key, &at) || !BSON_ITER_HOLDS_OID(&at)) {
        is_wrong(reader, key);
        return;
    }
    bson_oid_to_string(bson_iter_oid(&at), out->hex);
}

void authp_mongo_get_texts(authp_mongo_reader_t *reader, const char *key, apr_array_header_t *out)
{
    bson_iter_t at;
    bson_iter_t each;
    if (!find(reader, key, &at)) {
        return;
    }
    if (!BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &each)) {
        is_wrong(reader, key);
        return;
    }
    while (bson_iter_next(&each)) {
        const char *text = BSON_ITER_HOLDS_UTF8(&each) ? text_of(&each, reader->pool) : NULL;
        if (text == NULL) {
            is_wrong(reader, key);
            return;
        }
        APR_ARRAY_PUSH(out, const char *) = text;
    }
}

authp_err_t authp_mongo_read_end(const authp_mongo_reader_t *reader)
{
    if (reader->wrong == NULL) {
        return AUTHP_OK;
    }
    authp_mongo_reader_t again = {.document = reader->document, .pool = reader->pool};
    const char *id = "?";
    authp_mongo_get_id_text(&again, "_id", &id);
    authp_log(AUTHP_LOG_ERROR, "AUTHP0234",
              "MongoDB: field %s of %s %s is of a wrong type: this document cannot be used",
              reader->wrong, reader->collection, authp_id_valid(id) ? id : "(no ObjectId)");
    return AUTHP_E_INTERNAL;
}

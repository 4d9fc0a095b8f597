/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_get.h"
#include "base/log.h"

#include <apr_strings.h>
#include <string.h>

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

void authp_mongo_get_bytes(authp_mongo_reader_t *reader, const char *key, unsigned char *out,
                           size_t len)
{
    bson_iter_t at;
    bson_subtype_t subtype;
    uint32_t found = 0;
    const uint8_t *bytes = NULL;
    if (!find(reader, key, &at) || !BSON_ITER_HOLDS_BINARY(&at)) {
        is_wrong(reader, key);
        return;
    }
    bson_iter_binary(&at, &subtype, &found, &bytes);
    if (found != len) {
        is_wrong(reader, key);
        return;
    }
    memcpy(out, bytes, len);
}

authp_err_t authp_mongo_get_end(const authp_mongo_reader_t *reader)
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

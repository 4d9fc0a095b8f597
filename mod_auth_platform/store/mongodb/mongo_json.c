/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_json.h"
#include "base/json.h"
#include "base/text.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

/* Members are compared down to this depth; what is deeper is written as a whole. */
#define CHANGE_DEPTH 2

/* Escapes in names, and what they stand for. */
static const struct {
    char text[4];
    char means;
} escapes[] = {{"%2E", '.'}, {"%24", '$'}, {"%25", '%'}};

/* The index of the escape that begins here; -1 if none does. */
static int escape_at(const char *at)
{
    for (int i = 0; i < (int)(sizeof(escapes) / sizeof(escapes[0])); i++) {
        if (strncmp(at, escapes[i].text, 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* The escape that must stand for this character of a name; NULL if it stands for itself. */
static const char *escape_of(const char *name, const char *at)
{
    if (*at == '.') {
        return escapes[0].text;
    }
    if (*at == '$' && at == name) {
        return escapes[1].text;
    }
    bool seems = *at == '%' && (escape_at(at) >= 0 || strcmp(name, "%") == 0);
    return seems ? escapes[2].text : NULL;
}

static const char *encode_name(const char *name, apr_pool_t *pool)
{
    if (*name == '\0') {
        return "%";
    }
    char *out = apr_palloc(pool, 3 * strlen(name) + 1);
    char *to = out;
    for (const char *at = name; *at != '\0'; at++) {
        const char *escape = escape_of(name, at);
        if (escape != NULL) {
            memcpy(to, escape, 3);
            to += 3;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
    return out;
}

static const char *decode_name(const char *name, apr_pool_t *pool)
{
    if (strcmp(name, "%") == 0) {
        return "";
    }
    char *out = apr_palloc(pool, strlen(name) + 1);
    char *to = out;
    for (const char *at = name; *at != '\0';) {
        int escape = escape_at(at);
        *to++ = escape >= 0 ? escapes[escape].means : *at;
        at += escape >= 0 ? 3 : 1;
    }
    *to = '\0';
    return out;
}

/* NOLINTBEGIN(misc-no-recursion): a value is a tree, whose depth AUTHP_JSON_STORED_DEPTH bounds. */
static void put_value(bson_t *out, const char *key, const json_t *value, apr_pool_t *pool);

static void put_object(bson_t *out, const char *key, const json_t *object, apr_pool_t *pool)
{
    bson_t inner;
    const char *name = NULL;
    const json_t *value = NULL;
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &inner);
    json_object_foreach((json_t *)object, name, value)
    {
        put_value(&inner, encode_name(name, pool), value, pool);
    }
    bson_append_document_end(out, &inner);
}

static void put_array(bson_t *out, const char *key, const json_t *array, apr_pool_t *pool)
{
    bson_t inner;
    char number[32];
    BSON_APPEND_ARRAY_BEGIN(out, key, &inner);
    for (size_t i = 0; i < json_array_size(array); i++) {
        (void)bson_snprintf(number, sizeof(number), "%zu", i);
        put_value(&inner, number, json_array_get(array, i), pool);
    }
    bson_append_array_end(out, &inner);
}

/* The nesting is bounded by authp_json_parse_stored(). */
static void put_value(bson_t *out, const char *key, const json_t *value, apr_pool_t *pool)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(out, key, value, pool);
        break;
    case JSON_ARRAY:
        put_array(out, key, value, pool);
        break;
    case JSON_STRING:
        bson_append_utf8(out, key, -1, json_string_value(value), (int)json_string_length(value));
        break;
    case JSON_INTEGER:
        BSON_APPEND_INT64(out, key, json_integer_value(value));
        break;
    case JSON_REAL:
        BSON_APPEND_DOUBLE(out, key, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        BSON_APPEND_BOOL(out, key, json_is_true(value));
        break;
    case JSON_NULL:
        BSON_APPEND_NULL(out, key);
        break;
    }
}
/* NOLINTEND(misc-no-recursion) */

/* NULL: the text is no JSON text of an object. */
static json_t *object_of(const char *text, apr_pool_t *pool)
{
    json_t *value = NULL;
    bool fine =
        text != NULL && authp_json_parse_stored(text, strlen(text), &value, pool) == AUTHP_OK;
    return fine && json_is_object(value) ? value : NULL;
}

void authp_mongo_json_put(bson_t *out, const char *key, const char *text)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    const json_t *object = object_of(text, pool);
    if (object != NULL) {
        put_object(out, key, object, pool);
    }
    apr_pool_destroy(pool);
}

/* An update of single members keeps the order of `after` if those that stay have the same order in
 * both, and at most one is new, which is the last. Servers add several new ones in an order of
 * their own. */
static bool keeps_order(const json_t *before, const json_t *after)
{
    const char *name = NULL;
    const json_t *value = NULL;
    void *old = json_object_iter((json_t *)before);
    size_t added = 0;
    json_object_foreach((json_t *)after, name, value)
    {
        if (added > 0) {
            return false;
        }
        if (json_object_get(before, name) == NULL) {
            added++;
            continue;
        }
        while (old != NULL && json_object_get(after, json_object_iter_key(old)) == NULL) {
            old = json_object_iter_next((json_t *)before, old);
        }
        if (old == NULL || strcmp(json_object_iter_key(old), name) != 0) {
            return false;
        }
        old = json_object_iter_next((json_t *)before, old);
    }
    return true;
}

typedef struct change_t {
    bson_t *set;
    bson_t *unset;
    apr_pool_t *pool;
} change_t;

static const char *path_of(const change_t *change, const char *path, const char *name)
{
    return apr_pstrcat(change->pool, path, ".", encode_name(name, change->pool), NULL);
}

/* NOLINTBEGIN(misc-no-recursion): as above. */
static void change_value(const change_t *change, const char *path, const json_t *before,
                         const json_t *after, int depth);

static void change_members(const change_t *change, const char *path, const json_t *before,
                           const json_t *after, int depth)
{
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)after, name, value)
    {
        change_value(change, path_of(change, path, name), json_object_get(before, name), value,
                     depth);
    }
    json_object_foreach((json_t *)before, name, value)
    {
        if (json_object_get(after, name) == NULL) {
            BSON_APPEND_UTF8(change->unset, path_of(change, path, name), "");
        }
    }
}

static void change_value(const change_t *change, const char *path, const json_t *before,
                         const json_t *after, int depth)
{
    if (before != NULL && json_equal(before, after)) {
        return;
    }
    if (depth < CHANGE_DEPTH && json_is_object(before) && json_is_object(after) &&
        keeps_order(before, after)) {
        change_members(change, path, before, after, depth + 1);
        return;
    }
    put_value(change->set, path, after, change->pool);
}
/* NOLINTEND(misc-no-recursion) */

void authp_mongo_json_change(bson_t *set, bson_t *unset, const char *key, const char *before,
                             const char *after)
{
    change_t change = {.set = set, .unset = unset};
    apr_pool_create(&change.pool, NULL);
    const json_t *old = object_of(before, change.pool);
    const json_t *new = object_of(after, change.pool);
    if (new != NULL) {
        change_value(&change, key, old, new, 0);
    }
    apr_pool_destroy(change.pool);
}

/* NOLINTBEGIN(misc-no-recursion): as above. */
static json_t *get_value(const bson_iter_t *at, int depth, apr_pool_t *pool);

/* A member whose name is not UTF-8 is left out. Takes the members of a document or an array. */
static json_t *get_members(const bson_iter_t *at, json_t *into, int depth, apr_pool_t *pool)
{
    bson_iter_t each;
    if (depth >= AUTHP_JSON_STORED_DEPTH || !bson_iter_recurse(at, &each)) {
        json_decref(into);
        return json_null();
    }
    while (bson_iter_next(&each)) {
        json_t *value = get_value(&each, depth + 1, pool);
        if (json_is_array(into)) {
            (void)json_array_append_new(into, value);
        } else {
            (void)json_object_set_new(into, decode_name(bson_iter_key(&each), pool), value);
        }
    }
    return into;
}

/* json_string() and json_real() answer NULL for what JSON does not have. */
static json_t *or_null(json_t *value)
{
    return value != NULL ? value : json_null();
}

static json_t *get_foreign(const bson_iter_t *at, apr_pool_t *pool)
{
    char text[BSON_DECIMAL128_STRING];
    bson_decimal128_t decimal;
    if (BSON_ITER_HOLDS_OID(at)) {
        bson_oid_to_string(bson_iter_oid(at), text);
        return or_null(json_string(text));
    }
    if (BSON_ITER_HOLDS_DATE_TIME(at)) {
        return or_null(json_string(authp_clock_rfc3339(bson_iter_date_time(at), pool)));
    }
    if (BSON_ITER_HOLDS_DECIMAL128(at) && bson_iter_decimal128(at, &decimal)) {
        bson_decimal128_to_string(&decimal, text);
        return or_null(json_string(text));
    }
    return json_null();
}

static json_t *get_value(const bson_iter_t *at, int depth, apr_pool_t *pool)
{
    uint32_t len = 0;
    const char *text = NULL;
    switch (bson_iter_type(at)) {
    case BSON_TYPE_DOCUMENT:
        return get_members(at, json_object(), depth, pool);
    case BSON_TYPE_ARRAY:
        return get_members(at, json_array(), depth, pool);
    case BSON_TYPE_UTF8:
        text = bson_iter_utf8(at, &len);
        return or_null(json_stringn(text, len));
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
        return json_integer(bson_iter_as_int64(at));
    case BSON_TYPE_DOUBLE:
        return or_null(json_real(bson_iter_double(at)));
    case BSON_TYPE_BOOL:
        return json_boolean(bson_iter_bool(at));
    default:
        return get_foreign(at, pool);
    }
}
/* NOLINTEND(misc-no-recursion) */

void authp_mongo_json_get(const authp_mongo_reader_t *reader, const char *key, const char **out)
{
    bson_iter_t at;
    if (!bson_iter_init_find(&at, reader->document, key) || !BSON_ITER_HOLDS_DOCUMENT(&at)) {
        return;
    }
    json_t *value = get_value(&at, 0, reader->pool);
    if (json_is_object(value)) {
        *out = authp_json_text(value, NULL, reader->pool);
    }
    json_decref(value);
}

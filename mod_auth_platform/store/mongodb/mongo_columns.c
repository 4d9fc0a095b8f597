/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/model.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_identities.h"
#include "store/mongodb/mongo_json.h"
#include "store/mongodb/mongo_put.h"

#include <string.h>

static const char *text_at(const void *at)
{
    return *(const char *const *)at;
}

static apr_array_header_t *list_at(const void *at)
{
    return *(apr_array_header_t *const *)at;
}

static int64_t int_at(const void *at)
{
    return *(const int64_t *)at;
}

static void put_texts(bson_t *out, const char *key, const apr_array_header_t *texts)
{
    bson_t list;
    char number[16];
    BSON_APPEND_ARRAY_BEGIN(out, key, &list);
    for (int i = 0; i < texts->nelts; i++) {
        (void)bson_snprintf(number, sizeof(number), "%d", i);
        authp_mongo_put_text(&list, number, APR_ARRAY_IDX(texts, i, const char *));
    }
    bson_append_array_end(out, &list);
}

static void put_text(bson_t *out, const char *key, const authp_column_t *column, const char *text)
{
    if (text == NULL && (column->flags & AUTHP_COLUMN_NULL) != 0) {
        BSON_APPEND_NULL(out, key);
        return;
    }
    authp_mongo_put_text(out, key, text);
}

/* Returns false if the document leaves the column out. */
static bool is_there(const authp_column_t *column, const void *at)
{
    switch (column->kind) {
    case AUTHP_COLUMN_TEXT:
        return text_at(at) != NULL || (column->flags & AUTHP_COLUMN_NULL) != 0;
    case AUTHP_COLUMN_REF:
    case AUTHP_COLUMN_JSON:
        return text_at(at) != NULL;
    case AUTHP_COLUMN_INT:
        return int_at(at) != 0 || (column->flags & AUTHP_COLUMN_SPARSE) == 0;
    case AUTHP_COLUMN_TIME:
        return int_at(at) != 0;
    case AUTHP_COLUMN_IDENTITIES:
        return authp_identities_count(list_at(at)) > 0;
    default:
        return true;
    }
}

static void put(bson_t *out, const char *key, const authp_column_t *column, const void *row)
{
    const void *at = authp_columns_at(column, row);
    if (!is_there(column, at)) {
        return;
    }
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        authp_mongo_put_id(out, key, ((const authp_id_t *)at)->hex);
        break;
    case AUTHP_COLUMN_TEXT:
        put_text(out, key, column, text_at(at));
        break;
    case AUTHP_COLUMN_REF:
        authp_mongo_put_id(out, key, text_at(at));
        break;
    case AUTHP_COLUMN_TEXTS:
        put_texts(out, key, list_at(at));
        break;
    case AUTHP_COLUMN_BOOL:
        BSON_APPEND_BOOL(out, key, *(const bool *)at);
        break;
    case AUTHP_COLUMN_INT:
        BSON_APPEND_INT64(out, key, int_at(at));
        break;
    case AUTHP_COLUMN_TIME:
        authp_mongo_put_time(out, key, int_at(at));
        break;
    case AUTHP_COLUMN_SALT:
        BSON_APPEND_BINARY(out, key, BSON_SUBTYPE_BINARY, at, AUTHP_SALT_LEN);
        break;
    case AUTHP_COLUMN_IDENTITIES:
        authp_mongo_identities_put(out, key, list_at(at));
        break;
    case AUTHP_COLUMN_JSON:
        authp_mongo_json_put(out, key, text_at(at));
        break;
    case AUTHP_COLUMN_KINDS:
        break;
    }
}

/* The length of the name of the document that holds the field; 0 if it is not in an inner one. */
static size_t inner_len(const char *field)
{
    const char *dot = strchr(field, '.');
    return dot != NULL ? (size_t)(dot - field) : 0;
}

static bool same_inner(const char *field, const char *other, size_t len)
{
    return inner_len(other) == len && strncmp(field, other, len) == 0;
}

/* Appends the inner document that begins with column `first`. Returns the column after it. */
static int put_inner(const authp_columns_t *columns, int first, const void *row, bson_t *out)
{
    int i = first;
    bson_t inner;
    const char *field = columns->list[first].field;
    size_t len = inner_len(field);
    bson_append_document_begin(out, field, (int)len, &inner);
    for (; i < columns->count && same_inner(field, columns->list[i].field, len); i++) {
        put(&inner, columns->list[i].field + len + 1, &columns->list[i], row);
    }
    bson_append_document_end(out, &inner);
    return i;
}

void authp_mongo_columns_put(const authp_columns_t *columns, const void *row, bson_t *out)
{
    for (int i = 0; i < columns->count;) {
        const authp_column_t *column = &columns->list[i];
        if (inner_len(column->field) > 0) {
            i = put_inner(columns, i, row, out);
        } else {
            put(out, column->field, column, row);
            i++;
        }
    }
}

static void change_column(const authp_column_t *column, const void *before, const void *after,
                          bson_t *set, bson_t *unset)
{
    if (column->kind == AUTHP_COLUMN_IDENTITIES) {
        authp_mongo_identities_change(set, unset, list_at(authp_columns_at(column, before)),
                                      list_at(authp_columns_at(column, after)));
    } else if (!is_there(column, authp_columns_at(column, after))) {
        BSON_APPEND_UTF8(unset, column->field, "");
    } else if (column->kind == AUTHP_COLUMN_JSON) {
        authp_mongo_json_change(set, unset, column->field,
                                text_at(authp_columns_at(column, before)),
                                text_at(authp_columns_at(column, after)));
    } else {
        put(set, column->field, column, after);
    }
}

void authp_mongo_columns_change(const authp_columns_t *columns, const void *before,
                                const void *after, bson_t *set, bson_t *unset)
{
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        bool stays = (column->flags & AUTHP_COLUMN_FIXED) != 0 ||
                     ((column->flags & AUTHP_COLUMN_STAMP) == 0 &&
                      authp_columns_same(column, before, after));
        if (!stays) {
            change_column(column, before, after, set, unset);
        }
    }
}

void authp_mongo_columns_forget(const authp_columns_t *columns, bson_t *unset)
{
    const char *last = "";
    for (int i = 0; i < columns->count; i++) {
        const char *field = columns->list[i].field;
        size_t len = inner_len(field);
        if ((columns->list[i].flags & AUTHP_COLUMN_PERSONAL) == 0 ||
            (len > 0 && same_inner(field, last, len))) {
            continue;
        }
        bson_append_utf8(unset, field, len > 0 ? (int)len : -1, "", 0);
        last = field;
    }
}

static void get(authp_mongo_reader_t *in, const authp_column_t *column, void *at)
{
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        authp_mongo_get_id(in, column->field, at);
        break;
    case AUTHP_COLUMN_TEXT:
        authp_mongo_get_text(in, column->field, at);
        if (text_at(at) == NULL && (column->flags & AUTHP_COLUMN_NEEDED) != 0) {
            in->wrong = in->wrong != NULL ? in->wrong : column->field;
        }
        break;
    case AUTHP_COLUMN_REF:
        authp_mongo_get_id_text(in, column->field, at);
        break;
    case AUTHP_COLUMN_TEXTS:
        *(apr_array_header_t **)at = apr_array_make(in->pool, 2, sizeof(const char *));
        authp_mongo_get_texts(in, column->field, *(apr_array_header_t **)at);
        break;
    case AUTHP_COLUMN_BOOL:
        authp_mongo_get_bool(in, column->field, at);
        break;
    case AUTHP_COLUMN_INT:
        authp_mongo_get_int(in, column->field, at);
        break;
    case AUTHP_COLUMN_TIME:
        authp_mongo_get_time(in, column->field, at);
        break;
    case AUTHP_COLUMN_SALT:
        authp_mongo_get_bytes(in, column->field, at, AUTHP_SALT_LEN);
        break;
    case AUTHP_COLUMN_IDENTITIES:
        authp_mongo_identities_get(in, column->field, at);
        break;
    case AUTHP_COLUMN_JSON:
        authp_mongo_json_get(in, column->field, at);
        break;
    case AUTHP_COLUMN_KINDS:
        break;
    }
}

authp_err_t authp_mongo_columns_read(const bson_t *document, void *ctx)
{
    authp_mongo_rows_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = out->columns->table, .pool = out->pool};
    void *row = apr_pcalloc(out->pool, out->columns->size);
    for (int i = 0; i < out->columns->count; i++) {
        const authp_column_t *column = &out->columns->list[i];
        get(&in, column, authp_columns_in(column, row));
    }
    authp_err_t err = authp_mongo_get_end(&in);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(out->rows, void *) = row;
    }
    return err;
}

authp_err_t authp_mongo_columns_one(authp_mongo_t *m, const authp_columns_t *columns,
                                    const bson_t *filter, void **out, apr_pool_t *pool)
{
    authp_mongo_rows_t found = {
        .columns = columns, .rows = apr_array_make(pool, 1, sizeof(void *)), .pool = pool};
    const authp_mongo_find_t what = {.collection = columns->table, .filter = filter, .limit = 1};
    authp_err_t err = authp_mongo_run_find(m, &what, authp_mongo_columns_read, &found);
    if (err == AUTHP_OK && found.rows->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found.rows, 0, void *);
    }
    return err;
}

authp_err_t authp_mongo_columns_list(authp_mongo_t *m, const authp_columns_t *columns,
                                     const authp_mongo_find_t *what, const char *after_id,
                                     apr_array_header_t **out, apr_pool_t *pool)
{
    authp_mongo_rows_t found = {.columns = columns,
                                .rows = apr_array_make(pool, what->limit, sizeof(void *)),
                                .pool = pool};
    authp_err_t err = authp_mongo_run_list(m, what, after_id, authp_mongo_columns_read, &found);
    if (err == AUTHP_OK) {
        *out = found.rows;
    }
    return err;
}

authp_err_t authp_mongo_columns_replace(authp_mongo_t *m, const authp_columns_t *columns,
                                        bson_t *filter, const void *before, const void *after)
{
    bson_t set = BSON_INITIALIZER;
    bson_t unset = BSON_INITIALIZER;
    bson_t *update = bson_new();
    authp_mongo_columns_change(columns, before, after, &set, &unset);
    if (bson_empty(&set) && bson_empty(&unset)) {
        authp_mongo_put_id(&set, columns->list[0].field, ((const authp_id_t *)before)->hex);
    }
    if (!bson_empty(&set)) {
        BSON_APPEND_DOCUMENT(update, "$set", &set);
    }
    if (!bson_empty(&unset)) {
        BSON_APPEND_DOCUMENT(update, "$unset", &unset);
    }
    bson_destroy(&set);
    bson_destroy(&unset);
    return authp_mongo_run_change_one(m, columns->table, filter, update, AUTHP_E_CONFLICT);
}

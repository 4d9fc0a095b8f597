/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_row.h"

#include "base/b64url.h"
#include "base/text.h"
#include "store/identities_json.h"
#include "store/model.h"

#include <apr_strings.h>
#include <string.h>

/* What every store keeps. PostgreSQL has no longer texts in an index and no later times, and one
 * such row would fail its whole batch. A counter must leave room to count on. */
#define TEXT_MOST 2048                 /* bytes, also of a list */
#define JSON_MOST 1048576              /* bytes of a JSON text */
#define TIME_MOST 253402300799999LL    /* the end of the year 9999 */
#define NUMBER_MOST 9007199254740991LL /* 2^53 - 1 */

/* Accounts are found by the address in lower case. With another one an account would be a second
 * one of its person, at which nobody can sign in. */
static bool has_normal_email(const authp_columns_t *columns, const void *row, apr_pool_t *pool)
{
    const char *email = columns == &authp_columns_user     ? ((const authp_user_t *)row)->email
                        : columns == &authp_columns_invite ? ((const authp_invite_t *)row)->email
                                                           : NULL;
    if (email == NULL) {
        return true;
    }
    char *normal = authp_text_trim(email, pool);
    authp_text_lower(normal);
    return strcmp(email, normal) == 0;
}

static bool put_text(json_t *object, const authp_column_t *column, const char *text)
{
    if (text == NULL) {
        return (column->flags & AUTHP_COLUMN_FULL) == 0;
    }
    bool fine = authp_text_utf8(text, strlen(text), NULL);
    if (fine) {
        authp_json_set_str(object, column->name, text);
    }
    return fine;
}

static bool put_texts(json_t *object, const char *name, const apr_array_header_t *texts)
{
    json_t *array = authp_json_set_array(object, name);
    bool fine = true;
    for (int i = 0; fine && i < texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(texts, i, const char *);
        fine = authp_text_utf8(text, strlen(text), NULL);
        if (fine) {
            authp_json_append_str(array, text);
        }
    }
    return fine;
}

static bool put_identities(json_t *object, const char *name, const apr_array_header_t *list,
                           apr_pool_t *pool)
{
    if (authp_identities_count(list) == 0) {
        return true;
    }
    bool fine = authp_identities_check(list) == AUTHP_OK;
    if (fine) {
        authp_json_set(object, name, authp_identities_json_make(list, pool));
    }
    return fine;
}

/* The text of a JSON value becomes that value. */
static bool put_json(json_t *object, const char *name, const char *text, apr_pool_t *pool)
{
    json_t *value = NULL;
    if (text == NULL) {
        return true;
    }
    bool fine = authp_json_parse_stored(text, strlen(text), &value, pool) == AUTHP_OK &&
                json_is_object(value);
    if (fine) {
        authp_json_set(object, name, value);
    }
    return fine;
}

static bool put(json_t *object, const authp_column_t *column, const void *at, apr_pool_t *pool)
{
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        authp_json_set_str(object, column->name, ((const authp_id_t *)at)->hex);
        return true;
    case AUTHP_COLUMN_TEXT:
    case AUTHP_COLUMN_REF:
        return put_text(object, column, *(const char *const *)at);
    case AUTHP_COLUMN_TEXTS:
        return put_texts(object, column->name, *(apr_array_header_t *const *)at);
    case AUTHP_COLUMN_BOOL:
        authp_json_set_bool(object, column->name, *(const bool *)at);
        return true;
    case AUTHP_COLUMN_INT:
        authp_json_set_int(object, column->name, *(const int64_t *)at);
        return true;
    case AUTHP_COLUMN_TIME:
        if (*(const int64_t *)at != 0) {
            authp_json_set_int(object, column->name, *(const int64_t *)at);
        }
        return true;
    case AUTHP_COLUMN_SALT:
        authp_json_set_str(object, column->name, authp_b64url_encode(at, AUTHP_SALT_LEN, pool));
        return true;
    case AUTHP_COLUMN_IDENTITIES:
        return put_identities(object, column->name, *(apr_array_header_t *const *)at, pool);
    case AUTHP_COLUMN_JSON:
        return put_json(object, column->name, *(const char *const *)at, pool);
    case AUTHP_COLUMN_KINDS:
        break;
    }
    return false;
}

json_t *authp_transfer_row_make(const authp_columns_t *columns, const void *row, apr_pool_t *pool)
{
    json_t *object = authp_json_object(pool);
    bool fine = has_normal_email(columns, row, pool);
    for (int i = 0; fine && i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        fine = put(object, column, authp_columns_at(column, row), pool);
    }
    return fine ? object : NULL;
}

/* An absent member. */
static bool get_nothing(const authp_column_t *column, void *at, apr_pool_t *pool)
{
    if (column->kind == AUTHP_COLUMN_TEXTS) {
        *(apr_array_header_t **)at = apr_array_make(pool, 1, sizeof(const char *));
    }
    return column->kind != AUTHP_COLUMN_ID && column->kind != AUTHP_COLUMN_SALT &&
           (column->flags & AUTHP_COLUMN_FULL) == 0;
}

static bool get_id(const json_t *value, authp_id_t *id)
{
    const char *text = authp_json_str(value);
    if (!authp_id_valid(text)) {
        return false;
    }
    apr_cpystrn(id->hex, text, sizeof(id->hex));
    return true;
}

static bool get_text(const json_t *value, const char **out, apr_pool_t *pool)
{
    const char *text = authp_json_str(value);
    if (text == NULL || strlen(text) > TEXT_MOST) {
        return false;
    }
    *out = apr_pstrdup(pool, text);
    return true;
}

/* SQL stores keep a list as ",a,b,". */
static bool get_texts(const json_t *value, apr_array_header_t **out, apr_pool_t *pool)
{
    size_t count = json_array_size(value);
    size_t len = 1;
    bool fine = json_is_array(value);
    apr_array_header_t *texts = apr_array_make(pool, (int)count + 1, sizeof(const char *));
    for (size_t i = 0; fine && i < count; i++) {
        const char *text = NULL;
        fine = get_text(json_array_get(value, i), &text, pool) && *text != '\0' &&
               strchr(text, ',') == NULL;
        len += fine ? strlen(text) + 1 : 0;
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    *out = texts;
    return fine && len <= TEXT_MOST;
}

static bool get_salt(const json_t *value, unsigned char *salt)
{
    const char *text = authp_json_str(value);
    return text != NULL && strlen(text) == AUTHP_B64URL_ENCODED(AUTHP_SALT_LEN) &&
           authp_b64url_decode(text, strlen(text), salt) == AUTHP_OK;
}

static bool get_identities(const json_t *value, apr_array_header_t **out, apr_pool_t *pool)
{
    bool fine = json_is_array(value) && authp_identities_json_read(value, out, pool) == AUTHP_OK &&
                authp_identities_check(*out) == AUTHP_OK;
    for (int i = 0; fine && i < authp_identities_count(*out); i++) {
        const authp_identity_t *identity = authp_identities_at(*out, i);
        fine = strlen(identity->issuer) + strlen(identity->sub) <= TEXT_MOST;
    }
    return fine;
}

static bool get_json(const json_t *value, const char **out, apr_pool_t *pool)
{
    size_t len = 0;
    *out = authp_json_text(value, &len, pool);
    return json_is_object(value) && len <= JSON_MOST;
}

static bool get_number(const json_t *value, int64_t most, int64_t *out)
{
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 0 && *out <= most;
}

static bool get(const json_t *value, const authp_column_t *column, void *at, apr_pool_t *pool)
{
    if (value == NULL) {
        return get_nothing(column, at, pool);
    }
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        return get_id(value, at);
    case AUTHP_COLUMN_TEXT:
    case AUTHP_COLUMN_REF:
        return get_text(value, at, pool);
    case AUTHP_COLUMN_TEXTS:
        return get_texts(value, at, pool);
    case AUTHP_COLUMN_BOOL:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case AUTHP_COLUMN_INT:
        return get_number(value, NUMBER_MOST, at);
    case AUTHP_COLUMN_TIME:
        return get_number(value, TIME_MOST, at);
    case AUTHP_COLUMN_SALT:
        return get_salt(value, at);
    case AUTHP_COLUMN_IDENTITIES:
        return get_identities(value, at, pool);
    case AUTHP_COLUMN_JSON:
        return get_json(value, at, pool);
    case AUTHP_COLUMN_KINDS:
        break;
    }
    return false;
}

static bool has_column(const authp_columns_t *columns, const char *name)
{
    bool found = false;
    for (int i = 0; !found && i < columns->count; i++) {
        found = strcmp(columns->list[i].name, name) == 0;
    }
    return found;
}

/* NULL: there is none. */
static const char *unknown_member(const authp_columns_t *columns, const json_t *object,
                                  const char *dropped)
{
    const char *name = NULL;
    const json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value)
    {
        if (!has_column(columns, name) && (dropped == NULL || strcmp(name, dropped) != 0)) {
            return name;
        }
    }
    return NULL;
}

authp_err_t authp_transfer_row_read(const authp_columns_t *columns, const json_t *object,
                                    const char *dropped, void **row, const char **refusal,
                                    apr_pool_t *pool)
{
    void *out = apr_pcalloc(pool, columns->size);
    const char *unknown = unknown_member(columns, object, dropped);
    if (unknown != NULL) {
        *refusal = apr_psprintf(
            pool, "the member \"%s\" is unknown: the file may be of a newer version", unknown);
        return AUTHP_E_MALFORMED;
    }
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        const json_t *value = json_object_get(object, column->name);
        if (!get(value, column, authp_columns_in(column, out), pool)) {
            *refusal = apr_psprintf(pool, "the member \"%s\" %s", column->name,
                                    value == NULL ? "is missing" : "has a wrong value");
            return AUTHP_E_MALFORMED;
        }
    }
    if (!has_normal_email(columns, out, pool)) {
        *refusal = "the address is not in lower case, or has spaces around it";
        return AUTHP_E_MALFORMED;
    }
    *row = out;
    return AUTHP_OK;
}

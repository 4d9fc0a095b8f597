/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/json_scan.h"
#include "base/secret.h"
#include "base/text.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define USUAL_TEXT 2000

static apr_status_t release(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

/* Ends the process if there is no memory, as APR does. */
static json_t *must(json_t *value)
{
    if (value == NULL) {
        abort();
    }
    return value;
}

static json_t *pooled(json_t *value, apr_pool_t *pool)
{
    apr_pool_cleanup_register(pool, must(value), release, apr_pool_cleanup_null);
    return value;
}

static authp_err_t parse(const char *text, size_t len, size_t depth, json_t **out, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, len + 1);
    size_t copied = 0;
    authp_err_t err = authp_json_scan(text, len, depth, copy, &copied);
    if (err != AUTHP_OK) {
        authp_secret_wipe(copy, len);
        return err;
    }
    json_error_t why;
    json_t *value =
        json_loadb(copy, copied, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    /* Bodies contain passwords, so this copy is wiped. */
    authp_secret_wipe(copy, len);
    if (value == NULL) {
        return AUTHP_E_MALFORMED;
    }
    *out = pooled(value, pool);
    return AUTHP_OK;
}

authp_err_t authp_json_parse(const char *text, size_t len, json_t **out, apr_pool_t *pool)
{
    return parse(text, len, AUTHP_JSON_MAX_DEPTH, out, pool);
}

authp_err_t authp_json_parse_stored(const char *text, size_t len, json_t **out, apr_pool_t *pool)
{
    return parse(text, len, AUTHP_JSON_STORED_DEPTH, out, pool);
}

const char *authp_json_str(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

const char *authp_json_get_str(const json_t *object, const char *name)
{
    return authp_json_str(json_object_get(object, name));
}

json_t *authp_json_object(apr_pool_t *pool)
{
    return pooled(json_object(), pool);
}

json_t *authp_json_array(apr_pool_t *pool)
{
    return pooled(json_array(), pool);
}

/* Jansson accepts only UTF-8, but what clients send (a user agent, for example) may be anything. In
 * text that is not UTF-8 each byte from 0x80 on becomes '?'. */
static json_t *string_of(const char *value)
{
    if (value == NULL) {
        return json_null();
    }
    size_t len = strlen(value);
    if (authp_text_utf8(value, len, NULL)) {
        return must(json_stringn_nocheck(value, len));
    }
    apr_pool_t *scratch = NULL;
    if (apr_pool_create(&scratch, NULL) != APR_SUCCESS) {
        abort();
    }
    char *ascii = apr_pstrmemdup(scratch, value, len);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)ascii[i] >= 0x80) {
            ascii[i] = '?';
        }
    }
    json_t *string = must(json_stringn_nocheck(ascii, len));
    apr_pool_destroy(scratch);
    return string;
}

/* Keys are literals or come from the parser, so this can fail only for lack of memory. */
static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, must(value)) != 0) {
        abort();
    }
}

static void append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, must(value)) != 0) {
        abort();
    }
}

void authp_json_set_str(json_t *object, const char *key, const char *value)
{
    put(object, key, string_of(value));
}

void authp_json_set_strn(json_t *object, const char *key, const char *value, size_t len)
{
    put(object, key, json_stringn_nocheck(value, len));
}

void authp_json_set_int(json_t *object, const char *key, json_int_t value)
{
    put(object, key, json_integer(value));
}

void authp_json_set_bool(json_t *object, const char *key, int value)
{
    put(object, key, json_boolean(value));
}

void authp_json_set(json_t *object, const char *key, json_t *value)
{
    put(object, key, json_incref(value));
}

json_t *authp_json_set_object(json_t *object, const char *key)
{
    json_t *value = json_object();
    put(object, key, value);
    return value;
}

json_t *authp_json_set_array(json_t *object, const char *key)
{
    json_t *value = json_array();
    put(object, key, value);
    return value;
}

void authp_json_append_str(json_t *array, const char *value)
{
    append(array, string_of(value));
}

json_t *authp_json_append_object(json_t *array)
{
    json_t *value = json_object();
    append(array, value);
    return value;
}

const char *authp_json_text(const json_t *value, size_t *len, apr_pool_t *pool)
{
    const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    /* Most answers fit into this buffer. Otherwise the text is written a second time. */
    size_t room = USUAL_TEXT;
    char *text = apr_palloc(pool, room + 1);
    size_t size = json_dumpb(value, text, room, flags);
    if (size > room) {
        room = size;
        text = apr_palloc(pool, room + 1);
        size = json_dumpb(value, text, room, flags);
    }
    if (size == 0 || size > room) {
        abort(); /* a JSON text is never empty: there was no memory */
    }
    text[size] = '\0';
    if (len != NULL) {
        *len = size;
    }
    return text;
}

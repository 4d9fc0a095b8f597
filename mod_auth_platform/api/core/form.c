/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/form.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes `len` bytes into a text of the pool. NULL: an escape is broken, or the result is no
 * UTF-8. */
static const char *decode(const char *text, size_t len, size_t *out_len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            out[used++] = text[i] == '+' ? ' ' : text[i];
            continue;
        }
        int high = len - i > 2 ? hex(text[i + 1]) : -1;
        int low = len - i > 2 ? hex(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return NULL;
        }
        out[used++] = (char)(high * 16 + low);
        i += 2;
    }
    out[used] = '\0';
    *out_len = used;
    return authp_text_utf8(out, used, NULL) ? out : NULL;
}

/* Adds the field that `text` is, "name=value". */
static authp_err_t add(const char *text, size_t len, json_t *out, apr_pool_t *pool)
{
    const char *equals = memchr(text, '=', len);
    size_t name_end = equals != NULL ? (size_t)(equals - text) : len;
    size_t name_len = 0;
    size_t value_len = 0;
    const char *name = decode(text, name_end, &name_len, pool);
    const char *value =
        equals != NULL ? decode(equals + 1, len - name_end - 1, &value_len, pool) : "";
    if (name == NULL || value == NULL || name_len == 0 || strlen(name) != name_len ||
        json_object_get(out, name) != NULL || json_object_size(out) == AUTHP_FORM_FIELDS) {
        return AUTHP_E_MALFORMED;
    }
    authp_json_set_strn(out, name, value, value_len);
    return AUTHP_OK;
}

authp_err_t authp_form_parse(const char *text, size_t len, json_t **out, apr_pool_t *pool)
{
    json_t *form = authp_json_object(pool);
    authp_err_t err = AUTHP_OK;
    for (size_t at = 0; at < len && err == AUTHP_OK;) {
        const char *end = memchr(text + at, '&', len - at);
        size_t span = end != NULL ? (size_t)(end - (text + at)) : len - at;
        err = span > 0 ? add(text + at, span, form, pool) : AUTHP_OK;
        at += span + 1;
    }
    if (err == AUTHP_OK) {
        *out = form;
    }
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

#define WORD_MOST 40 /* bytes; longer words are not compared */
#define LONG_WORD 8

/* Length of the well-formed sequence at `at` (Unicode table 3-7), 0 if there is none. */
static size_t sequence(const unsigned char *at, size_t left)
{
    unsigned char lead = at[0];
    if (lead < 0x80) {
        return 1;
    }
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < len) {
        return 0;
    }
    /* The second byte alone shows overlong forms, surrogates and values over U+10FFFF. */
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xC0u) != 0x80u) {
            return 0;
        }
    }
    return len;
}

bool authp_text_utf8(const char *text, size_t len, size_t *count)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t points = 0;
    for (size_t i = 0; i < len; points++) {
        size_t step = sequence(bytes + i, len - i);
        if (step == 0) {
            return false;
        }
        i += step;
    }
    if (count != NULL) {
        *count = points;
    }
    return true;
}

bool authp_text_has_control(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            return true;
        }
        if (bytes[i] == 0xC2 && i + 1 < len && bytes[i + 1] < 0xA0) {
            return true;
        }
    }
    return false;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void authp_text_lower(char *text)
{
    for (; *text != '\0'; text++) {
        *text = lower(*text);
    }
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char *authp_text_trim(const char *text, apr_pool_t *pool)
{
    while (is_space(*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    return apr_pstrmemdup(pool, text, len);
}

char *authp_text_hex(const unsigned char *bytes, size_t len, apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    char *text = apr_palloc(pool, len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0Fu];
    }
    text[len * 2] = '\0';
    return text;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static bool is_header_safe(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '%';
}

static char *percent_encode(const char *text, bool (*keep)(unsigned char), apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = apr_palloc(pool, strlen(text) * 3 + 1);
    char *out = encoded;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (keep(byte)) {
            *out++ = *text;
        } else {
            *out++ = '%';
            *out++ = digits[byte >> 4];
            *out++ = digits[byte & 0x0Fu];
        }
    }
    *out = '\0';
    return encoded;
}

char *authp_text_url_encode(const char *text, apr_pool_t *pool)
{
    return percent_encode(text, is_unreserved, pool);
}

const char *authp_text_header_safe(const char *text, apr_pool_t *pool)
{
    const char *at = text;
    while (is_header_safe((unsigned char)*at)) {
        at++;
    }
    return *at == '\0' ? text : percent_encode(text, is_header_safe, pool);
}

/* The value of a hex digit. -1 if it is none. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *decode(const char *text, size_t len, bool form, apr_pool_t *pool)
{
    char *decoded = apr_palloc(pool, len + 1);
    char *out = decoded;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_value(text[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0 || high + low == 0) {
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        *out++ = c;
    }
    *out = '\0';
    return decoded;
}

char *authp_text_url_decode(const char *text, bool form, apr_pool_t *pool)
{
    return decode(text, strlen(text), form, pool);
}

/* The first pair with that name. NULL if there is none. */
static const char *find_pair(const char *query, const char *name, apr_pool_t *pool)
{
    while (query != NULL && *query != '\0') {
        const char *decoded = decode(query, strcspn(query, "=&"), true, pool);
        if (decoded != NULL && strcmp(decoded, name) == 0) {
            return query;
        }
        query += strcspn(query, "&");
        query += *query == '&';
    }
    return NULL;
}

const char *authp_text_query(const char *query, const char *name, apr_pool_t *pool)
{
    const char *pair = find_pair(query, name, pool);
    if (pair == NULL) {
        return NULL;
    }
    size_t len = strcspn(pair, "&");
    size_t key = strcspn(pair, "=&");
    return key == len ? "" : decode(pair + key + 1, len - key - 1, true, pool);
}

bool authp_text_query_has(const char *query, const char *name, apr_pool_t *pool)
{
    return find_pair(query, name, pool) != NULL;
}

bool authp_text_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool authp_text_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return false;
    }
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The number of edits (insert, delete, replace, swap neighbours) that turn one word into the other.
 */
static int distance(const char *a, const char *b)
{
    int rows[3][WORD_MOST + 1] = {{0}};
    int la = (int)strlen(a);
    int lb = (int)strlen(b);
    if (la > WORD_MOST || lb > WORD_MOST) {
        return WORD_MOST;
    }
    for (int j = 0; j <= lb; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= la; i++) {
        int *now = rows[i % 3];
        const int *before = rows[(i + 2) % 3];
        const int *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= lb; j++) {
            int same = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            now[j] = least(least(before[j] + 1, now[j - 1] + 1), before[j - 1] + same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                now[j] = least(now[j], earlier[j - 2] + 1);
            }
        }
    }
    return rows[la % 3][lb];
}

const char *authp_text_nearest(const char *word, const apr_array_header_t *known)
{
    const char *found = NULL;
    int nearest = WORD_MOST;
    for (int i = 0; i < known->nelts; i++) {
        const char *each = APR_ARRAY_IDX(known, i, const char *);
        /* Half of a word's characters or more must not change: a short word could otherwise become
         * any other. */
        int allowed = strlen(each) >= LONG_WORD ? 2 : 1;
        int edits = distance(word, each);
        if (edits <= allowed && edits < nearest && 2 * (size_t)edits < strlen(each)) {
            found = each;
            nearest = edits;
        }
    }
    return found;
}

bool authp_text_listed(const char *text, const apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, const char *), text) == 0) {
            return true;
        }
    }
    return false;
}

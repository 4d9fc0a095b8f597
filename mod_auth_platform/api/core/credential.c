/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/credential.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* Names of our cookies: index 0 without SECURE_COOKIES, index 1 with it. */
static const char *const access_names[] = {"authp_at", "__Host-authp_at"};
static const char *const refresh_names[] = {"authp_rt", "__Secure-authp_rt"};
static const char *const device_names[] = {"authp_device", "__Secure-authp_device"};
static const char *const pending_names[] = {"authp_oauth", "__Host-authp_oauth"};
static const char *const our_cookies[] = {
    "authp_at",          "__Host-authp_at",    "authp_rt",
    "__Secure-authp_rt", "authp_device",       "__Secure-authp_device",
    "authp_oauth",       "__Host-authp_oauth", AUTHP_CSRF_COOKIE};

#define OUR_COOKIES (sizeof(our_cookies) / sizeof(our_cookies[0]))

const char *authp_credential_access_cookie(bool secure_cookies)
{
    return access_names[secure_cookies ? 1 : 0];
}

const char *authp_credential_refresh_cookie(bool secure_cookies)
{
    return refresh_names[secure_cookies ? 1 : 0];
}

const char *authp_credential_device_cookie(bool secure_cookies)
{
    return device_names[secure_cookies ? 1 : 0];
}

const char *authp_credential_pending_cookie(bool secure_cookies)
{
    return pending_names[secure_cookies ? 1 : 0];
}

/* Finds one cookie of a header: the text from `at` to the next ';', without white space around it.
 * Returns the beginning of the next cookie, or NULL at the end. */
static const char *next_cookie(const char *at, const char **start, size_t *len)
{
    const char *end = strchr(at, ';');
    const char *next = end != NULL ? end + 1 : NULL;
    if (end == NULL) {
        end = at + strlen(at);
    }
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (end > at && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *start = at;
    *len = (size_t)(end - at);
    return next;
}

static bool has_name(const char *cookie, size_t len, const char *name)
{
    size_t want = strlen(name);
    return len > want && cookie[want] == '=' && strncmp(cookie, name, want) == 0;
}

/* The length of the value of one of our cookies. The value ends at a comma: httpd joins two Cookie
 * headers by a comma, and our values contain none. */
static size_t length_of(const char *value, size_t len)
{
    const char *comma = memchr(value, ',', len);
    len = comma != NULL ? (size_t)(comma - value) : len;
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        len--;
    }
    return len;
}

bool authp_credential_cookie(const char *header, const char *name, const char **value, size_t *len)
{
    for (const char *at = header; at != NULL;) {
        const char *cookie = NULL;
        size_t length = 0;
        at = next_cookie(at, &cookie, &length);
        if (has_name(cookie, length, name)) {
            size_t skip = strlen(name) + 1;
            *value = cookie + skip;
            *len = length_of(*value, length - skip);
            return true;
        }
    }
    return false;
}

void authp_credential_find(const authp_headers_t *headers, bool secure_cookies,
                           authp_credential_t *out)
{
    const char *header = headers->get(headers->ctx, "Authorization");
    *out = (authp_credential_t){.via = AUTHP_VIA_NONE};
    if (header != NULL && strncasecmp(header, "Bearer", 6) == 0 &&
        strchr(" \t,", header[6]) != NULL) { /* also at the NUL: "Bearer" alone counts */
        const char *token = header + 6;
        token += strspn(token, " ");
        size_t len = strlen(token);
        /* Two headers arrive as "Bearer a, Bearer b". Neither token is used. */
        bool one = memchr(token, ',', len) == NULL && memchr(token, ' ', len) == NULL &&
                   memchr(token, '\t', len) == NULL;
        *out = (authp_credential_t){.via = AUTHP_VIA_BEARER, .token = token, .len = one ? len : 0};
        return;
    }
    const char *cookies = headers->get(headers->ctx, "Cookie");
    const char *value = NULL;
    size_t len = 0;
    if (cookies != NULL &&
        authp_credential_cookie(cookies, authp_credential_access_cookie(secure_cookies), &value,
                                &len) &&
        len > 0) {
        *out = (authp_credential_t){.via = AUTHP_VIA_COOKIE, .token = value, .len = len};
    }
}

/* Characters that may precede a cookie's name. Parsers of some apps split at blanks and commas. */
#define GAPS "; ,\t\""

/* Whether a cookie of ours begins at `text`, also in upper case or with blanks or a quote between
 * its name and '='. */
static bool begins_ours(const char *text)
{
    char first = (char)(text[0] | 0x20);
    if (first != 'a' && first != 'c' && text[0] != '_') {
        return false;
    }
    for (size_t i = 0; i < OUR_COOKIES; i++) {
        size_t len = strlen(our_cookies[i]);
        if (strncasecmp(text, our_cookies[i], len) == 0 &&
            text[len + strspn(text + len, " \t\"")] == '=') {
            return true;
        }
    }
    return false;
}

/* Returns the first of our cookies in `text`, or NULL. `text` begins where a cookie may begin. */
static const char *find_ours(const char *text)
{
    while (*text != '\0') {
        text += strspn(text, GAPS);
        if (begins_ours(text)) {
            return text;
        }
        text += strcspn(text, GAPS);
    }
    return NULL;
}

/* Appends `text` up to `end`, without the separators around it. Returns the new length. Each span
 * after the first follows a removed cookie, so the buffer has room for the separator. */
static size_t append_span(char *kept, size_t used, const char *text, const char *end)
{
    static const char separators[] = "; ,\t";
    while (text < end && strchr(separators, *text) != NULL) {
        text++;
    }
    while (end > text && strchr(separators, end[-1]) != NULL) {
        end--;
    }
    if (text == end) {
        return used;
    }
    if (used > 0) {
        kept[used++] = ';';
        kept[used++] = ' ';
    }
    memcpy(kept + used, text, (size_t)(end - text));
    return used + (size_t)(end - text);
}

const char *authp_credential_strip(const char *header, apr_pool_t *pool)
{
    const char *ours = find_ours(header);
    if (ours == NULL) {
        return header;
    }
    size_t used = 0;
    char *kept = apr_palloc(pool, strlen(header) + 1);
    for (const char *at = header; at != NULL;) {
        const char *end = ours != NULL ? ours : at + strlen(at);
        /* The quote before a quoted name is removed together with the name. */
        while (ours != NULL && end > at && end[-1] == '"') {
            end--;
        }
        used = append_span(kept, used, at, end);
        at = ours != NULL ? strpbrk(ours, ";,") : NULL;
        ours = at != NULL ? find_ours(at) : NULL;
    }
    kept[used] = '\0';
    return used > 0 ? kept : NULL;
}

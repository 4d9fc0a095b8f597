/* SPDX-License-Identifier: Apache-2.0 */
#include "net/origin.h"
#include "base/text.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#define HOST_MAX 253
#define RETURN_TO_MAX 4096

typedef struct span_t {
    const char *at;
    size_t len;
} span_t;

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char *lower_copy(span_t span, apr_pool_t *pool)
{
    char *text = apr_pstrmemdup(pool, span.at, span.len);
    authp_text_lower(text);
    return text;
}

/* The length of the RFC 3986 scheme at the start. 0 if there is none. */
static size_t scheme_len(const char *text)
{
    size_t len = 0;
    if (!is_alpha(text[0])) {
        return 0;
    }
    while (is_alpha(text[len]) || is_digit(text[len]) ||
           (text[len] != '\0' && strchr("+-.", text[len]))) {
        len++;
    }
    return len;
}

/* True for a DNS-like name. Underscores are allowed, because they are common in container networks.
 * Only the last label may be empty. */
static bool is_name(span_t host)
{
    if (host.len == 0 || host.len > HOST_MAX || host.at[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_' && c != '.') {
            return false;
        }
        if (c == '.' && host.at[i - 1] == '.') {
            return false;
        }
    }
    return true;
}

/* Returns the canonical spelling of an IPv6 address, which is the one that browsers send. NULL if
 * it is no address. */
static const char *ipv6(span_t inner, apr_pool_t *pool)
{
    unsigned char address[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, apr_pstrmemdup(pool, inner.at, inner.len), address) != 1 ||
        inet_ntop(AF_INET6, address, text, sizeof(text)) == NULL) {
        return NULL;
    }
    return apr_pstrcat(pool, "[", text, "]", NULL);
}

/* Returns a port number. 0: the port is empty and means the default. -1: it is no port. */
static int port_number(span_t port)
{
    int number = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (!is_digit(port.at[i])) {
            return -1;
        }
        number = number * 10 + (port.at[i] - '0');
        if (number > 65535) {
            return -1;
        }
    }
    return port.len > 0 && number == 0 ? -1 : number;
}

/* Returns the normal form of "host[:port]". NULL if the text is not of that form. */
static const char *authority(const char *scheme, span_t text, apr_pool_t *pool)
{
    const char *end = text.at + text.len;
    const char *host = NULL;
    const char *after = NULL;
    if (text.len > 0 && text.at[0] == '[') {
        const char *close = memchr(text.at, ']', text.len);
        if (close == NULL) {
            return NULL;
        }
        host = ipv6((span_t){text.at + 1, (size_t)(close - text.at - 1)}, pool);
        after = close + 1;
    } else {
        const char *colon = memchr(text.at, ':', text.len);
        after = colon != NULL ? colon : end;
        span_t name = {text.at, (size_t)(after - text.at)};
        host = is_name(name) ? lower_copy(name, pool) : NULL;
    }
    if (host == NULL || (after < end && *after != ':')) {
        return NULL;
    }
    const char *digits = after < end ? after + 1 : end;
    int port = port_number((span_t){digits, (size_t)(end - digits)});
    if (port < 0) {
        return NULL;
    }
    int usual = strcmp(scheme, "https") == 0 ? 443 : strcmp(scheme, "http") == 0 ? 80 : 0;
    return port == 0 || port == usual ? host : apr_psprintf(pool, "%s:%d", host, port);
}

/* True if the text is empty or only a path. A query, a fragment or a byte that no URL may have is
 * refused. */
static bool is_path(const char *text)
{
    if (*text != '/') {
        return *text == '\0';
    }
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text >= 0x7f || strchr("?#\\", *text) != NULL) {
            return false;
        }
    }
    return true;
}

authp_err_t authp_origin_parse(const char *text, bool url_ok, const char **out, apr_pool_t *pool)
{
    size_t len = text == NULL ? 0 : scheme_len(text);
    if (len == 0 || strncmp(text + len, "://", 3) != 0) {
        return AUTHP_E_MALFORMED;
    }
    const char *scheme = lower_copy((span_t){text, len}, pool);
    const char *start = text + len + 3;
    span_t place = {start, strcspn(start, "/?#\\")};
    const char *rest = start + place.len;
    if (url_ok ? !is_path(rest) : *rest != '\0') {
        return AUTHP_E_MALFORMED;
    }
    const char *normal = authority(scheme, place, pool);
    if (normal == NULL) {
        return AUTHP_E_MALFORMED;
    }
    *out = apr_pstrcat(pool, scheme, "://", normal, NULL);
    return AUTHP_OK;
}

authp_err_t authp_origin_own(const char *scheme, const char *host, const char **out,
                             apr_pool_t *pool)
{
    if (scheme == NULL || host == NULL) {
        return AUTHP_E_MALFORMED;
    }
    const char *normal = authority(scheme, (span_t){host, strlen(host)}, pool);
    if (normal == NULL) {
        return AUTHP_E_MALFORMED;
    }
    *out = apr_pstrcat(pool, scheme, "://", normal, NULL);
    return AUTHP_OK;
}

static bool has_double_slash(const char *decoded, size_t path_len)
{
    for (size_t i = 1; i < path_len; i++) {
        if (decoded[i] == '/' && decoded[i - 1] == '/') {
            return true;
        }
    }
    return false;
}

/* True if a browser might leave this host for it. The caller checks the text as sent and as
 * decoded, because browsers differ in which of the two they use. */
static bool leads_away(const char *text)
{
    size_t len = strlen(text);
    if (text[0] != '/' || strchr(text, '\\') != NULL) {
        return true;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Escapes bytes that a header or a URL must not contain. Escapes in the text do not change. */
static const char *escape_rest(const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *escaped = apr_palloc(pool, strlen(text) * 3 + 1);
    char *out = escaped;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte > 0x20 && byte < 0x7f && strchr("\"<>^`{|}", *text) == NULL) {
            *out++ = *text;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 0x0Fu];
    }
    *out = '\0';
    return escaped;
}

const char *authp_origin_return_to(const char *text, apr_pool_t *pool)
{
    if (text == NULL || strlen(text) > RETURN_TO_MAX || leads_away(text)) {
        return "/";
    }
    const char *decoded = authp_text_url_decode(text, false, pool);
    if (decoded == NULL || leads_away(decoded)) {
        return "/";
    }
    /* Only the path is checked for "//": in a query such as "?next=https://..." it is allowed. */
    const char *path =
        authp_text_url_decode(apr_pstrmemdup(pool, text, strcspn(text, "?#")), false, pool);
    if (path == NULL || has_double_slash(path, strlen(path))) {
        return "/";
    }
    return escape_rest(text, pool);
}

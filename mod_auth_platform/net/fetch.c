/* SPDX-License-Identifier: Apache-2.0 */
#include "net/fetch.h"
#include "net/origin.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_AGE_MOST INT64_C(31536000) /* a year; a larger number counts as this one */

authp_err_t authp_fetch(const authp_fetcher_t *fetcher, const authp_fetch_t *request,
                        authp_fetched_t *out, apr_pool_t *pool)
{
    return fetcher->fetch(fetcher->ctx, request, out, pool);
}

static bool is_loopback(const char *origin)
{
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        size_t len = strlen(hosts[i]);
        if (strncmp(origin, hosts[i], len) == 0 && (origin[len] == '\0' || origin[len] == ':')) {
            return true;
        }
    }
    return false;
}

/* Path and query: printable ASCII without the characters that RFC 3986 excludes. A backslash is
 * among them: some programs read it as a slash, and find another host in the URL. */
static bool is_clean(const char *rest)
{
    for (; *rest != '\0'; rest++) {
        if (*rest <= ' ' || *rest >= 0x7f || strchr("\"<>\\^`{|}#", *rest) != NULL) {
            return false;
        }
    }
    return true;
}

/* Returns the origin of a URL that fits. NULL if it does not. */
static const char *origin_of(const char *url, apr_pool_t *pool)
{
    const char *origin = NULL;
    size_t len = url == NULL ? 0 : strnlen(url, AUTHP_FETCH_URL_MOST + 1);
    const char *host = len > 0 && len <= AUTHP_FETCH_URL_MOST ? strstr(url, "://") : NULL;
    if (host == NULL || !is_clean(url)) {
        return NULL;
    }
    const char *rest = host + 3 + strcspn(host + 3, "/?");
    const char *start = apr_pstrmemdup(pool, url, (size_t)(rest - url));
    if (authp_origin_parse(start, false, &origin, pool) != AUTHP_OK) {
        return NULL;
    }
    return strncmp(origin, "https://", 8) == 0 || is_loopback(origin) ? origin : NULL;
}

bool authp_fetch_url_fits(const char *url)
{
    apr_pool_t *scratch = NULL;
    if (apr_pool_create_unmanaged_ex(&scratch, NULL, NULL) != APR_SUCCESS) {
        abort();
    }
    bool fits = origin_of(url, scratch) != NULL;
    apr_pool_destroy(scratch);
    return fits;
}

const char *authp_fetch_origin(const char *url, apr_pool_t *pool)
{
    const char *origin = origin_of(url, pool);
    return origin != NULL ? origin : "?";
}

static bool is_word(const char *at, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

/* The value of one directive of Cache-Control. -1: it says nothing about the time. */
static int64_t age_of(const char *at, size_t len)
{
    static const char name[] = "max-age=";
    const size_t skip = sizeof(name) - 1;
    int64_t seconds = 0;
    if (is_word(at, len, "no-store") || is_word(at, len, "no-cache")) {
        return 0;
    }
    if (len <= skip || strncasecmp(at, name, skip) != 0) {
        return -1;
    }
    for (size_t i = skip; i < len; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return 0; /* RFC 9111 section 4.2.1: a value that is wrong counts as stale */
        }
        seconds = seconds * 10 + (at[i] - '0');
        if (seconds > MAX_AGE_MOST) {
            seconds = MAX_AGE_MOST;
        }
    }
    return seconds;
}

int64_t authp_fetch_max_age(const char *cache_control, size_t len)
{
    int64_t least = -1;
    const char *end = cache_control + len;
    while (cache_control < end) {
        const char *comma = memchr(cache_control, ',', (size_t)(end - cache_control));
        const char *stop = comma != NULL ? comma : end;
        const char *from = cache_control;
        const char *to = stop;
        while (from < to && strchr(" \t\r\n", *from) != NULL) {
            from++;
        }
        while (from < to && strchr(" \t\r\n", to[-1]) != NULL) {
            to--;
        }
        int64_t seconds = age_of(from, (size_t)(to - from));
        if (seconds >= 0 && (least < 0 || seconds < least)) {
            least = seconds;
        }
        cache_control = stop < end ? stop + 1 : end;
    }
    return least;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which URLs the client may fetch, and how long an answer may be kept. */
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "net/fetch.h"
#include "suite.h"

static const struct {
    const char *url;
    const char *origin; /* NULL: does not fit */
} urls[] = {
    {"https://accounts.google.com", "https://accounts.google.com"},
    {"https://accounts.google.com/.well-known/openid-configuration?a=b&c=%20",
     "https://accounts.google.com"},
    {"https://Login.Example.ORG:443/", "https://login.example.org"},
    {"https://127.0.0.1:8443/x", "https://127.0.0.1:8443"},
    {"https://example.org?x@evil.example", "https://example.org"},
    {"https://example.org/x@y", "https://example.org"},
    {"http://localhost", "http://localhost"},
    {"http://localhost:8080/jwks", "http://localhost:8080"},
    {"http://127.0.0.1:9/", "http://127.0.0.1:9"},
    {"http://[::1]:9/", "http://[::1]:9"},
    {"http://[0::1]:9/", "http://[::1]:9"},
    {NULL, NULL},
    {"", NULL},
    {"https://", NULL},
    {"https:///path", NULL},
    {"https://:443/", NULL},
    {"https://example.org:0/", NULL},
    {"https://example.org:65536/", NULL},
    {"http://example.org/", NULL},
    {"http://localhost.example.org/", NULL},
    {"http://localhost./", NULL},
    {"http://127.0.0.10/", NULL},
    {"http://127.1/", NULL},
    {"http://[::2]/", NULL},
    {"http://[::ffff:127.0.0.1]/", NULL},
    {"ftp://localhost/", NULL},
    {"file:///etc/passwd", NULL},
    {"gopher://127.0.0.1/", NULL},
    {"//localhost/", NULL},
    {"localhost/", NULL},
    {"https://user@example.org/", NULL},
    {"https://user:pass@example.org/", NULL},
    {"http://localhost@evil.example/", NULL},
    {"http://localhost\\@evil.example/", NULL},
    {"https://example.org\\x", NULL},
    {"https://example.org/\\x", NULL},
    {"https://example.org/#fragment", NULL},
    {"https://example.org/a b", NULL},
    {" https://example.org/", NULL},
    {"https://example.org/a\r\nHost: x", NULL},
    {"https://example.org/\x7f", NULL},
    {"https://example.org/\xc3\xa9", NULL},
    {"https://ex\xc3\xa4mple.org/", NULL},
    {"https://example..org/", NULL},
    {"https://[::1/", NULL},
    {"https://exa%6dple.org/", NULL},
};

START_TEST(addresses)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_fetch_url_fits(urls[_i].url), urls[_i].origin != NULL);
    ck_assert_str_eq(authp_fetch_origin(urls[_i].url, pool),
                     urls[_i].origin != NULL ? urls[_i].origin : "?");
    apr_pool_destroy(pool);
}
END_TEST

START_TEST(length)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    char *url = apr_palloc(pool, AUTHP_FETCH_URL_MOST + 2);
    memset(url, 'a', AUTHP_FETCH_URL_MOST + 1);
    memcpy(url, "https://example.org/", 20);
    url[AUTHP_FETCH_URL_MOST + 1] = '\0';
    ck_assert(!authp_fetch_url_fits(url));
    url[AUTHP_FETCH_URL_MOST] = '\0';
    ck_assert(authp_fetch_url_fits(url));
    apr_pool_destroy(pool);
}
END_TEST

/* Each byte alone, in the path, the query and the host. RFC 3986 allows what is listed here. */
START_TEST(bytes_of_a_url)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-._~:/?[]@!$&'()*+,;=%";
    char path[] = "https://example.org/a?b";
    for (int byte = 1; byte < 256; byte++) {
        bool fits = strchr(allowed, byte) != NULL;
        path[20] = (char)byte;
        ck_assert_msg(authp_fetch_url_fits(path) == fits, "byte %d", byte);
        path[20] = 'a';
        path[22] = (char)byte;
        ck_assert_msg(authp_fetch_url_fits(path) == fits, "byte %d of the query", byte);
        path[22] = 'b';
    }
}
END_TEST

static const struct {
    const char *header;
    int64_t seconds;
} ages[] = {
    {"", -1},
    {"public", -1},
    {"max-age=0", 0},
    {"max-age=300", 300},
    {"public, max-age=22123, must-revalidate, no-transform", 22123},
    {"public,MAX-AGE=7 ", 7},
    {"max-age=600, no-store", 0},
    {"No-Cache", 0},
    {"max-age=600, max-age=60", 60},
    {"s-maxage=60", -1},
    {"max-age=", -1},
    {"max-age=-1", 0},
    {"max-age=\"60\"", 0},
    {"max-age=60s", 0},
    {"max-age=99999999999999999999999", 31536000},
    {"max-age=31535999", 31535999},
    {"max-age=31536000", 31536000},
    {"max-age=31536001", 31536000},
    {"max-age=60, max-age=600", 60},
    {"max-age=0, max-age=600", 0},
    {"private, NO-STORE", 0},
    {" \t\r\nmax-age=8\t", 8},
    {"max-age=8\r,public", 8},
    {"max-age=8\n", 8},
    {"max-age=8 8", 0},
    {"max-age=8/", 0},
    {"max-age=8:", 0},
    {"max-age", -1},
    {"max-agex60", -1},
    {"no-stor", -1},
    {",,,", -1},
    {"no-storex", -1},
};

START_TEST(cache_control)
{
    ck_assert_int_eq(authp_fetch_max_age(ages[_i].header, strlen(ages[_i].header)),
                     ages[_i].seconds);
}
END_TEST

static authp_err_t answer(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                          apr_pool_t *pool)
{
    *out = (authp_fetched_t){.status = 204, .body = apr_pstrdup(pool, request->url)};
    return *(authp_err_t *)ctx;
}

START_TEST(forwards)
{
    apr_pool_t *pool = NULL;
    authp_err_t err = AUTHP_E_BUSY;
    const authp_fetcher_t fetcher = {answer, &err};
    const authp_fetch_t request = {.url = "https://example.org/"};
    authp_fetched_t out = {0};
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_fetch(&fetcher, &request, &out, pool), AUTHP_E_BUSY);
    ck_assert_str_eq(out.body, request.url);
    apr_pool_destroy(pool);
}
END_TEST

Suite *suite_fetch(void)
{
    Suite *suite = suite_create("fetch");
    TCase *tests = tcase_create("fetch");
    tcase_add_loop_test(tests, addresses, 0, (int)(sizeof(urls) / sizeof(urls[0])));
    tcase_add_test(tests, length);
    tcase_add_test(tests, bytes_of_a_url);
    tcase_add_loop_test(tests, cache_control, 0, (int)(sizeof(ages) / sizeof(ages[0])));
    tcase_add_test(tests, forwards);
    suite_add_tcase(suite, tests);
    return suite;
}

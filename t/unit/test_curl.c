/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server that behaves well, badly, or not at all. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "http_peer.h"
#include "net/curl.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define PATIENCE_MS 20000 /* for what should work at once, on a busy machine */
#define BRIEF_MS 400      /* for what must run into its time-out */
#define LIMIT 65536

static apr_pool_t *pool;
static http_peer_t peer;
static authp_fetcher_t *fetcher;
static char lines[4000]; /* of the log */

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    if (strlen(lines) + strlen(message) + 2 < sizeof(lines)) {
        strcat(strcat(lines, message), "\n");
    }
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
    http_peer_start(&peer);
    ck_assert_int_eq(authp_curl_make(NULL, 4, &fetcher, pool), AUTHP_OK);
}

static void tear_down(void)
{
    /* Closes the connections that are kept. */
    apr_pool_destroy(pool);
    http_peer_stop(&peer);
    authp_log_set_sink(NULL, NULL);
}

static authp_fetch_t request_for(const char *path)
{
    return (authp_fetch_t){
        .url = http_peer_url(&peer, path, pool), .timeout_ms = PATIENCE_MS, .limit = LIMIT};
}

static authp_fetched_t fetched(const authp_fetch_t *request)
{
    authp_fetched_t out = {0};
    ck_assert_int_eq(authp_fetch(fetcher, request, &out, pool), AUTHP_OK);
    ck_assert_uint_eq(strlen(out.body), out.len);
    return out;
}

static authp_fetched_t fetched_from(const char *path)
{
    const authp_fetch_t request = request_for(path);
    return fetched(&request);
}

START_TEST(answers)
{
    authp_fetched_t out = fetched_from("/ok");
    ck_assert_int_eq(out.status, 200);
    ck_assert_str_eq(out.body, "{\"ok\":true}");
    ck_assert_int_eq(out.max_age, -1);
    ck_assert_int_eq(fetched_from("/nothing").status, 404);
    ck_assert_str_eq(lines, "");
}
END_TEST

static const struct {
    const char *path;
    int64_t max_age;
} ages[] = {{"/cc/max-age=600", 600},
            {"/cc/no-store", 0},
            {"/cc/public,max-age=60,no-cache", 0},
            {"/cc/public", -1},
            {"/interim", -1}};

START_TEST(cache_control)
{
    authp_fetched_t out = fetched_from(ages[_i].path);
    ck_assert_int_eq(out.status, 200);
    ck_assert_int_eq(out.max_age, ages[_i].max_age);
    ck_assert_ptr_null(out.location); /* nor the one of an interim answer */
}
END_TEST

START_TEST(get_says_little)
{
    const char *text = fetched_from("/echo").body;
    ck_assert_ptr_nonnull(strstr(text, "GET /echo HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nAccept: application/json\r\n"));
    ck_assert_ptr_null(strstr(text, "Accept-Encoding"));
    ck_assert_ptr_null(strstr(text, "Authorization"));
    /* No cookie of the answer before. */
    ck_assert_ptr_null(strstr(fetched_from("/echo").body, "Cookie"));
}
END_TEST

START_TEST(posts_a_form)
{
    authp_fetch_t request = request_for("/echo");
    request.form = "grant_type=authorization_code&code=a%2Bb";
    request.user = "client";
    request.password = authp_secret_make("s:cret", 6, pool);
    request.accept = "text/plain";
    const char *text = fetched(&request).body;
    ck_assert_ptr_nonnull(strstr(text, "POST /echo HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nAccept: text/plain\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nAuthorization: Basic Y2xpZW50OnM6Y3JldA==\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\n\r\ngrant_type=authorization_code&code=a%2Bb"));
    /* Nothing of it is left for the next request of this handle. */
    text = fetched_from("/echo").body;
    ck_assert_ptr_nonnull(strstr(text, "GET /echo"));
    ck_assert_ptr_null(strstr(text, "Authorization"));
    ck_assert_ptr_null(strstr(text, "grant_type"));
}
END_TEST

START_TEST(bears_a_token)
{
    authp_fetch_t request = request_for("/echo");
    request.bearer = "token-token";
    ck_assert_ptr_nonnull(
        strstr(fetched(&request).body, "\r\nAuthorization: Bearer token-token\r\n"));
    ck_assert_ptr_null(strstr(fetched_from("/echo").body, "token"));
    request.bearer = "token\r\nX-Other: x";
    authp_fetched_t out = {0};
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
}
END_TEST

static const char *const redirects[] = {"/status/301", "/status/302", "/status/303", "/status/307",
                                        "/status/308"};

START_TEST(redirects_are_not_followed)
{
    authp_fetched_t out = fetched_from(redirects[_i]);
    ck_assert_int_eq(out.status, atoi(redirects[_i] + 8));
    ck_assert_str_eq(out.body, "moved");
    ck_assert_str_eq(out.location, "/ok");
    ck_assert_ptr_null(fetched_from("/ok").location);
    ck_assert_int_eq(peer.requests, 2);
}
END_TEST

START_TEST(connections_are_kept)
{
    ck_assert_str_eq(fetched_from("/count").body, "1");
    ck_assert_str_eq(fetched_from("/count").body, "2");
    ck_assert_str_eq(fetched_from("/count").body, "3");
}
END_TEST

/* A form is never sent on a connection that was used before: if the server closes it, libcurl sends
 * the request again, and so a code that works once. */
START_TEST(forms_have_a_connection_of_their_own)
{
    authp_fetch_t request = request_for("/count");
    request.form = "code=x";
    ck_assert_str_eq(fetched_from("/count").body, "1");
    ck_assert_str_eq(fetched(&request).body, "1");
    ck_assert_str_eq(fetched(&request).body, "1");
}
END_TEST

/* Passwords of the account that runs httpd go nowhere. */
START_TEST(no_netrc)
{
    char home[] = "/tmp/authp-curl-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(home));
    const char *path = apr_pstrcat(pool, home, "/.netrc", NULL);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fputs("machine 127.0.0.1 login somebody password of-the-account\n", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(setenv("HOME", home, 1), 0);
    const char *text = fetched_from("/echo").body;
    (void)unlink(path);
    (void)rmdir(home);
    ck_assert_ptr_null(strstr(text, "Authorization"));
}
END_TEST

/* A proxy of the environment would see tokens, and could be set by another part of a server. */
START_TEST(no_proxy)
{
    const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    for (int i = 0; i < COUNT(names); i++) {
        ck_assert_int_eq(setenv(names[i], "http://127.0.0.1:1", 1), 0);
    }
    ck_assert_int_eq(fetched_from("/ok").status, 200);
}
END_TEST

static const struct {
    const char *path;
    int timeout_ms;
    authp_err_t err;
} faults[] = {
    {"/size/65537", PATIENCE_MS, AUTHP_E_TOO_LARGE},
    {"/size/1048576", PATIENCE_MS, AUTHP_E_TOO_LARGE},
    {"/stream/65537", PATIENCE_MS, AUTHP_E_TOO_LARGE},
    {"/stream/1048576", PATIENCE_MS, AUTHP_E_TOO_LARGE},
    {"/headers", PATIENCE_MS, AUTHP_E_TOO_LARGE},
    {"/half", PATIENCE_MS, AUTHP_E_UNAVAILABLE},
    {"/garbage", PATIENCE_MS, AUTHP_E_UNAVAILABLE},
    {"/close", PATIENCE_MS, AUTHP_E_UNAVAILABLE},
    {"/never", BRIEF_MS, AUTHP_E_UNAVAILABLE},
    {"/drip", BRIEF_MS, AUTHP_E_UNAVAILABLE},
    {"/drip-header", BRIEF_MS, AUTHP_E_UNAVAILABLE},
};

/* Each failure ends within its time and is logged once, without a path. The client works
 * afterwards.
 */
START_TEST(faulty_answers)
{
    const char *path = apr_pstrcat(pool, faults[_i].path, NULL);
    authp_fetch_t request = request_for(path);
    authp_fetched_t out = {.status = 7};
    request.timeout_ms = faults[_i].timeout_ms;
    const authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), faults[_i].err);
    ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - began, 10000);
    ck_assert_int_eq(out.status, 7);
    ck_assert_ptr_null(out.body);
    const char *expected =
        apr_psprintf(pool, "%s: http://127.0.0.1:%d: ",
                     faults[_i].err == AUTHP_E_TOO_LARGE ? "AUTHP0010" : "AUTHP0011", peer.port);
    ck_assert_ptr_eq(strstr(lines, expected), lines);
    ck_assert_ptr_eq(strchr(lines, '\n'), lines + strlen(lines) - 1);
    ck_assert_ptr_null(strstr(lines, path));
    ck_assert_int_eq(fetched_from("/ok").status, 200);
}
END_TEST

START_TEST(as_large_as_allowed)
{
    ck_assert_uint_eq(fetched_from("/size/65536").len, 65536);
    ck_assert_uint_eq(fetched_from("/stream/65536").len, 65536);
    ck_assert_uint_eq(fetched_from("/size/0").len, 0);
}
END_TEST

START_TEST(nobody_listens)
{
    http_peer_t gone;
    authp_fetched_t out = {0};
    http_peer_start(&gone);
    http_peer_stop(&gone);
    authp_fetch_t request = {.url = http_peer_url(&gone, "/secret?code=hush", pool),
                             .form = "code=hush",
                             .user = "client",
                             .password = authp_secret_make("hush", 4, pool),
                             .timeout_ms = PATIENCE_MS,
                             .limit = LIMIT};
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(lines, "AUTHP0011"));
    ck_assert_ptr_null(strstr(lines, "hush"));
    ck_assert_ptr_null(strstr(lines, "secret"));
    ck_assert_ptr_null(strstr(lines, "client"));
    ck_assert_ptr_nonnull(strstr(out.why, "connect"));
}
END_TEST

static const char *const other_urls[] = {
    "http://example.org/",        "file:///etc/hostname",  "ftp://127.0.0.1/",
    "https://user:p@127.0.0.1/x", "https://127.0.0.1/\nx", "http://127.0.0.1\\@example.org/"};

START_TEST(urls_that_do_not_fit)
{
    authp_fetched_t out = {0};
    const authp_fetch_t request = {
        .url = other_urls[_i], .timeout_ms = PATIENCE_MS, .limit = LIMIT};
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
}
END_TEST

typedef struct call_t {
    pthread_t thread;
    authp_err_t err;
} call_t;

static void *call_never(void *data)
{
    call_t *call = data;
    apr_pool_t *own = NULL;
    authp_fetched_t out = {0};
    apr_pool_create(&own, NULL);
    const authp_fetch_t request = {
        .url = http_peer_url(&peer, "/never", own), .timeout_ms = 3000, .limit = LIMIT};
    call->err = authp_fetch(fetcher, &request, &out, own);
    apr_pool_destroy(own);
    return NULL;
}

/* Four requests run at a time. The fifth is AUTHP_E_BUSY at once. When one ends, another may run.
 */
START_TEST(busy)
{
    call_t calls[4];
    authp_fetched_t out = {0};
    const authp_fetch_t request = request_for("/ok");
    for (int i = 0; i < COUNT(calls); i++) {
        ck_assert_int_eq(pthread_create(&calls[i].thread, NULL, call_never, &calls[i]), 0);
    }
    while (peer.requests < COUNT(calls)) {
        sched_yield();
    }
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_BUSY);
    for (int i = 0; i < COUNT(calls); i++) {
        pthread_join(calls[i].thread, NULL);
        ck_assert_int_eq(calls[i].err, AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(fetched_from("/ok").status, 200);
}
END_TEST

/* The signals of the caller are as before, and nothing is pending. */
START_TEST(signals)
{
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    fetched_from("/ok");
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int number = 1; number < 32; number++) {
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    }
    ck_assert_int_eq(sigpending(&after), 0);
    ck_assert_int_eq(sigismember(&after, SIGPIPE), 0);
}
END_TEST

/* As a reload does it. */
START_TEST(made_and_released_often)
{
    for (int i = 0; i < 20; i++) {
        apr_pool_t *own = NULL;
        authp_fetcher_t *other = NULL;
        authp_fetched_t out = {0};
        const authp_fetch_t request = request_for("/ok");
        apr_pool_create(&own, NULL);
        ck_assert_int_eq(authp_curl_make(NULL, 1, &other, own), AUTHP_OK);
        ck_assert_int_eq(authp_fetch(other, &request, &out, own), AUTHP_OK);
        ck_assert_int_eq(out.status, 200);
        apr_pool_destroy(own);
    }
    ck_assert_int_eq(fetched_from("/ok").status, 200);
}
END_TEST

Suite *suite_curl(void)
{
    Suite *suite = suite_create("curl");
    TCase *tests = tcase_create("curl");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, answers);
    tcase_add_loop_test(tests, cache_control, 0, COUNT(ages));
    tcase_add_test(tests, get_says_little);
    tcase_add_test(tests, posts_a_form);
    tcase_add_test(tests, bears_a_token);
    tcase_add_loop_test(tests, redirects_are_not_followed, 0, COUNT(redirects));
    tcase_add_test(tests, connections_are_kept);
    tcase_add_test(tests, forms_have_a_connection_of_their_own);
    tcase_add_test(tests, no_netrc);
    tcase_add_test(tests, no_proxy);
    tcase_add_loop_test(tests, faulty_answers, 0, COUNT(faults));
    tcase_add_test(tests, as_large_as_allowed);
    tcase_add_test(tests, nobody_listens);
    tcase_add_loop_test(tests, urls_that_do_not_fit, 0, COUNT(other_urls));
    tcase_add_test(tests, busy);
    tcase_add_test(tests, signals);
    tcase_add_test(tests, made_and_released_often);
    suite_add_tcase(suite, tests);
    return suite;
}

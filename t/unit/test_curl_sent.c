/* SPDX-License-Identifier: Apache-2.0 */
/* What else the HTTP client can send: a body of JSON, a header line that is a secret, a request
 * that is sent once, and one that is cancelled. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <apr_pools.h>

#include "base/clock.h"
#include "http_peer.h"
#include "net/curl.h"
#include "suite.h"

#define PATIENCE_MS 20000 /* for what should work at once, on a busy machine */

static apr_pool_t *pool;
static http_peer_t peer;
static authp_fetcher_t *fetcher;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    http_peer_start(&peer);
    ck_assert_int_eq(authp_curl_make(NULL, 4, &fetcher, pool), AUTHP_OK);
}

static void tear_down(void)
{
    /* Closes the connections that are kept. */
    apr_pool_destroy(pool);
    http_peer_stop(&peer);
}

static authp_fetch_t request_for(const char *path)
{
    return (authp_fetch_t){
        .url = http_peer_url(&peer, path, pool), .timeout_ms = PATIENCE_MS, .limit = 65536};
}

static authp_fetched_t fetched(const authp_fetch_t *request)
{
    authp_fetched_t out = {0};
    ck_assert_int_eq(authp_fetch(fetcher, request, &out, pool), AUTHP_OK);
    return out;
}

static authp_fetched_t fetched_from(const char *path)
{
    const authp_fetch_t request = request_for(path);
    return fetched(&request);
}

START_TEST(posts_json_with_a_key)
{
    authp_fetched_t out = {0};
    authp_fetch_t request = request_for("/echo");
    request.json = "{\"a\":1}";
    request.secret_name = "authkey";
    request.secret = authp_secret_make("k-1", 3, pool);
    const char *text = fetched(&request).body;
    ck_assert_ptr_nonnull(strstr(text, "POST /echo HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nAccept: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nauthkey: k-1\r\n"));
    ck_assert_ptr_nonnull(strstr(text, "\r\n\r\n{\"a\":1}"));
    ck_assert_ptr_null(strstr(fetched_from("/echo").body, "authkey"));
    /* Not both kinds of body, no line that ends inside, and both parts of it. */
    request.form = "a=1";
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
    request.form = NULL;
    request.secret = authp_secret_make("k\r\nX-Other: x", 13, pool);
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
    request.secret = authp_secret_make("k\0k", 3, pool);
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
    request.secret = NULL;
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
    request.secret = authp_secret_make("k-1", 3, pool);
    request.secret_name = "auth\nkey";
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
    request.secret_name = NULL;
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
}
END_TEST

static const struct {
    const char *accept;
    const char *bearer;
    const char *name; /* of the line with the secret */
    const char *secret;
} odd[] = {
    {.accept = "text/plain\rX-Other: x"}, {.accept = "text/plain\n"},
    {.bearer = "token\rX-Other: x"},      {.bearer = "token\n"},
    {.name = "authkey", .secret = "k\r"}, {.name = "authkey", .secret = "k\n"},
    {.name = "Authkey", .secret = "k"},   {.name = "auth key", .secret = "k"},
    {.name = "auth:", .secret = "k"},     {.name = "auth_key", .secret = "k"},
    {.name = "auth1", .secret = "k"},
};

/* Nothing is sent of a request that would have more lines, or a line of another kind. */
START_TEST(lines_that_do_not_fit)
{
    authp_fetched_t out = {0};
    authp_fetch_t request = request_for("/ok");
    request.accept = odd[_i].accept;
    request.bearer = odd[_i].bearer;
    request.secret_name = odd[_i].name;
    if (odd[_i].secret != NULL) {
        request.secret = authp_secret_make(odd[_i].secret, strlen(odd[_i].secret), pool);
    }
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_MALFORMED);
    ck_assert_int_eq(peer.requests, 0);
    request.accept = request.bearer = NULL;
    request.secret_name = "abcdefghijklmnopqrstuvwxyz-";
    request.secret = authp_secret_make("", 0, pool);
    ck_assert_int_eq(fetched(&request).status, 200);
}
END_TEST

/* libcurl looks at `cancel` about once a second. */
START_TEST(is_cancelled)
{
    authp_fetched_t out = {0};
    atomic_bool cancel = true;
    authp_fetch_t request = request_for("/never");
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    request.cancel = &cancel;
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - began, PATIENCE_MS / 2);
    cancel = false;
    request.url = http_peer_url(&peer, "/ok", pool);
    ck_assert_int_eq(fetched(&request).status, 200);
}
END_TEST

static void *cancel_soon(void *data)
{
    atomic_bool *cancel = data;
    usleep(100000);
    *cancel = true;
    return NULL;
}

START_TEST(is_cancelled_meanwhile)
{
    pthread_t thread;
    authp_fetched_t out = {0};
    atomic_bool cancel = false;
    authp_fetch_t request = request_for(_i == 0 ? "/never" : "/drip");
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    request.cancel = &cancel;
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - began, PATIENCE_MS / 2);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

/* A connection that is kept serves the next request, except for one that must be sent once. */
START_TEST(a_connection_of_its_own)
{
    authp_fetch_t request = request_for("/count");
    ck_assert_str_eq(fetched(&request).body, "1");
    ck_assert_str_eq(fetched(&request).body, "2");
    request.once = true;
    ck_assert_str_eq(fetched(&request).body, "1");
}
END_TEST

Suite *suite_curl_sent(void)
{
    Suite *suite = suite_create("curl_sent");
    TCase *tests = tcase_create("curl_sent");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, posts_json_with_a_key);
    tcase_add_loop_test(tests, lines_that_do_not_fit, 0, (int)(sizeof(odd) / sizeof(odd[0])));
    tcase_add_test(tests, is_cancelled);
    tcase_add_loop_test(tests, is_cancelled_meanwhile, 0, 2);
    tcase_add_test(tests, a_connection_of_its_own);
    suite_add_tcase(suite, tests);
    return suite;
}

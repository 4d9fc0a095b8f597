/* SPDX-License-Identifier: Apache-2.0 */
/* What is wiped of secrets that go to other servers, and of one-time codes. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "fake_clock.h"
#include "http_peer.h"
#include "net/curl.h"
#include "otp_fixture.h"
#include "service/otp/later.h"
#include "service/otp/msg91.h"
#include "suite.h"
#include "wiped.h"

#define CODE "271828"
#define PHONE "+919876543210"
#define ACCEPTED "{\"type\":\"success\",\"request_id\":\"366b6a6f7861303230373538\"}"
#define VERIFIED "{\"type\":\"success\",\"message\":\"OTP verified success\"}"
#define PATIENCE_MS 20000 /* for what should work at once, on a busy machine */

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    wiped_watch(NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    wiped_watch(NULL);
}

/* A header line with a secret: the text, and libcurl's copy. An answer that repeats it: with the
 * request's pool. */
START_TEST(a_request_with_a_secret)
{
    http_peer_t peer;
    apr_pool_t *brief = NULL;
    authp_fetcher_t *fetcher = NULL;
    authp_fetched_t out = {0};
    authp_fetch_t request = {.timeout_ms = PATIENCE_MS, .limit = 65536};
    http_peer_start(&peer);
    apr_pool_create(&brief, pool);
    request.url = http_peer_url(&peer, "/echo", pool);
    ck_assert_int_eq(authp_curl_make(NULL, 1, &fetcher, pool), AUTHP_OK);
    if (_i == 0) {
        request.bearer = WIPED_SECRET;
    } else {
        request.secret_name = "authkey";
        request.secret = authp_secret_make(WIPED_SECRET, strlen(WIPED_SECRET), pool);
    }
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, brief), AUTHP_OK);
    ck_assert_ptr_nonnull(strstr(out.body, _i == 0 ? "\r\nAuthorization: Bearer " WIPED_SECRET
                                                     "\r\n"
                                                   : "\r\nauthkey: " WIPED_SECRET "\r\n"));
    ck_assert_int_eq(wiped_count(), 2);
    apr_pool_destroy(brief);
    ck_assert_int_eq(wiped_count(), 1);
    http_peer_stop(&peer);
}
END_TEST

/* An answer of 60000 bytes arrives in pieces of at most 16384 bytes, and outgrows at least two
 * rooms that had a part of it. Each of them is wiped at once, and the last one with the pool. */
START_TEST(an_answer_that_grows)
{
    http_peer_t peer;
    apr_pool_t *brief = NULL;
    authp_fetcher_t *fetcher = NULL;
    authp_fetched_t out = {0};
    http_peer_start(&peer);
    apr_pool_create(&brief, pool);
    const authp_fetch_t request = {.url = http_peer_url(&peer, "/size/60000", pool),
                                   .timeout_ms = PATIENCE_MS,
                                   .limit = 65536};
    ck_assert_int_eq(authp_curl_make(NULL, 1, &fetcher, pool), AUTHP_OK);
    wiped_watch("xxxxxxxx");
    ck_assert_int_eq(authp_fetch(fetcher, &request, &out, brief), AUTHP_OK);
    ck_assert_uint_eq(out.len, 60000);
    ck_assert_int_ge(wiped_count(), 2);
    apr_pool_destroy(brief);
    ck_assert_int_eq(wiped_count(), 1);
    http_peer_stop(&peer);
}
END_TEST

/* --- codes ------------------------------------------------------------------------------------ */

static atomic_bool blocked;
static atomic_int begun;

static void send_it(void *ctx, const authp_otp_message_t *message, const atomic_bool *cancel,
                    apr_pool_t *scratch)
{
    (void)ctx, (void)message, (void)scratch;
    begun++;
    while (blocked && !atomic_load(cancel)) {
        usleep(1000);
    }
}

static authp_otp_message_t message_to(const char *phone)
{
    return (authp_otp_message_t){.phone = phone, .code = CODE, .length = 6, .minutes = 5};
}

/* A code that was sent: in the queue, and the copy of the thread. One that is left: with the queue.
 */
START_TEST(a_code_that_waits)
{
    fake_clock_t clock;
    apr_pool_t *brief = NULL;
    authp_otp_message_t message = message_to(PHONE);
    fake_clock_init(&clock);
    apr_pool_create(&brief, pool);
    blocked = _i == 1;
    begun = 0;
    authp_later_t *later = authp_later_make(send_it, NULL, &clock.clock, brief);
    wiped_watch(CODE);
    ck_assert_int_eq(authp_later_add(later, &message), AUTHP_OK);
    for (int i = 0; begun == 0 && i < PATIENCE_MS; i++) {
        usleep(1000);
    }
    ck_assert_int_eq(begun, 1);
    if (_i == 1) {
        message = message_to("+919876543211");
        ck_assert_int_eq(authp_later_add(later, &message), AUTHP_OK);
    }
    apr_pool_destroy(brief); /* also waits for the thread */
    ck_assert_int_eq(wiped_count(), 2 + _i);
}
END_TEST

static authp_err_t answer(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                          apr_pool_t *scratch)
{
    (void)ctx, (void)scratch;
    ck_assert_ptr_nonnull(strstr(request->url, CODE));
    const char *said = strstr(request->url, "/verify") != NULL ? VERIFIED : ACCEPTED;
    *out = (authp_fetched_t){.status = 200, .body = said, .len = strlen(said)};
    return AUTHP_OK;
}

/* The URL of a request to MSG91 has the code. */
START_TEST(the_url_with_a_code)
{
    static const authp_fetcher_t fetcher = {answer, NULL};
    authp_settings_t settings = {.msg91_auth_key = authp_secret_make("key", 3, pool),
                                 .msg91_template_id = "t",
                                 .msg91_base_url = "https://msg91.example"};
    authp_places_t *all = authp_places_make(1, 1, authp_clock_monotonic(), pool);
    const authp_otp_sender_t *sender =
        authp_msg91_make(&settings, &fetcher, authp_places_share(all, pool), pool);
    const authp_otp_message_t message = message_to(PHONE);
    wiped_watch(CODE);
    ck_assert_int_eq(sender->send(sender->ctx, &message, pool), AUTHP_OK);
    ck_assert_int_eq(wiped_count(), 1);
    ck_assert_int_eq(sender->verify(sender->ctx, PHONE, CODE, pool), AUTHP_OK);
    ck_assert_int_eq(wiped_count(), 1);
}
END_TEST

/* The digits of a new code are in the only place of 10 bytes. */
static int digits_wiped(void)
{
    int count = 0;
    const char *sizes = apr_pstrcat(pool, " ", wiped_sizes(), NULL);
    for (const char *at = strstr(sizes, " 10 "); at != NULL; at = strstr(at + 3, " 10 ")) {
        count++;
    }
    return count;
}

START_TEST(the_digits_of_a_code)
{
    fixture_t f;
    otp_fixture_t o;
    fixture_open(&f);
    otp_fixture_open(&o, &f);
    const authp_otp_request_t request = {
        .phone = OTP_PHONE, .purpose = AUTHP_OTP_ENTER, .known = true};
    (void)wiped_sizes();
    ck_assert_int_eq(
        _i == 0 ? authp_otp_send(f.realm, &request, &fixture_client, f.pool)
                : authp_otp_send_later(f.realm, &request, _i == 1, &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(digits_wiped(), 1);
    ck_assert_int_eq(o.sent, _i < 2);
    fixture_close(&f);
}
END_TEST

Suite *suite_wiped_sent(void)
{
    Suite *suite = suite_create("wiped_sent");
    TCase *tests = tcase_create("wiped_sent");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_request_with_a_secret, 0, 2);
    tcase_add_test(tests, an_answer_that_grows);
    tcase_add_loop_test(tests, a_code_that_waits, 0, 2);
    tcase_add_test(tests, the_url_with_a_code);
    tcase_add_loop_test(tests, the_digits_of_a_code, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which service sends codes by the settings, and what is said if none does. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "service/otp/mock.h"
#include "service/otp/sender_open.h"
#include "service/otp/sender_warn.h"
#include "suite.h"

static apr_pool_t *pool;
static authp_settings_t settings;
static const authp_otp_sender_t *sender;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    memset(&settings, 0, sizeof(settings));
    settings.source = "/etc/x/.env";
    settings.msg91_auth_key = authp_secret_make("key", 3, pool);
    settings.msg91_template_id = "t";
    settings.msg91_base_url = "http://127.0.0.1:1"; /* nobody listens there */
    sender = &authp_mock;
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static void open_by(authp_otp_provider_t provider)
{
    authp_places_t *places = authp_places_make(1, 1, authp_clock_monotonic(), pool);
    settings.otp_provider = provider;
    ck_assert_int_eq(authp_sender_open(&settings, places, &sender, pool), AUTHP_OK);
}

START_TEST(nobody)
{
    open_by(AUTHP_OTP_BY_NOBODY);
    ck_assert_ptr_null(sender);
    ck_assert_str_eq(authp_sender_open_why(&settings, pool),
                     "OTP_PROVIDER in /etc/x/.env is not set: the routes that send or check "
                     "one-time codes answer 503 otp_unavailable");
}
END_TEST

START_TEST(mock)
{
    open_by(AUTHP_OTP_BY_MOCK);
    ck_assert_ptr_eq(sender, &authp_mock);
    ck_assert_str_eq(authp_sender_open_why(&settings, pool),
                     "OTP_PROVIDER in /etc/x/.env is mock: no code is sent, and anybody signs in "
                     "with any number and the code 1234");
}
END_TEST

/* The sender reaches for the address of the settings, and its thread ends with the pool. */
START_TEST(msg91)
{
    const authp_otp_message_t message = {
        .phone = "+919876543210", .code = "123456", .length = 6, .minutes = 5};
    open_by(AUTHP_OTP_BY_MSG91);
    ck_assert_str_eq(sender->name, "msg91");
    ck_assert_ptr_null(authp_sender_open_why(&settings, pool));
    ck_assert_int_eq(sender->send(sender->ctx, &message, pool), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_int_eq(sender->verify(sender->ctx, message.phone, "123456", pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(sender->send_later(sender->ctx, &message), AUTHP_OK);
}
END_TEST

static apr_array_header_t *list_of(const char *text)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *));
    if (text != NULL) {
        APR_ARRAY_PUSH(list, const char *) = text;
    }
    return list;
}

static const struct {
    authp_otp_provider_t provider;
    const char *key;
    const char *template_id;
    const char *countries;
    const char *roles;
    int count;
    const char *first;
} warned[] = {
    {AUTHP_OTP_BY_MSG91, "key", "t", "91", "seeker", 0, ""},
    {AUTHP_OTP_BY_MSG91, NULL, NULL, "91", "seeker", 0, ""},
    {AUTHP_OTP_BY_MSG91, "put-the-key-here", "t", "91", "seeker", 1,
     "MSG91_AUTH_KEY in /etc/x/.env is the value of the guide's sample: MSG91 refuses to send "
     "codes"},
    {AUTHP_OTP_BY_MSG91, "key", "put-the-id-here", "91", "seeker", 1,
     "MSG91_TEMPLATE_ID in /etc/x/.env is the value of the guide's sample: MSG91 refuses to send "
     "codes"},
    {AUTHP_OTP_BY_MSG91, "key", "t", "44", "seeker", 1,
     "PHONE_COUNTRIES in /etc/x/.env lacks PHONE_DEFAULT_COUNTRY, which is 91: numbers without + "
     "are numbers of that country, so they are refused"},
    {AUTHP_OTP_BY_MSG91, "key", "t", "91", NULL, 1,
     "ROLES in /etc/x/.env has neither seeker nor provider, and SELF_SERVICE_ROLES names no role: "
     "nobody can register by phone number"},
    {AUTHP_OTP_BY_MOCK, "put-the-key-here", "put-the-id-here", "91", "seeker", 1,
     "OTP_PROVIDER in /etc/x/.env is mock: no code is sent, and anybody signs in with any number "
     "and the code 1234"},
    {AUTHP_OTP_BY_NOBODY, NULL, NULL, "44", NULL, 3,
     "OTP_PROVIDER in /etc/x/.env is not set: the routes that send or check one-time codes answer "
     "503 otp_unavailable"},
};

START_TEST(what_is_warned_of)
{
    apr_array_header_t *said = list_of(NULL);
    const char *key = warned[_i].key;
    settings.otp_provider = warned[_i].provider;
    settings.msg91_auth_key = key != NULL ? authp_secret_make(key, strlen(key), pool) : NULL;
    settings.msg91_template_id = warned[_i].template_id;
    settings.phone_default_country = "91";
    settings.phone_countries = list_of(warned[_i].countries);
    settings.self_service_roles = list_of(warned[_i].roles);
    authp_sender_warn(&settings, said, pool);
    ck_assert_int_eq(said->nelts, warned[_i].count);
    const char *first = said->nelts > 0 ? APR_ARRAY_IDX(said, 0, const char *) : "";
    ck_assert_str_eq(first, warned[_i].first);
}
END_TEST

static int silent; /* a socket whose clients get no answer */

static void *send_now(void *data)
{
    const authp_otp_message_t message = {.phone = "+919876543210", .length = 6, .minutes = 10};
    apr_pool_t *own = data;
    ck_assert_int_eq(sender->send(sender->ctx, &message, own), AUTHP_E_OTP_SEND_FAILED);
    return NULL;
}

static int next_client(int patience_ms)
{
    struct pollfd waiting = {.fd = silent, .events = POLLIN};
    return poll(&waiting, 1, patience_ms) == 1 ? accept(silent, NULL, NULL) : -1;
}

/* The thread that sends after the answer has a connection of its own: callers who wait for an
 * answer may use up all places. */
START_TEST(a_connection_for_later)
{
    const authp_otp_message_t message = {
        .phone = "+919876543211", .code = "123456", .length = 6, .minutes = 5};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    pthread_t thread;
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    silent = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(silent, (struct sockaddr *)&at, len), 0);
    ck_assert_int_eq(listen(silent, 4), 0);
    ck_assert_int_eq(getsockname(silent, (struct sockaddr *)&at, &len), 0);
    settings.msg91_base_url = apr_psprintf(pool, "http://127.0.0.1:%d", ntohs(at.sin_port));
    open_by(AUTHP_OTP_BY_MSG91);
    ck_assert_int_eq(pthread_create(&thread, NULL, send_now, own), 0);
    int first = next_client(20000);
    ck_assert_int_ge(first, 0);
    ck_assert_int_eq(sender->send_later(sender->ctx, &message), AUTHP_OK);
    int second = next_client(2000); /* the first one gives up after 3 s */
    ck_assert_int_ge(second, 0);
    close(first);
    close(second);
    pthread_join(thread, NULL);
    close(silent);
    apr_pool_destroy(own);
}
END_TEST

Suite *suite_sender_open(void)
{
    Suite *suite = suite_create("sender_open");
    TCase *tests = tcase_create("sender_open");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, nobody);
    tcase_add_test(tests, mock);
    tcase_add_test(tests, msg91);
    tcase_add_loop_test(tests, what_is_warned_of, 0, (int)(sizeof(warned) / sizeof(warned[0])));
    tcase_add_test(tests, a_connection_for_later);
    suite_add_tcase(suite, tests);
    return suite;
}

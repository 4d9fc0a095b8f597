/* SPDX-License-Identifier: Apache-2.0 */
/* Which service sends codes by the settings, and what is said if none does. */
#include <string.h>

#include <apr_pools.h>

#include "service/otp/mock.h"
#include "service/otp/sender_open.h"
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
    ck_assert_ptr_nonnull(strstr(authp_sender_open_why(&settings, pool), "is mock: no code"));
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

Suite *suite_sender_open(void)
{
    Suite *suite = suite_create("sender_open");
    TCase *tests = tcase_create("sender_open");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, nobody);
    tcase_add_test(tests, mock);
    tcase_add_test(tests, msg91);
    suite_add_tcase(suite, tests);
    return suite;
}

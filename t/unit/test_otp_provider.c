/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that a provider makes and checks, and codes that are bound to who may use them. */
#include "base/log.h"
#include "service/otp/mock.h"
#include "suite.h"
#include "support/otp_fixture.h"

#include <string.h>

#define MINUTE 60000
#define ENTER AUTHP_OTP_ENTER

static fixture_t f;
static otp_fixture_t o;

static void set_up(void)
{
    fixture_open(&f);
    otp_fixture_open(&o, &f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t enter(const char *code)
{
    return otp_fixture_enter(f.realm, OTP_PHONE, ENTER, code, f.pool);
}

static authp_otp_code_t *row(void)
{
    authp_otp_code_t *out = NULL;
    ck_assert_int_eq(authp_store_otp_of(f.store, OTP_PHONE, &out, f.pool), AUTHP_OK);
    return out;
}

static void sent(authp_otp_purpose_t purpose)
{
    fake_clock_advance(&f.clock, 30000);
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, purpose), AUTHP_OK);
}

static const struct {
    authp_err_t verified;
    authp_err_t told;
    int attempts; /* afterwards */
} providers[] = {
    {AUTHP_OK, AUTHP_OK, 1},
    {AUTHP_E_INVALID_OTP, AUTHP_E_INVALID_OTP, 1},
    {AUTHP_E_OTP_EXPIRED, AUTHP_E_OTP_EXPIRED, 1},
    {AUTHP_E_OTP_USED, AUTHP_E_OTP_USED, 1},
    {AUTHP_E_OTP_SEND_FAILED, AUTHP_E_OTP_SEND_FAILED, 1},
    {AUTHP_E_UNAVAILABLE, AUTHP_E_OTP_SEND_FAILED, 0},
};

/* The code of users/register is the provider's. It lives for 10 minutes. */
START_TEST(codes_of_the_provider)
{
    f.settings->otp_expire_minutes = 5;
    f.settings->otp_length = 4;
    sent(AUTHP_OTP_USER);
    ck_assert_str_eq(o.code, "");
    ck_assert_int_eq(o.length, 4);
    ck_assert_int_eq(o.minutes, 10);
    ck_assert_str_eq(row()->provider, "msg91");
    ck_assert_ptr_null(row()->code_hmac);
    ck_assert_int_eq(row()->expires_at - row()->created_at, 10 * MINUTE);
    ck_assert_int_eq(enter("123456"), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(o.asked, 0);
    o.verify_answer = providers[_i].verified;
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "4321", f.pool),
                     providers[_i].told);
    ck_assert_int_eq(o.asked, 1);
    ck_assert_int_eq(row()->attempts, providers[_i].attempts);
    ck_assert_int_eq(row()->used_at != 0, providers[_i].told == AUTHP_OK);
}
END_TEST

/* After five attempts, after use, after expiry, and when a code of another kind was sent since, the
 * provider is not asked. */
START_TEST(the_provider_is_not_asked)
{
    sent(AUTHP_OTP_USER);
    o.verify_answer = AUTHP_E_INVALID_OTP;
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "4321", f.pool),
                         AUTHP_E_INVALID_OTP);
    }
    ck_assert_int_eq(o.asked, 5);
    o.verify_answer = AUTHP_OK;
    sent(AUTHP_OTP_USER);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "12x4", f.pool),
                     AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "4321", f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "4321", f.pool),
                     AUTHP_E_OTP_USED);
    sent(ENTER);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "4321", f.pool),
                     AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(o.asked, 6);
}
END_TEST

START_TEST(the_mock)
{
    f.realm->otp = &authp_mock;
    sent(ENTER);
    ck_assert_str_eq(row()->provider, "mock");
    ck_assert_int_eq(row()->expires_at - row()->created_at,
                     f.settings->otp_expire_minutes * INT64_C(60000));
    ck_assert_ptr_null(row()->code_hmac);
    ck_assert_int_eq(enter("0000"), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(enter("1234"), AUTHP_OK);
    ck_assert_int_eq(enter("1234"), AUTHP_E_OTP_USED);
    ck_assert_int_eq(enter("0000"), AUTHP_E_INVALID_OTP);
    sent(AUTHP_OTP_USER);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "123456", f.pool),
                     AUTHP_OK);
    /* A row of the mock opens nothing once another provider is configured. */
    sent(ENTER);
    f.realm->otp = &o.sender;
    ck_assert_int_eq(enter("1234"), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(o.asked, 0);
}
END_TEST

static authp_err_t bound(const char *ip, const char *device)
{
    return authp_otp_bound(f.realm, OTP_PHONE, AUTHP_OTP_ADMIN_LOGIN, ip, device, f.pool);
}

/* An administrator's code is for the address or the device that gave the password. */
START_TEST(bound_codes)
{
    authp_otp_request_t request = {.phone = OTP_PHONE,
                                   .purpose = AUTHP_OTP_ADMIN_LOGIN,
                                   .bound_ip = "192.0.2.7",
                                   .bound_device = "device-1",
                                   .known = true};
    f.settings->otp_expire_minutes = 60;
    ck_assert_int_eq(bound("192.0.2.7", "device-1"), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &fixture_client, f.pool), AUTHP_OK);
    ck_assert_ptr_null(strstr(row()->bound_ip, "192"));
    ck_assert_uint_eq(strlen(row()->bound_device), 64);
    ck_assert_int_eq(bound("192.0.2.7", NULL), AUTHP_OK);
    ck_assert_int_eq(bound("192.0.2.8", "device-1"), AUTHP_OK);
    ck_assert_int_eq(bound("192.0.2.8", "device-2"), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(bound("device-1", "192.0.2.7"), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(bound(NULL, NULL), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(
        authp_otp_bound(f.realm, OTP_PHONE, AUTHP_OTP_ADMIN_REGISTER, "192.0.2.7", NULL, f.pool),
        AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(row()->attempts, 0);
    fake_clock_advance(&f.clock, 10 * MINUTE - 1);
    ck_assert_int_eq(bound("192.0.2.7", NULL), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(bound("192.0.2.7", NULL), AUTHP_E_INVALID_OTP);
    request.bound_ip = NULL;
    request.bound_device = NULL;
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &fixture_client, f.pool), AUTHP_OK);
    ck_assert_int_eq(bound("192.0.2.7", "device-1"), AUTHP_E_INVALID_OTP);
}
END_TEST

/* What was not sent opens nothing, although the provider accepts a code: it may be an older one of
 * another purpose. */
START_TEST(not_sent)
{
    o.send_answer = AUTHP_E_OTP_SEND_FAILED;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_E_OTP_SEND_FAILED);
    o.verify_answer = AUTHP_OK;
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "123456", f.pool),
                     AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(o.asked, 0);
    o.send_answer = AUTHP_OK;
    fake_clock_advance(&f.clock, 30000);
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_OK);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "123456", f.pool),
                     AUTHP_OK);
}
END_TEST

/* A sender whose first message fails after a second one was sent to the same number. */
static authp_err_t overtaken(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    otp_fixture_t *fixture = ctx;
    (void)message, (void)pool;
    if (atomic_fetch_add(&fixture->sent, 1) > 0) {
        return AUTHP_OK;
    }
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_OK);
    return AUTHP_E_OTP_SEND_FAILED;
}

/* The failure of an older message does not close the newer code. */
START_TEST(not_sent_and_overtaken)
{
    f.settings->limits = false;
    o.sender.send = overtaken;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_int_eq(o.sent, 2);
    o.verify_answer = AUTHP_OK;
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "123456", f.pool),
                     AUTHP_OK);
}
END_TEST

Suite *suite_otp_provider(void)
{
    Suite *suite = suite_create("otp_provider");
    TCase *tests = tcase_create("otp_provider");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, codes_of_the_provider, 0,
                        (int)(sizeof(providers) / sizeof(providers[0])));
    tcase_add_test(tests, the_provider_is_not_asked);
    tcase_add_test(tests, the_mock);
    tcase_add_test(tests, bound_codes);
    tcase_add_test(tests, not_sent);
    tcase_add_test(tests, not_sent_and_overtaken);
    suite_add_tcase(suite, tests);
    return suite;
}

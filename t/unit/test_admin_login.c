/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators who sign in in two steps. */
#include <string.h>

#include <apr_strings.h>

#include "crypto/password/bcrypt.h"
#include "fixture.h"
#include "sent_codes.h"
#include "service/account/admin.h"
#include "service/account/device.h"
#include "service/otp/otp.h"
#include "service/two_step/admin_login.h"
#include "suite.h"

#define PHONE "+919876543210"
#define OLGA "olga@example.org"
#define MINUTE INT64_C(60000)

static fixture_t f;
static const authp_actor_t the_operator = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};

static void set_up(void)
{
    fixture_open(&f);
    sent_codes_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_user_t *olga(void)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = fixture_new(OLGA, "admin");
    in.phone = PHONE;
    ck_assert_int_eq(
        authp_account_create(f.realm, &in, AUTHP_ACTOR_CLI, &fixture_client, &user, f.pool),
        AUTHP_OK);
    return user;
}

static authp_err_t first(const char *email, const char *password, const authp_client_t *client)
{
    authp_user_t *user = NULL;
    return authp_admin_login_begin(f.realm, email, password, client, &user, f.pool);
}

static authp_err_t second(const char *email, const char *code, const authp_client_t *client)
{
    authp_grant_t grant = {.expires_in = 77};
    const int before = fixture_sessions(&f);
    authp_err_t err = authp_admin_login_finish(f.realm, email, code, client, &grant, f.pool);
    ck_assert_int_eq(fixture_sessions(&f) - before, err == AUTHP_OK);
    ck_assert_int_eq(grant.expires_in == 77, err != AUTHP_OK);
    return err;
}

START_TEST(signs_in)
{
    const authp_user_t *user = olga();
    ck_assert_int_eq(first("OLGA@example.org ", FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(second(OLGA, sent_codes_wrong(&f), &fixture_client), AUTHP_E_INVALID_OTP);
    ck_assert_str_eq(fixture_audit(&f, "login")->outcome, "denied");
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_OK);
    ck_assert_str_eq(fixture_audit(&f, "login")->outcome, "ok");
    ck_assert_str_eq(fixture_audit(&f, "login")->actor_id, user->id.hex);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_E_OTP_USED);
}
END_TEST

/* The first step replaces a hash of a lower cost, after the right password alone. */
START_TEST(an_old_hash)
{
    const authp_user_t *row = mem_store_user(f.store, olga()->id.hex);
    f.settings->bcrypt_rounds = 5;
    ck_assert_int_eq(first(OLGA, "wrong horse 9", &fixture_client), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 4);
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 5);
}
END_TEST

START_TEST(who_may_not_sign_in)
{
    (void)olga();
    (void)fixture_user(&f, "ada@example.org", "candidate", false);
    (void)fixture_user(&f, "boss@example.org", "admin", false);
    ck_assert_int_eq(first(OLGA, "wrong horse 9", &fixture_client), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(first("ada@example.org", FIXTURE_PASSWORD, &fixture_client),
                     AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(first("nobody@example.org", FIXTURE_PASSWORD, &fixture_client),
                     AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(first("boss@example.org", FIXTURE_PASSWORD, &fixture_client),
                     AUTHP_E_NOT_FOUND); /* has no number */
    ck_assert_ptr_nonnull(fixture_audit(&f, "login"));
    ck_assert_str_eq(fixture_audit(&f, "login")->reason, authp_err_name(AUTHP_E_NOT_FOUND));
    ck_assert_str_eq(fixture_audit(&f, "login")->outcome, "denied");
    ck_assert_int_eq(sent_codes.messages, 0);
    /* Both take up to the next step of time, so the time does not tell who has an account. */
    for (int i = 0; i < 2; i++) {
        apr_time_t began = apr_time_now();
        ck_assert_int_eq(second(i == 0 ? OLGA : "nobody@example.org", "123456", &fixture_client),
                         AUTHP_E_INVALID_OTP);
        ck_assert_int_ge(apr_time_now() - began, 5000);
    }
}
END_TEST

/* The code counts for the client that gave the password. A guess from elsewhere takes no attempt,
 * so nobody else can use them up. */
START_TEST(only_the_client_of_the_first_step)
{
    const authp_client_t elsewhere = {.ip = "192.0.2.8"};
    (void)olga();
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &elsewhere), AUTHP_E_INVALID_OTP);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(second(OLGA, sent_codes_wrong(&f), &elsewhere), AUTHP_E_INVALID_OTP);
    }
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_OK);
}
END_TEST

START_TEST(another_address_of_the_network)
{
    const authp_client_t here = {.ip = "2001:db8:1:2::7"};
    const authp_client_t later = {.ip = "2001:db8:1:2:aaaa::1"};
    const authp_client_t elsewhere = {.ip = "2001:db8:1:3::7"};
    const authp_client_t nowhere = {.ip = NULL};
    (void)olga();
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &here), AUTHP_OK);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &elsewhere), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &nowhere), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &later), AUTHP_OK);
}
END_TEST

START_TEST(the_device_at_another_address)
{
    authp_device_t device = {.nusers = 0};
    const authp_device_t other = {.id = "other", .nusers = 0};
    const authp_client_t here = {.ip = "192.0.2.7", .device = &device};
    const authp_client_t train = {.ip = "192.0.2.9", .device = &device};
    const authp_client_t thief = {.ip = "192.0.2.9", .device = &other};
    memcpy(device.id, "0123456789abcdef", sizeof(device.id));
    (void)olga();
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &here), AUTHP_OK);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &thief), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &train), AUTHP_OK);
}
END_TEST

START_TEST(ten_minutes)
{
    (void)olga();
    f.settings->otp_expire_minutes = 60;
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    fake_clock_advance(&f.clock, 10 * MINUTE);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    fake_clock_advance(&f.clock, 10 * MINUTE - 1);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_OK);
}
END_TEST

/* A code for another purpose does not sign an administrator in, and a new password makes the first
 * step void. */
START_TEST(what_else_ends_the_first_step)
{
    const authp_user_t *user = olga();
    const authp_otp_request_t enter = {.phone = PHONE, .purpose = AUTHP_OTP_ENTER, .known = true};
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    ck_assert_int_eq(authp_otp_send(f.realm, &enter, &fixture_client, f.pool), AUTHP_OK);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    ck_assert_int_eq(authp_admin_reset_password(f.realm, &the_operator, user->id.hex,
                                                "three calm words 7", f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(first(OLGA, "three calm words 7", &fixture_client), AUTHP_OK);
    mem_store_user(f.store, user->id.hex)->disabled = true;
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_E_INVALID_OTP);
}
END_TEST

/* A wrong password counts as an attempt like one at any sign-in. */
START_TEST(attempts_count)
{
    const authp_rate_t many = {1000, 60};
    int wait = 0;
    authp_client_t client = fixture_client;
    client.retry_after = &wait;
    (void)olga();
    fixture_limits(&f, many, many, (authp_rate_t){2, 900});
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(first(OLGA, "wrong horse 9", &client), AUTHP_E_INVALID_CREDENTIALS);
    }
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &client), AUTHP_E_RATE_LIMITED);
    ck_assert_int_gt(wait, 0);
    ck_assert_int_eq(sent_codes.messages, 0);
}
END_TEST

START_TEST(how_long_to_wait)
{
    int wait = 0;
    authp_client_t client = fixture_client;
    client.retry_after = &wait;
    (void)olga();
    f.settings->limits = true;
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &client), AUTHP_OK);
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &client), AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(wait, 30);
}
END_TEST

static void somebody_else_begins(void *ctx)
{
    bool *begun = ctx;
    const authp_client_t elsewhere = {.ip = "192.0.2.8"};
    fake_clock_advance(&f.clock, MINUTE);
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &elsewhere), AUTHP_OK);
    *begun = true;
}

/* A first step of another client between the look at the client and that at the code: its code
 * does not count for this client, even if it is right. */
START_TEST(a_first_step_in_between)
{
    bool begun = false;
    f.settings->limits = true; /* else no tally is read */
    (void)olga();
    ck_assert_int_eq(first(OLGA, FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    mem_store_before(f.store, "tally_get", somebody_else_begins, &begun);
    /* sent_codes.code is the newer one when it is compared. */
    ck_assert_int_eq(second(OLGA, sent_codes.code, &fixture_client), AUTHP_E_INVALID_OTP);
    ck_assert(begun);
    ck_assert_int_eq(sent_codes.messages, 2);
}
END_TEST

Suite *suite_admin_login(void)
{
    Suite *suite = suite_create("admin_login");
    TCase *tests = tcase_create("admin_login");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, signs_in);
    tcase_add_test(tests, an_old_hash);
    tcase_add_test(tests, who_may_not_sign_in);
    tcase_add_test(tests, only_the_client_of_the_first_step);
    tcase_add_test(tests, another_address_of_the_network);
    tcase_add_test(tests, the_device_at_another_address);
    tcase_add_test(tests, ten_minutes);
    tcase_add_test(tests, what_else_ends_the_first_step);
    tcase_add_test(tests, attempts_count);
    tcase_add_test(tests, how_long_to_wait);
    tcase_add_test(tests, a_first_step_in_between);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts with a username and no address: attempts at their password, and what their owners do
 * with them. */
#include <string.h>

#include "fixture.h"
#include "service/account/account.h"
#include "service/account/own.h"
#include "service/sign_in/login.h"
#include "suite.h"

#define WRONG "wrong password"

static fixture_t f;
static authp_grant_t grace;

/* Three attempts are free, then the delays are 1, 2, 4, ... 60 s. */
static const authp_rate_t account_rate = {3, 60};
static const authp_rate_t address_rate = {1000, 60};

static void set_up(void)
{
    authp_new_account_t in;
    fixture_open(&f);
    fixture_limits(&f, address_rate, address_rate, account_rate);
    in = fixture_new(NULL, NULL);
    in.username = "Grace";
    ck_assert_int_eq(authp_account_register(f.realm, &in, &fixture_client, &grace, f.pool),
                     AUTHP_OK);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t login(const char *username, const char *password)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = AUTHP_LOGIN_USERNAME,
                              .login = username,
                              .password = password,
                              .password_len = strlen(password),
                              .door = AUTHP_DOOR_ANY};
    return authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool);
}

/* All spellings of a username count together, at sign-in and at the account's own routes. */
START_TEST(spellings_count_together)
{
    const authp_self_t self = {
        .user = grace.user, .session = grace.session, .client = &fixture_client};
    ck_assert_int_eq(login("grace", WRONG), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(login("GRACE", WRONG), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(authp_own_delete(f.realm, &self, WRONG, f.pool), AUTHP_E_WRONG_PASSWORD);
    ck_assert_int_eq(login("gRACE", FIXTURE_PASSWORD), AUTHP_E_RATE_LIMITED);
    fake_clock_advance(&f.clock, 1000);
    ck_assert_int_eq(login("gRACE", FIXTURE_PASSWORD), AUTHP_OK);
}
END_TEST

START_TEST(own_password_and_deletion)
{
    authp_grant_t grant = {0};
    authp_self_t self = {.user = grace.user, .session = grace.session, .client = &fixture_client};
    const authp_password_change_t change = {.current = FIXTURE_PASSWORD, .wanted = "another horse"};
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_OK);
    ck_assert_int_eq(login("grace", FIXTURE_PASSWORD), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(login("grace", "another horse"), AUTHP_OK);
    self.user = grant.user;
    self.session = grant.session;
    ck_assert_int_eq(authp_own_delete(f.realm, &self, "another horse", f.pool), AUTHP_OK);
    ck_assert_int_eq(login("grace", "another horse"), AUTHP_E_INVALID_CREDENTIALS);
    /* The name is free again. */
    authp_new_account_t in = fixture_new(NULL, NULL);
    in.username = "grace";
    ck_assert_int_eq(authp_account_register(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
}
END_TEST

Suite *suite_usernames(void)
{
    Suite *suite = suite_create("usernames");
    TCase *tests = tcase_create("usernames");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, spellings_count_together);
    tcase_add_test(tests, own_password_and_deletion);
    suite_add_tcase(suite, tests);
    return suite;
}

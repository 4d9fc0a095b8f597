/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts with a username and no address: attempts at their password, and what their owners do
 * with them. Then: which numbers and addresses are free. */
#include <string.h>

#include "fixture.h"
#include "service/account/account.h"
#include "service/account/find.h"
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

/* The name under which wrong passwords of an account's owner count: that of the usual sign-in. */
static const struct {
    const char *email;
    const char *username;
    const char *phone;
    authp_login_kind_t kind;
    const char *login;
} names[] = {
    {"ann@example.org", "ann", "+919876543210", AUTHP_LOGIN_EMAIL, "ann@example.org"},
    {"Ann@Example.org", NULL, NULL, AUTHP_LOGIN_EMAIL, "ann@example.org"},
    {NULL, "Ann", "+919876543210", AUTHP_LOGIN_USERNAME, "ann"},
    {NULL, NULL, "+919876543210", AUTHP_LOGIN_PHONE, "+919876543210"},
    {NULL, NULL, NULL, AUTHP_LOGIN_EMAIL, "65f0c0ffee00000000000001"},
};

START_TEST(which_name_counts)
{
    const authp_user_t user = {.id = {"65f0c0ffee00000000000001"},
                               .email = names[_i].email,
                               .username = names[_i].username,
                               .phone = names[_i].phone};
    const authp_target_t target = authp_own_target(f.realm, &user, f.pool);
    ck_assert_int_eq(target.kind, names[_i].kind);
    ck_assert_str_eq(target.login, names[_i].login);
    ck_assert_ptr_eq(target.user, &user);
}
END_TEST

/* A sign-in by another name is no use of the account's number. */
START_TEST(the_number_is_not_used)
{
    authp_user_t *row = mem_store_user(f.store, grace.user->id.hex);
    row->phone = "+919876543210";
    fake_clock_advance(&f.clock, INT64_C(172800000));
    ck_assert_int_eq(login("grace", FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_int_eq(mem_store_user(f.store, grace.user->id.hex)->phone_used_at, 0);
}
END_TEST

/* --- numbers and addresses -------------------------------------------------------------------- */

#define PHONE "+919876543210"
#define EMAIL "ann@example.org"

static const struct {
    const char *phone;
    const char *email;
    authp_err_t err;
} wanted[] = {{NULL, NULL, AUTHP_OK},
              {"+919876543211", "bea@example.org", AUTHP_OK},
              {"+919876543211", NULL, AUTHP_OK},
              {NULL, "bea@example.org", AUTHP_OK},
              {PHONE, NULL, AUTHP_E_USER_EXISTS},
              {PHONE, "bea@example.org", AUTHP_E_USER_EXISTS},
              {NULL, EMAIL, AUTHP_E_USER_EXISTS},
              {NULL, "ANN@example.org", AUTHP_E_USER_EXISTS},
              {"+919876543211", EMAIL, AUTHP_E_USER_EXISTS},
              {PHONE, EMAIL, AUTHP_E_USER_EXISTS}};

/* One account has the number, another one has the address. */
START_TEST(what_is_free)
{
    authp_user_t *user = NULL;
    (void)fixture_user(&f, EMAIL, "candidate", false);
    const authp_new_account_t in = {.phone = PHONE, .role = "seeker", .name = "Somebody"};
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_find_free(f.realm, wanted[_i].phone, wanted[_i].email, f.pool),
                     wanted[_i].err);
}
END_TEST

/* The store fails at either question. */
START_TEST(whether_it_is_free_is_not_known)
{
    mem_store_fail(f.store, "user_by_login", _i, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_find_free(f.realm, PHONE, EMAIL, f.pool), AUTHP_E_UNAVAILABLE);
}
END_TEST

Suite *suite_usernames(void)
{
    Suite *suite = suite_create("usernames");
    TCase *tests = tcase_create("usernames");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, spellings_count_together);
    tcase_add_test(tests, own_password_and_deletion);
    tcase_add_loop_test(tests, which_name_counts, 0, (int)(sizeof(names) / sizeof(names[0])));
    tcase_add_test(tests, the_number_is_not_used);
    tcase_add_loop_test(tests, what_is_free, 0, (int)(sizeof(wanted) / sizeof(wanted[0])));
    tcase_add_loop_test(tests, whether_it_is_free_is_not_known, 1, 3);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts at the password of one account: delays that do not tell whether the account exists,
 * known devices, and the counts in the store. */
#include <string.h>

#include "fixture.h"
#include "service/account/device.h"
#include "service/account/own.h"
#include "service/limit/limit.h"
#include "service/sign_in/login.h"
#include "suite.h"

#define ADA "ada@example.org"
#define NOBODY "nobody@example.org"
#define WRONG "wrong password"

static fixture_t f;
static authp_client_t client;
static int retry_after;
static authp_device_t device;

/* 3/1m: three attempts are free, then the delays are 1, 2, 4, ... 60 s. */
static const authp_rate_t account_rate = {3, 60};
static const authp_rate_t address_rate = {1000, 60};

static void set_up(void)
{
    fixture_open(&f);
    fixture_limits(&f, address_rate, address_rate, account_rate);
    client = fixture_client;
    client.retry_after = &retry_after;
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t by(authp_login_kind_t kind, const char *login, const char *password)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = kind,
                              .login = login,
                              .password = password,
                              .password_len = strlen(password),
                              .door = AUTHP_DOOR_ANY};
    retry_after = 0;
    return authp_login_by_password(f.realm, &in, &client, &grant, f.pool);
}

static authp_err_t login(const char *email, const char *password)
{
    return by(AUTHP_LOGIN_EMAIL, email, password);
}

static void guess_wrong(const char *email, int times)
{
    for (int i = 0; i < times; i++) {
        ck_assert_int_eq(login(email, WRONG), AUTHP_E_INVALID_CREDENTIALS);
    }
}

static void must_wait(const char *email, const char *password, int seconds)
{
    ck_assert_int_eq(login(email, password), AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(retry_after, seconds);
}

/* From here on requests come from a device that `user` has signed in with. */
static void on_device_of(const authp_user_t *user)
{
    const char *text = NULL;
    ck_assert_int_eq(authp_device_make(f.realm, NULL, user->id.hex, &text, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_device_read(f.realm, text, &device), AUTHP_OK);
    client.device = &device;
}

/* The delays are the same if the account does not exist, is disabled, or has another password. */
START_TEST(delays_tell_nothing)
{
    static const char *const logins[] = {ADA, NOBODY, "off@example.org", "", "no address"};
    const char *who = logins[_i];
    (void)fixture_user(&f, ADA, "admin", false);
    const authp_user_t *off = fixture_user(&f, "off@example.org", "admin", false);
    mem_store_user(f.store, off->id.hex)->disabled = true;
    guess_wrong(who, 3);
    must_wait(who, WRONG, 1);
    must_wait(who, FIXTURE_PASSWORD, 1); /* right or wrong: the password is not checked */
    fake_clock_advance(&f.clock, 1000);
    guess_wrong(who, 1);
    must_wait(who, FIXTURE_PASSWORD, 2);
    fake_clock_advance(&f.clock, 2000);
    guess_wrong(who, 1);
    must_wait(who, WRONG, 4);
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), 5);
    ck_assert_int_eq(fixture_sessions(&f), 0);
}
END_TEST

START_TEST(spellings_of_one_address)
{
    guess_wrong(" ADA@example.org", 1);
    guess_wrong("ada@EXAMPLE.org\t", 1);
    guess_wrong(ADA, 1);
    must_wait("Ada@Example.Org", WRONG, 1);
    guess_wrong("adb@example.org", 1);
}
END_TEST

START_TEST(the_right_one_clears)
{
    (void)fixture_user(&f, ADA, "admin", false);
    guess_wrong(ADA, 2);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
    guess_wrong(ADA, 3);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    fake_clock_advance(&f.clock, 1000);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
    /* the count is not in the store either */
    fixture_limits(&f, address_rate, address_rate, account_rate);
    guess_wrong(ADA, 3);
}
END_TEST

/* A right password at a sign-in route of another role does not count as a wrong one. */
START_TEST(the_wrong_door)
{
    authp_grant_t grant;
    (void)fixture_user(&f, ADA, "admin", false);
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = FIXTURE_PASSWORD,
                              .password_len = sizeof(FIXTURE_PASSWORD) - 1,
                              .door = AUTHP_DOOR_CANDIDATE};
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(authp_login_by_password(f.realm, &in, &client, &grant, f.pool),
                         AUTHP_E_NOT_CANDIDATE);
    }
}
END_TEST

START_TEST(usernames_count_apart)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(by(AUTHP_LOGIN_USERNAME, ADA, WRONG), AUTHP_E_INVALID_CREDENTIALS);
    }
    ck_assert_int_eq(by(AUTHP_LOGIN_USERNAME, ADA, WRONG), AUTHP_E_RATE_LIMITED);
    guess_wrong(ADA, 1);
}
END_TEST

START_TEST(a_known_device_passes)
{
    const authp_user_t *ada = fixture_user(&f, ADA, "admin", false);
    guess_wrong(ADA, 3);
    on_device_of(ada);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
    client.device = NULL;
    must_wait(ADA, FIXTURE_PASSWORD, 1); /* others get no attempts by that */
    /* A stolen device cookie gives three attempts, and then the same delays. */
    client.device = &device;
    guess_wrong(ADA, 3);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    fake_clock_advance(&f.clock, 1000);
    guess_wrong(ADA, 1);
    must_wait(ADA, FIXTURE_PASSWORD, 2);
    on_device_of(ada); /* another device of the owner */
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
}
END_TEST

START_TEST(a_device_is_known_to_its_users_alone)
{
    const authp_user_t *eve = fixture_user(&f, "eve@example.org", "admin", false);
    (void)fixture_user(&f, ADA, "admin", false);
    guess_wrong(ADA, 3);
    guess_wrong(NOBODY, 3);
    on_device_of(eve);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    must_wait(NOBODY, FIXTURE_PASSWORD, 1);
    guess_wrong("eve@example.org", 1);
}
END_TEST

/* The route has counted the request for the device. If the account does not know the device, the
 * request counts for the address too. */
START_TEST(a_device_does_not_spare_the_address)
{
    const authp_user_t *eve = fixture_user(&f, "eve@example.org", "admin", false);
    fixture_limits(&f, (authp_rate_t){2, 60}, address_rate, account_rate);
    on_device_of(eve);
    guess_wrong("one@example.org", 1);
    guess_wrong("two@example.org", 1);
    must_wait("three@example.org", WRONG, 30);
    ck_assert_int_eq(login("eve@example.org", FIXTURE_PASSWORD), AUTHP_OK);
}
END_TEST

/* --- the store
 * ------------------------------------------------------------------------------------------------
 */
START_TEST(a_restart_forgets_nothing)
{
    const authp_user_t *ada = fixture_user(&f, ADA, "admin", false);
    guess_wrong(ADA, 3);
    on_device_of(ada);
    guess_wrong(ADA, 2);
    client.device = NULL;
    fixture_limits(&f, address_rate, address_rate, account_rate);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    client.device = &device;
    guess_wrong(ADA, 1);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    client.device = NULL;
    fake_clock_advance(&f.clock, 1000);
    guess_wrong(ADA, 1);
    fixture_limits(&f, address_rate, address_rate, account_rate);
    must_wait(ADA, WRONG, 2);
    fake_clock_advance(&f.clock, 1500);
    fixture_limits(&f, address_rate, address_rate, account_rate);
    must_wait(ADA, WRONG, 1); /* the time during which the server was down counts */
    fake_clock_advance(&f.clock, 60000 + 60000);
    fixture_limits(&f, address_rate, address_rate, account_rate);
    guess_wrong(ADA, 3);
    must_wait(ADA, WRONG, 1);
}
END_TEST

/* Two hosts on one store: a host learns the other's count at its own next failure. */
START_TEST(another_host)
{
    const authp_limits_t *here = f.realm->limits;
    fixture_limits(&f, address_rate, address_rate, account_rate);
    const authp_limits_t *there = f.realm->limits;
    f.realm->limits = here;
    guess_wrong(ADA, 1);
    f.realm->limits = there;
    guess_wrong(ADA, 2); /* three, together with the one of the other host */
    must_wait(ADA, WRONG, 1);
    f.realm->limits = here;
    guess_wrong(ADA, 1); /* this host knew of one, and now knows of four */
    must_wait(ADA, WRONG, 2);
}
END_TEST

/* Only failures within a window count. Older ones in the store are ignored. */
START_TEST(old_failures_in_the_store)
{
    guess_wrong(ADA, 2);
    fake_clock_advance(&f.clock, 60001);
    guess_wrong(ADA, 1);
    fixture_limits(&f, address_rate, address_rate, account_rate);
    guess_wrong(ADA, 2);
    must_wait(ADA, WRONG, 1);
}
END_TEST

/* If the store fails, the counts in memory decide. */
START_TEST(a_store_that_fails)
{
    static const char *const ops[] = {"failure_get", "failure_add"};
    (void)fixture_user(&f, ADA, "admin", false);
    mem_store_fail(f.store, ops[_i % 2], 0, _i < 2 ? AUTHP_E_UNAVAILABLE : AUTHP_E_INTERNAL);
    guess_wrong(ADA, 2);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
    guess_wrong(ADA, 3);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    fake_clock_advance(&f.clock, 1000);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
}
END_TEST

/* If the count cannot be removed after a success, the next failure finds the old ones, and the
 * attempt after it waits a second. */
START_TEST(a_store_that_does_not_clear)
{
    (void)fixture_user(&f, ADA, "admin", false);
    guess_wrong(ADA, 2);
    mem_store_fail(f.store, "failure_clear", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
    guess_wrong(ADA, 1);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    fake_clock_advance(&f.clock, 1000);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
}
END_TEST

START_TEST(not_looked_at_does_not_count)
{
    (void)fixture_user(&f, ADA, "admin", false);
    mem_store_fail(f.store, "user_by_login", 0, AUTHP_E_UNAVAILABLE);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(login(ADA, WRONG), AUTHP_E_UNAVAILABLE);
    }
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    guess_wrong(ADA, 3);
    must_wait(ADA, WRONG, 1);
}
END_TEST

/* A sign-in makes as many calls to the store for an existing account as for a missing one. */
static int trips;

static void count_trip(void *ctx)
{
    const char *op = ctx;
    trips++;
    mem_store_before(f.store, op, count_trip, ctx);
}

START_TEST(equal_trips)
{
    static char ops[][20] = {"user_by_login", "failure_get", "failure_add", "audit_append"};
    int seen[2][3];
    (void)fixture_user(&f, ADA, "admin", false);
    for (int who = 0; who < 2; who++) {
        for (int n = 0; n < 3; n++) {
            trips = 0;
            mem_store_before(f.store, ops[_i], count_trip, ops[_i]);
            guess_wrong(who == 0 ? ADA : NOBODY, 1);
            seen[who][n] = trips;
        }
    }
    for (int n = 0; n < 3; n++) {
        ck_assert_int_eq(seen[0][n], seen[1][n]);
        ck_assert_int_eq(seen[0][n], strcmp(ops[_i], "failure_get") != 0 || n == 0);
    }
    trips = 0;
    mem_store_before(f.store, ops[_i], count_trip, ops[_i]);
    must_wait(ADA, WRONG, 1);
    ck_assert_int_eq(trips, 0); /* a refused attempt does not call the store */
}
END_TEST

/* --- one's own account
 * ----------------------------------------------------------------------------------------- */
START_TEST(counted_wherever_a_password_is_tried)
{
    authp_grant_t grant = {0};
    authp_user_t *ada = fixture_user(&f, ADA, "admin", false);
    const authp_grant_t start = fixture_start(&f, ada);
    const authp_self_t self = {.user = start.user, .session = start.session, .client = &client};
    const authp_password_change_t wrong = {.current = WRONG, .wanted = "another horse"};
    const authp_password_change_t right = {.current = FIXTURE_PASSWORD, .wanted = "another horse"};
    guess_wrong(ADA, 1);
    ck_assert_int_eq(authp_own_password(f.realm, &self, &wrong, &grant, f.pool),
                     AUTHP_E_WRONG_PASSWORD);
    ck_assert_int_eq(authp_own_delete(f.realm, &self, WRONG, f.pool), AUTHP_E_WRONG_PASSWORD);
    must_wait(ADA, FIXTURE_PASSWORD, 1);
    retry_after = 0;
    ck_assert_int_eq(authp_own_password(f.realm, &self, &right, &grant, f.pool),
                     AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(retry_after, 1);
    ck_assert_int_eq(authp_own_delete(f.realm, &self, FIXTURE_PASSWORD, f.pool),
                     AUTHP_E_RATE_LIMITED);
    on_device_of(ada);
    ck_assert_int_eq(authp_own_password(f.realm, &self, &right, &grant, f.pool), AUTHP_OK);
    client.device = NULL;
    must_wait(ADA, "another horse", 1);
}
END_TEST

START_TEST(without_limits)
{
    (void)fixture_user(&f, ADA, "admin", false);
    f.realm->limits = NULL;
    guess_wrong(ADA, 50);
    ck_assert_int_eq(login(ADA, FIXTURE_PASSWORD), AUTHP_OK);
}
END_TEST

Suite *suite_attempt(void)
{
    Suite *suite = suite_create("attempt");
    TCase *tests = tcase_create("attempt");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, delays_tell_nothing, 0, 5);
    tcase_add_test(tests, spellings_of_one_address);
    tcase_add_test(tests, the_right_one_clears);
    tcase_add_test(tests, the_wrong_door);
    tcase_add_test(tests, usernames_count_apart);
    tcase_add_test(tests, a_known_device_passes);
    tcase_add_test(tests, a_device_is_known_to_its_users_alone);
    tcase_add_test(tests, a_device_does_not_spare_the_address);
    tcase_add_test(tests, a_restart_forgets_nothing);
    tcase_add_test(tests, another_host);
    tcase_add_test(tests, old_failures_in_the_store);
    tcase_add_loop_test(tests, a_store_that_fails, 0, 4);
    tcase_add_test(tests, a_store_that_does_not_clear);
    tcase_add_test(tests, not_looked_at_does_not_count);
    tcase_add_loop_test(tests, equal_trips, 0, 4);
    tcase_add_test(tests, counted_wherever_a_password_is_tried);
    tcase_add_test(tests, without_limits);
    suite_add_tcase(suite, tests);
    return suite;
}

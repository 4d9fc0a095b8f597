/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that must not tell by their time what was done for them: each waits for a whole step. */
#include "faults.h"
#include "mail_fixture.h"
#include "service/account/own.h"
#include "service/address/address_change.h"
#include "service/address/password_reset.h"
#include "service/address/quiet_sign_up.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <string.h>

#define EMAIL "ada@example.org"
#define STEP_US 5000

static fixture_t f;
static authp_user_t *row;
static authp_session_t *session;

static void set_up(void)
{
    fixture_open(&f);
    mail_fixture_on(&f);
    row = mail_fixture_user(&f, EMAIL, "candidate");
    session = fixture_start(&f, row).session;
    f.clock.now += 1000;
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t ask_for_reset(const char *email)
{
    return authp_password_reset_ask(f.realm, email, &fixture_client, f.pool);
}

static authp_err_t sign_up(const char *email)
{
    authp_id_t known;
    const authp_new_account_t account = fixture_new(email, NULL);
    const authp_quiet_sign_up_t in = {.account = &account};
    return authp_quiet_sign_up(f.realm, &in, &fixture_client, &known, f.pool);
}

static authp_err_t change_address(const char *email)
{
    const authp_self_t self = {.user = row,
                               .session = session,
                               .client = &fixture_client,
                               .auth_time = session->auth_time / 1000};
    return authp_address_change_ask(f.realm, &self, email, FIXTURE_PASSWORD, f.pool);
}

static authp_err_t sign_in(const char *email)
{
    authp_grant_t grant;
    const authp_login_t in = {
        .kind = AUTHP_LOGIN_EMAIL, .login = email, .password = "wrong", .password_len = 5};
    return authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool);
}

static const struct {
    authp_err_t (*call)(const char *email);
    const char *email;
    authp_err_t err;
} rows[] = {
    {ask_for_reset, EMAIL, AUTHP_OK},
    {ask_for_reset, "nobody@example.org", AUTHP_OK},
    {sign_up, EMAIL, AUTHP_OK},
    {sign_up, "new@example.org", AUTHP_OK},
    {change_address, "new@example.org", AUTHP_OK},
    {change_address, "bob@example.org", AUTHP_OK}, /* another account has it */
    {sign_in, EMAIL, AUTHP_E_INVALID_CREDENTIALS},
    {sign_in, "nobody@example.org", AUTHP_E_INVALID_CREDENTIALS},
};

START_TEST(waits_once)
{
    (void)mail_fixture_user(&f, "bob@example.org", "candidate");
    faults_open();
    faults.awake = true;
    ck_assert_int_eq(rows[_i].call(rows[_i].email), rows[_i].err);
    ck_assert_int_eq(faults.sleeps, 1);
    ck_assert(faults.us > 0 && faults.us <= STEP_US);
    faults_open();
}
END_TEST

/* How long it waits if the work took `took` microseconds: to the end of the step of 5 ms. */
static int64_t wait_after(apr_time_t took)
{
    for (;;) {
        faults_open();
        faults.awake = true;
        const apr_time_t before = apr_time_now();
        authp_login_wait_for_step(before - took);
        const int64_t us = faults.us;
        faults_open();
        if (apr_time_now() - before < 200) { /* the machine was not busy with something else */
            return us;
        }
    }
}

START_TEST(to_the_end_of_a_step)
{
    static const struct {
        apr_time_t took;
        int64_t most;
    } times[] = {{0, 5000},    {1000, 4000},  {4700, 300},
                 {5000, 5000}, {12300, 2700}, {-700000, 5000}};
    const int64_t us = wait_after(times[_i].took);
    ck_assert_msg(us <= times[_i].most && us > times[_i].most - 200, "%ld us", (long)us);
}
END_TEST

/* A proof of ownership counts for five minutes, by the session and by the token alike. */
START_TEST(a_recent_sign_in)
{
    static const struct {
        authp_ms_t session_ms; /* ago */
        int64_t token_s;       /* ago */
        bool recent;
    } ages[] = {{300000, 300, true}, {300001, 300, false}, {300000, 301, false}, {0, 0, true}};
    f.clock.now = INT64_C(1700000000000);
    session->auth_time = f.clock.now - ages[_i].session_ms;
    const authp_self_t self = {.user = row,
                               .session = session,
                               .client = &fixture_client,
                               .auth_time = f.clock.now / 1000 - ages[_i].token_s};
    ck_assert_int_eq(authp_own_is_recent(f.realm, &self), ages[_i].recent);
}
END_TEST

Suite *suite_steps(void)
{
    Suite *suite = suite_create("steps");
    TCase *tests = tcase_create("steps");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, waits_once, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_loop_test(tests, to_the_end_of_a_step, 0, 6);
    tcase_add_loop_test(tests, a_recent_sign_in, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}

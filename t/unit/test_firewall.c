/* SPDX-License-Identifier: Apache-2.0 */
/* What one-time codes may cost: each limit, what is given back, and the day's budget. */
#include "base/log.h"
#include "service/otp/firewall.h"
#include "suite.h"
#include "support/otp_fixture.h"

#include <apr_strings.h>
#include <string.h>

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static fixture_t f;
static otp_fixture_t o;
static int errors;     /* log lines about the budget */
static int warnings;   /* the same at a lower level */
static char line[300]; /* the last one about the budget */

static void count_lines(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    errors += level == AUTHP_LOG_ERROR;
    warnings += level == AUTHP_LOG_WARNING;
    if (strstr(message, "AUTHP0301") == NULL) {
        ck_assert_msg(strstr(message, "no more one-time codes") != NULL, "%s", message);
        apr_cpystrn(line, message, sizeof(line));
    }
}

static void set_up(void)
{
    fixture_open(&f);
    otp_fixture_open(&o, &f);
    errors = 0;
    warnings = 0;
    authp_log_set_sink(count_lines, NULL);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t guess(int serial, const char *code)
{
    return otp_fixture_enter(f.realm, apr_psprintf(f.pool, "+9198765%05d", serial), AUTHP_OTP_ENTER,
                             code, f.pool);
}

/* A send to the number `serial` of a prefix, from the address `ip`. Returns the seconds to wait, 0
 * if it was sent. */
static int ask(int prefix, int serial, const char *ip, bool known, authp_otp_purpose_t purpose)
{
    const authp_otp_request_t request = {.phone =
                                             apr_psprintf(f.pool, "+91%05d%05d", prefix, serial),
                                         .purpose = purpose,
                                         .known = known};
    int retry_after = 0;
    authp_client_t client = {.ip = ip, .retry_after = &retry_after};
    int before = o.sent;
    authp_err_t err = authp_otp_send(f.realm, &request, &client, f.pool);
    ck_assert(err == AUTHP_OK || err == AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(o.sent - before, err == AUTHP_OK);
    ck_assert_int_eq(retry_after > 0, err == AUTHP_E_RATE_LIMITED);
    return retry_after;
}

static int enter(int serial, const char *ip, bool known)
{
    return ask(98765, serial, ip, known, AUTHP_OTP_ENTER);
}

static const char *address(int serial)
{
    return apr_psprintf(f.pool, "10.0.%d.%d", serial / 250, 1 + serial % 250);
}

/* 30 s between two, three in 10 minutes. */
START_TEST(one_number)
{
    ck_assert_int_eq(enter(1, address(1), true), 0);
    ck_assert_int_eq(enter(1, address(2), true), 30);
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->reason, "OTP_LIMIT_PHONE *******0001");
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->outcome, "denied");
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(enter(1, address(2), true), 30); /* rounded up: 29 s were too few */
    fake_clock_advance(&f.clock, 29 * SECOND - 1);
    ck_assert_int_eq(ask(98765, 1, address(3), true, AUTHP_OTP_ADMIN_LOGIN), 1);
    fake_clock_advance(&f.clock, 1 * SECOND);
    ck_assert_int_eq(enter(1, address(4), true), 0);
    fake_clock_advance(&f.clock, 30 * SECOND);
    ck_assert_int_eq(enter(1, address(5), true), 0);
    fake_clock_advance(&f.clock, 30 * SECOND);
    ck_assert_int_eq(enter(1, address(6), true), 510);
    ck_assert_int_eq(enter(2, address(6), true), 0);
    fake_clock_advance(&f.clock, 509 * SECOND);
    ck_assert_int_eq(enter(1, address(7), true), 1);
    fake_clock_advance(&f.clock, 1 * SECOND);
    ck_assert_int_eq(enter(1, address(8), true), 0);
}
END_TEST

/* Ten in an hour; an IPv6 address counts by its /64, a mapped one as IPv4. */
START_TEST(one_address)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(enter(i, i % 2 != 0 ? "::ffff:192.0.2.1" : "192.0.2.1", true), 0);
        ck_assert_int_eq(enter(100 + i, apr_psprintf(f.pool, "2001:db8:0:1::%x", i), true), 0);
    }
    ck_assert_int_eq(enter(50, "192.0.2.1", true), 3600);
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->reason, "OTP_LIMIT_ADDRESS *******0050");
    ck_assert_int_eq(enter(50, "2001:db8:0:1:ffff::1", true), 3600);
    ck_assert_int_eq(ask(98765, 50, "192.0.2.1", true, AUTHP_OTP_ADMIN_LOGIN), 3600);
    ck_assert_int_eq(enter(50, "2001:db8:0:2::1", true), 0);
    ck_assert_int_eq(enter(51, "192.0.2.2", true), 0);
    fake_clock_advance(&f.clock, HOUR);
    ck_assert_int_eq(enter(52, "192.0.2.1", true), 0);
}
END_TEST

/* Strangers get half of a prefix, rounded up. Administrators pass. */
START_TEST(one_prefix)
{
    f.settings->otp_limit_prefix.count = 5;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(enter(i, address(i), false), 0);
    }
    ck_assert_int_eq(enter(3, address(3), false), 600);
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->reason, "OTP_LIMIT_PREFIX *******0003");
    ck_assert_int_eq(ask(98766, 3, address(3), false, AUTHP_OTP_ENTER), 0);
    ck_assert_int_eq(enter(3, address(3), true), 0);
    ck_assert_int_eq(enter(4, address(4), true), 0);
    ck_assert_int_eq(enter(5, address(5), true), 600);
    ck_assert_int_eq(ask(98765, 5, address(5), true, AUTHP_OTP_ADMIN_LOGIN), 0);
    ck_assert_int_eq(ask(98765, 6, address(6), false, AUTHP_OTP_ADMIN_REGISTER), 0);
    fake_clock_advance(&f.clock, 10 * MINUTE);
    ck_assert_int_eq(enter(7, address(7), false), 0);
}
END_TEST

/* What a later limit refuses is not counted by the earlier ones: 30 s after a refusal by the prefix
 * the number, and at once the address, may ask again. */
START_TEST(given_back)
{
    f.settings->otp_limit_prefix.count = 1;
    f.settings->otp_limit_address.count = 2;
    ck_assert_int_eq(enter(1, address(1), true), 0);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(enter(2, address(1), true), 600);
    }
    ck_assert_int_eq(ask(98766, 1, address(1), true, AUTHP_OTP_ENTER), 0);
    ck_assert_int_eq(ask(98767, 1, address(1), true, AUTHP_OTP_ENTER), 3600);
    f.settings->otp_limit_prefix.count = 2;
    ck_assert_int_eq(enter(2, address(2), true), 0);
}
END_TEST

/* The fixture's clock starts at midnight UTC. */
START_TEST(one_day)
{
    authp_spending_t spending;
    f.settings->otp_budget_day = 5;
    fake_clock_advance(&f.clock, 23 * HOUR);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(enter(i, address(i), false), 0);
    }
    ck_assert_int_eq(errors, 0);
    ck_assert_int_eq(enter(3, address(3), false), 3600);
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->reason, "OTP_BUDGET_DAY *******0003");
    ck_assert_int_eq(errors, 1);
    ck_assert_str_eq(line, "AUTHP0370: numbers without an account get no more one-time codes on "
                           "2026-11-21 (UTC): 3 were sent to such numbers, which is half of "
                           "OTP_BUDGET_DAY=5");
    ck_assert_int_eq(enter(3, address(3), true), 0);
    ck_assert_int_eq(enter(4, address(4), true), 0);
    ck_assert_int_eq(warnings, 0);
    for (int i = 5; i < 9; i++) {
        ck_assert_int_eq(enter(i, address(i), i % 2 == 0), 3600);
    }
    ck_assert_int_eq(errors, 1);
    ck_assert_int_eq(warnings, 1);
    ck_assert_str_eq(line, "AUTHP0371: no more one-time codes are sent on 2026-11-21 (UTC), except "
                           "to administrators: OTP_BUDGET_DAY=5 codes were sent");
    ck_assert_int_eq(ask(98765, 9, address(9), true, AUTHP_OTP_ADMIN_LOGIN), 0);
    ck_assert_int_eq(authp_firewall_spending(f.realm, &spending, f.pool), AUTHP_OK);
    ck_assert_str_eq(spending.day, "2026-11-21");
    ck_assert(spending.spent == 5 && spending.budget == 5);
    ck_assert(spending.strangers_spent == 3 && spending.strangers_most == 3);
    ck_assert_int_eq(spending.administrators, 1);
    /* A new key starts the counts of numbers again, but not those of the day. */
    fixture_roll_key(&f, false);
    ck_assert_int_eq(enter(10, address(10), true), 3600);
    fake_clock_advance(&f.clock, HOUR - 1);
    ck_assert_int_eq(enter(10, address(10), true), 1);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(enter(10, address(10), false), 0);
    ck_assert_int_eq(authp_firewall_spending(f.realm, &spending, f.pool), AUTHP_OK);
    ck_assert_str_eq(spending.day, "2026-11-22");
    ck_assert(spending.spent == 1 && spending.strangers_spent == 1);
    ck_assert_int_eq(spending.administrators, 0);
}
END_TEST

/* One error on each day, the first refusal, also if the whole budget ends before the half. */
START_TEST(one_line_a_day)
{
    f.settings->otp_budget_day = 2;
    for (int day = 1; day <= 3; day++) {
        ck_assert_int_eq(enter(day * 100, address(1), true), 0);
        ck_assert_int_eq(enter(day * 100 + 1, address(1), true), 0);
        for (int i = 2; i < 20; i++) {
            ck_assert_int_eq(enter(day * 100 + i, address(i), i % 2 == 0), 86400);
        }
        ck_assert_int_eq(errors, day);
        ck_assert_int_eq(warnings, 0);
        fake_clock_advance(&f.clock, DAY);
    }
}
END_TEST

START_TEST(limits_off)
{
    authp_spending_t spending;
    f.settings->limits = false;
    f.settings->otp_budget_day = 1;
    f.settings->otp_limit_wrong.count = 1;
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(enter(1, address(1), false), 0);
    }
    /* The attempts of a code are limited all the same. */
    const char *right = apr_pstrdup(f.pool, o.code);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    }
    ck_assert_int_eq(guess(1, right), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(enter(1, address(1), false), 0);
    ck_assert_int_eq(guess(1, o.code), AUTHP_OK);
    ck_assert_int_eq(authp_firewall_spending(f.realm, &spending, f.pool), AUTHP_OK);
    ck_assert_int_eq(spending.spent, 0);
    ck_assert_int_eq(errors, 0);
}
END_TEST

/* Ten wrong codes for a number, over several codes: neither sends nor checks for 24 hours from
 * the tenth. Other numbers are not concerned. */
START_TEST(wrong_codes)
{
    for (int i = 0; i < 10; i++) {
        if (i % 5 == 0) {
            fake_clock_advance(&f.clock, HOUR);
            ck_assert_int_eq(enter(1, address(1), true), 0);
        }
        ck_assert_ptr_null(fixture_audit(&f, "otp_check"));
        ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    }
    ck_assert_str_eq(fixture_audit(&f, "otp_check")->reason, "OTP_LIMIT_WRONG *******0001");
    ck_assert_int_eq(enter(1, address(2), true), 86400);
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->reason, "OTP_LIMIT_WRONG *******0001");
    ck_assert_int_eq(enter(2, address(2), true), 0);
    ck_assert_int_eq(guess(2, o.code), AUTHP_OK);
    /* It did not count as a send. */
    fake_clock_advance(&f.clock, DAY - 1);
    ck_assert_int_eq(enter(1, address(3), true), 1);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(enter(1, address(3), true), 0);
    ck_assert_int_eq(guess(1, o.code), AUTHP_OK);
}
END_TEST

/* The right code, sent before the tenth wrong one, does not open any more. */
START_TEST(locked_checks)
{
    f.settings->otp_limit_wrong.count = 2;
    ck_assert_int_eq(enter(1, address(1), true), 0);
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(guess(1, o.code), AUTHP_E_INVALID_OTP);
    fake_clock_advance(&f.clock, DAY);
    ck_assert_int_eq(guess(1, o.code), AUTHP_E_OTP_EXPIRED);
}
END_TEST

/* What was counted and locked while the store's clock was ahead does not count when it is right. */
START_TEST(a_clock_that_was_ahead)
{
    f.settings->otp_limit_wrong.count = 2;
    fake_clock_advance(&f.clock, (authp_ms_t)366 * DAY);
    ck_assert_int_eq(enter(1, address(1), true), 0);
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    fake_clock_advance(&f.clock, -SECOND);
    ck_assert_int_gt(enter(1, address(1), true), 60); /* a clock may differ by seconds */
    fake_clock_advance(&f.clock, (authp_ms_t)-366 * DAY);
    ck_assert_int_eq(enter(1, address(1), true), 0);
    ck_assert_int_eq(guess(1, o.code), AUTHP_OK);
}
END_TEST

/* A store that does not answer refuses: no code is sent that was not counted. */
START_TEST(store_down)
{
    static const char *const calls[] = {"tally_get", "tally_take", "otp_put"};
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const authp_otp_request_t request = {.phone = OTP_PHONE, .purpose = AUTHP_OTP_ENTER};
        mem_store_fail(f.store, calls[i], 1, AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(authp_otp_send(f.realm, &request, &fixture_client, f.pool),
                         AUTHP_E_UNAVAILABLE);
        fake_clock_advance(&f.clock, 30 * SECOND);
    }
    ck_assert_int_eq(o.sent, 0);
}
END_TEST

/* A store that fails in the middle of the limits leaves none of them counted. */
START_TEST(given_back_after_a_failure)
{
    const authp_otp_request_t request = {.phone = OTP_PHONE, .purpose = AUTHP_OTP_ENTER};
    const authp_client_t client = {.ip = address(1)};
    f.settings->otp_limit_address.count = 1;
    f.settings->otp_budget_day = 1;
    for (int nth = 2; nth <= 7; nth++) {
        mem_store_fail(f.store, "tally_take", nth, AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(authp_otp_send(f.realm, &request, &client, f.pool), AUTHP_E_UNAVAILABLE);
    }
    mem_store_fail(f.store, "tally_take", 1000, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &client, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &client, f.pool), AUTHP_E_RATE_LIMITED);
}
END_TEST

/* Whoever counts the last wrong code may fail before the number is locked. The next wrong one locks
 * it then, once. */
START_TEST(locked_by_the_next_one)
{
    authp_log_set_sink(NULL, NULL);
    f.settings->otp_limit_wrong.count = 2;
    ck_assert_int_eq(enter(1, address(1), true), 0);
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    mem_store_fail(f.store, "tally_take", 2, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_ptr_null(fixture_audit(&f, "otp_check"));
    ck_assert_int_eq(guess(1, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_ptr_nonnull(fixture_audit(&f, "otp_check"));
    ck_assert_int_eq(guess(1, o.code), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(enter(1, address(1), true), 86400);
}
END_TEST

/* The time of an answer must not tell whether a number has an account, so both kinds of numbers
 * need the same calls of the store: when they pass, and when a limit of all refuses. */
START_TEST(same_work)
{
    static const authp_otp_purpose_t purposes[] = {AUTHP_OTP_ENTER, AUTHP_OTP_RESET,
                                                   AUTHP_OTP_USER};
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
        const char *calls[2];
        for (int known = 0; known < 2; known++) {
            const char *before = mem_store_calls(f.store, f.pool);
            ck_assert_ptr_nonnull(before);
            ck_assert_int_eq(ask(98765, (int)i * 2 + known, address(1), known != 0, purposes[i]),
                             0);
            calls[known] = mem_store_calls(f.store, f.pool);
        }
        ck_assert_ptr_nonnull(strstr(calls[0], "tally_take"));
        ck_assert_str_eq(calls[0], calls[1]);
        for (int known = 0; known < 2; known++) {
            ck_assert_int_eq(ask(98765, (int)i * 2 + known, address(1), known != 0, purposes[i]),
                             30);
            calls[known] = mem_store_calls(f.store, f.pool);
        }
        ck_assert_str_eq(calls[0], calls[1]);
    }
}
END_TEST

Suite *suite_firewall(void)
{
    Suite *suite = suite_create("firewall");
    TCase *tests = tcase_create("firewall");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_number);
    tcase_add_test(tests, one_address);
    tcase_add_test(tests, one_prefix);
    tcase_add_test(tests, given_back);
    tcase_add_test(tests, one_day);
    tcase_add_test(tests, one_line_a_day);
    tcase_add_test(tests, limits_off);
    tcase_add_test(tests, wrong_codes);
    tcase_add_test(tests, locked_checks);
    tcase_add_test(tests, a_clock_that_was_ahead);
    tcase_add_test(tests, store_down);
    tcase_add_test(tests, given_back_after_a_failure);
    tcase_add_test(tests, locked_by_the_next_one);
    tcase_add_test(tests, same_work);
    suite_add_tcase(suite, tests);
    return suite;
}

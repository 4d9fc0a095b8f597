/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes while the store or this process fails: what the client is told, what the log says,
 * and what counts. */
#include "base/log.h"
#include "service/otp/firewall.h"
#include "service/otp/later.h"
#include "suite.h"
#include "support/otp_fixture.h"

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#define HOUR INT64_C(3600000)
#define ENTER AUTHP_OTP_ENTER

static fixture_t f;
static otp_fixture_t o;
static char lines[4000];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char *const levels[] = {"error ", "warning ", "notice ", "info ", "debug "};
    (void)ctx;
    if (strstr(message, "AUTHP0301: ") != NULL) {
        return; /* an entry of the audit */
    }
    ck_assert_uint_lt(strlen(lines) + strlen(message) + 10, sizeof(lines));
    strcat(strcat(strcat(lines, levels[level]), message), "\n");
}

static void set_up(void)
{
    fixture_open(&f);
    otp_fixture_open(&o, &f);
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    fixture_close(&f);
}

static authp_err_t enter(authp_otp_purpose_t purpose, const char *code)
{
    return otp_fixture_enter(f.realm, OTP_PHONE, purpose, code, f.pool);
}

static authp_otp_code_t *row(void)
{
    authp_otp_code_t *out = NULL;
    ck_assert_int_eq(authp_store_otp_of(f.store, OTP_PHONE, &out, f.pool), AUTHP_OK);
    return out;
}

/* A wrong code stays a wrong code if it cannot be counted. */
START_TEST(a_wrong_code_that_is_not_counted)
{
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, ENTER), AUTHP_OK);
    mem_store_fail(f.store, "tally_take", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enter(ENTER, otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_str_eq(lines, "warning AUTHP0372: a wrong one-time code could not be counted: "
                            "unavailable\n");
    ck_assert_int_eq(row()->attempts, 1);
    ck_assert_int_eq(enter(ENTER, o.code), AUTHP_OK);
}
END_TEST

/* The provider did not answer, and the attempt cannot be given back. */
START_TEST(an_attempt_that_is_not_given_back)
{
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_OK);
    o.verify_answer = AUTHP_E_UNAVAILABLE;
    mem_store_fail(f.store, "otp_attempt_undo", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enter(AUTHP_OTP_USER, "4321"), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(lines, "warning AUTHP0373: an attempt at a one-time code could not be given "
                            "back: unavailable\n");
    ck_assert_int_eq(row()->attempts, 1);
    ck_assert_int_eq(enter(AUTHP_OTP_USER, "4321"), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_int_eq(row()->attempts, 1); /* this one was given back */
}
END_TEST

/* Each operation of a check fails once: nobody is told that a right code is wrong, and the code
 * still opens afterwards. */
START_TEST(a_store_that_fails_in_a_check)
{
    static const char *const ops[] = {"tally_get", "otp_of", "otp_attempt", "otp_use"};
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, ENTER), AUTHP_OK);
    mem_store_fail(f.store, ops[_i], 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enter(ENTER, o.code), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enter(ENTER, o.code), AUTHP_OK);
    ck_assert_int_eq(enter(ENTER, o.code), AUTHP_E_OTP_USED);
}
END_TEST

/* The code was used by another request, and the look for that fails. */
START_TEST(a_use_that_is_not_known)
{
    authp_otp_code_t *right = NULL;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, ENTER), AUTHP_OK);
    ck_assert_int_eq(authp_otp_check(f.realm, &(authp_otp_try_t){OTP_PHONE, ENTER, o.code},
                                     &fixture_client, &right, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_OK);
    mem_store_fail(f.store, "otp_of", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, "otp_of", 1, AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_OTP_USED);
}
END_TEST

/* The provider says that it has not sent the message, whose code was used before that answer. */
static authp_err_t used_meanwhile(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    (void)ctx, (void)message, (void)pool;
    ck_assert_int_eq(enter(AUTHP_OTP_USER, "4321"), AUTHP_OK);
    return AUTHP_E_OTP_SEND_FAILED;
}

START_TEST(unsent_but_used)
{
    o.sender.send = used_meanwhile;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(row()->provider, "msg91");
    ck_assert_int_eq(enter(AUTHP_OTP_USER, "4321"), AUTHP_E_OTP_USED);
}
END_TEST

/* --- the budget of a day ---------------------------------------------------------------------- */

static authp_err_t ask(int serial, bool known)
{
    const authp_otp_request_t request = {
        .phone = apr_psprintf(f.pool, "+9198765%05d", serial), .purpose = ENTER, .known = known};
    const authp_client_t client = {.ip = apr_psprintf(f.pool, "10.0.0.%d", serial)};
    return authp_otp_send(f.realm, &request, &client, f.pool);
}

/* The end of the budget is told once, however long the rest of the day is. */
START_TEST(told_once_in_a_day)
{
    f.settings->otp_budget_day = 2;
    ck_assert_int_eq(ask(1, false), AUTHP_OK);
    for (int hour = 0; hour < 23; hour++) {
        ck_assert_int_eq(ask(2 + hour, false), AUTHP_E_RATE_LIMITED);
        fake_clock_advance(&f.clock, HOUR);
    }
    ck_assert_ptr_nonnull(strstr(lines, "error AUTHP0370: "));
    ck_assert_ptr_eq(strchr(lines, '\n'), lines + strlen(lines) - 1);
    fake_clock_advance(&f.clock, HOUR);
    ck_assert_int_eq(ask(50, false), AUTHP_OK);
    ck_assert_int_eq(ask(51, false), AUTHP_E_RATE_LIMITED);
    ck_assert_ptr_nonnull(strstr(strchr(lines, '\n') + 1, "error AUTHP0370: "));
}
END_TEST

/* What was spent is not said to be nothing if the store does not answer. */
START_TEST(spending_is_not_known)
{
    authp_spending_t spending = {.spent = 4711};
    for (int nth = 1; nth <= 3; nth++) {
        mem_store_fail(f.store, "tally_get", nth, AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(authp_firewall_spending(f.realm, &spending, f.pool), AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(spending.spent, 4711);
    }
    ck_assert_int_eq(authp_firewall_spending(f.realm, &spending, f.pool), AUTHP_OK);
    ck_assert_int_eq(spending.spent, 0);
}
END_TEST

/* A number is locked for the time of OTP_LIMIT_WRONG. A lock that would last more than twice as
 * long is one of a clock that was ahead, and does not count. */
START_TEST(a_lock_of_another_clock)
{
    authp_firewall_refusal_t refusal = {0};
    bool locked = false;
    f.settings->otp_limit_wrong = (authp_rate_t){1, 3600};
    ck_assert_int_eq(authp_firewall_wrong(f.realm, OTP_PHONE, &locked, f.pool), AUTHP_OK);
    ck_assert(locked);
    fake_clock_advance(&f.clock, -HOUR);
    ck_assert_int_eq(authp_firewall_check(f.realm, OTP_PHONE, &refusal, f.pool),
                     AUTHP_E_RATE_LIMITED);
    ck_assert_str_eq(refusal.limit, "OTP_LIMIT_WRONG");
    ck_assert_int_eq(refusal.retry_after, 7200);
    fake_clock_advance(&f.clock, -1);
    ck_assert_int_eq(authp_firewall_check(f.realm, OTP_PHONE, &refusal, f.pool), AUTHP_OK);
}
END_TEST

/* --- a thread that cannot be started ---------------------------------------------------------- */

static void send_never(void *ctx, const authp_otp_message_t *message, const atomic_bool *cancel,
                       apr_pool_t *pool)
{
    (void)ctx, (void)message, (void)cancel, (void)pool;
    ck_abort_msg("nothing must be sent");
}

/* No address space has room for the stack of such a thread. */
static void stacks(size_t bytes)
{
    pthread_attr_t attributes;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, bytes), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
}

START_TEST(no_thread)
{
    const authp_otp_message_t message = {
        .phone = OTP_PHONE, .code = "123456", .length = 6, .minutes = 5};
    apr_pool_t *own = NULL;
    apr_pool_create(&own, f.pool);
    authp_later_t *later = authp_later_make(send_never, NULL, &f.clock.clock, own);
    stacks((size_t)1 << 62);
    ck_assert_int_eq(authp_later_add(later, &message), AUTHP_E_BUSY);
    ck_assert_str_eq(lines, "warning AUTHP0360: a code was dropped and not sent, because no thread "
                            "could be started\n");
    apr_pool_destroy(own); /* does not wait for a thread that is not there */
    stacks((size_t)8 << 20);
}
END_TEST

Suite *suite_otp_faults(void)
{
    Suite *suite = suite_create("otp_faults");
    TCase *tests = tcase_create("otp_faults");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_wrong_code_that_is_not_counted);
    tcase_add_test(tests, an_attempt_that_is_not_given_back);
    tcase_add_loop_test(tests, a_store_that_fails_in_a_check, 0, 4);
    tcase_add_test(tests, a_use_that_is_not_known);
    tcase_add_test(tests, unsent_but_used);
    tcase_add_test(tests, told_once_in_a_day);
    tcase_add_test(tests, spending_is_not_known);
    tcase_add_test(tests, a_lock_of_another_clock);
    tcase_add_test(tests, no_thread);
    suite_add_tcase(suite, tests);
    return suite;
}

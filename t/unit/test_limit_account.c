/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts on one account: the ends of the window, growing delays, and attempts that are taken
 * back. */
#include <pthread.h>
#include <stdatomic.h>

#include "fake_clock.h"
#include "service/limit/limit_account.h"
#include "suite.h"

#define ONE UINT64_C(0x123456789abcdef0)
#define OTHER UINT64_C(0x9abcdef012345678)
#define WINDOW_MS 60000

static apr_pool_t *pool;
static fake_clock_t clock_;
static authp_limits_t *limits;
static authp_limit_attempt_t last;

/* 3/1m: three attempts are free, then the delays are 1, 2, 4, ... 60 s. */
static void set_up(void)
{
    authp_limit_shared_t *shared = NULL;
    const authp_settings_t settings = {.limit_address = {120, 60},
                                       .limit_register = {20, 3600},
                                       .limit_account = {3, WINDOW_MS / 1000}};
    apr_pool_create(&pool, NULL);
    fake_clock_init(&clock_);
    ck_assert_int_eq(authp_limit_shared_make(&clock_.clock, authp_random_system(), &shared),
                     AUTHP_OK);
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Returns 0 if admitted, else the seconds to wait. */
static int attempt(uint64_t who)
{
    authp_err_t err = authp_limit_account_begin(limits, who, &last);
    ck_assert_int_eq(err, last.retry_after > 0 ? AUTHP_E_RATE_LIMITED : AUTHP_OK);
    return last.retry_after;
}

static void fail_often(uint64_t who, int times)
{
    for (int i = 0; i < times; i++) {
        int wait = attempt(who);
        if (wait > 0) {
            fake_clock_advance(&clock_, (authp_ms_t)wait * 1000);
            ck_assert_int_eq(attempt(who), 0);
        }
    }
}

START_TEST(delays_double_up_to_the_window)
{
    static const int delays[] = {1, 2, 4, 8, 16, 32, 60, 60, 60, 60};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(attempt(ONE), 0);
        ck_assert_int_eq(last.count, i + 1);
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(attempt(ONE), delays[i]);
        /* an attempt that comes too early does not count */
        ck_assert_int_eq(attempt(ONE), delays[i]);
        fake_clock_advance(&clock_, (authp_ms_t)delays[i] * 1000 - 125);
        ck_assert_int_eq(attempt(ONE), 1);
        fake_clock_advance(&clock_, 125);
        ck_assert_int_eq(attempt(ONE), 0);
    }
    ck_assert_int_eq(attempt(OTHER), 0);
}
END_TEST

/* The count has ten bits. It stays at its maximum and does not begin at 0 again. */
START_TEST(counting_ends_somewhere)
{
    for (int i = 1; i <= 1200; i++) {
        fail_often(ONE, 1);
        ck_assert_int_eq(last.count, i < 1023 ? i : 1023);
    }
    ck_assert_int_eq(attempt(ONE), 60);
}
END_TEST

/* A full bucket drops the account that would be forgotten first, and not the one with the fewest
 * failures. */
START_TEST(who_is_forgotten_for_others)
{
    const uint64_t bucket = UINT64_C(77);
    fail_often(bucket | UINT64_C(1) << 44, 2);
    fake_clock_advance(&clock_, 30000);
    for (uint64_t i = 2; i <= 8; i++) {
        fail_often(bucket | i << 44, 1);
    }
    ck_assert(authp_limit_account_known(limits, bucket | UINT64_C(1) << 44));
    fail_often(bucket | UINT64_C(9) << 44, 1);
    ck_assert(!authp_limit_account_known(limits, bucket | UINT64_C(1) << 44));
    for (uint64_t i = 2; i <= 9; i++) {
        ck_assert(authp_limit_account_known(limits, bucket | i << 44));
    }
}
END_TEST

/* Attempts below the limit are forgotten one window after the latest of them. */
START_TEST(a_quiet_window)
{
    ck_assert(!authp_limit_account_known(limits, ONE));
    fail_often(ONE, 2);
    ck_assert(authp_limit_account_known(limits, ONE));
    fake_clock_advance(&clock_, WINDOW_MS - 125);
    ck_assert(authp_limit_account_known(limits, ONE));
    ck_assert_int_eq(attempt(ONE), 0);
    ck_assert_int_eq(last.count, 3);
    ck_assert_int_eq(attempt(ONE), 1);
    authp_limit_account_clear(limits, ONE);
    fail_often(ONE, 2);
    fake_clock_advance(&clock_, WINDOW_MS + 125);
    ck_assert(!authp_limit_account_known(limits, ONE));
    ck_assert_int_eq(attempt(ONE), 0);
    ck_assert_int_eq(last.count, 1);
}
END_TEST

/* The count goes on for a client that waits for the whole delay each time. */
START_TEST(patience_gains_nothing)
{
    fail_often(ONE, 12);
    ck_assert_int_eq(attempt(ONE), 60);
    fake_clock_advance(&clock_, 60000 + WINDOW_MS - 125);
    ck_assert_int_eq(attempt(ONE), 0);
    ck_assert_int_eq(last.count, 13);
    fake_clock_advance(&clock_, 60000 + WINDOW_MS + 125);
    ck_assert_int_eq(attempt(ONE), 0);
    ck_assert_int_eq(last.count, 1);
}
END_TEST

START_TEST(success_clears)
{
    fail_often(ONE, 8);
    fail_often(OTHER, 3);
    authp_limit_account_clear(limits, ONE);
    ck_assert(!authp_limit_account_known(limits, ONE));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(attempt(ONE), 0);
    }
    ck_assert_int_eq(attempt(ONE), 1);
    ck_assert_int_gt(attempt(OTHER), 0);
}
END_TEST

START_TEST(taken_back)
{
    ck_assert_int_eq(attempt(ONE), 0);
    authp_limit_account_cancel(limits, ONE, &last);
    ck_assert(!authp_limit_account_known(limits, ONE));
    fail_often(ONE, 4);
    ck_assert_int_eq(attempt(ONE), 2);
    fake_clock_advance(&clock_, 2000);
    ck_assert_int_eq(attempt(ONE), 0);
    /* the server was busy, so the attempt is taken back */
    authp_limit_account_cancel(limits, ONE, &last);
    ck_assert_int_eq(attempt(ONE), 0);
    ck_assert_int_eq(last.count, 5); /* the earlier attempts still count */
    /* Another attempt has come since, so the count is reduced by one and the time stays. */
    authp_limit_account_clear(limits, ONE);
    ck_assert_int_eq(attempt(ONE), 0);
    const authp_limit_attempt_t first = last;
    fail_often(ONE, 2);
    ck_assert_int_eq(attempt(ONE), 1);
    authp_limit_account_cancel(limits, ONE, &first);
    ck_assert_int_eq(attempt(ONE), 0);
    ck_assert_int_eq(last.count, 3);
}
END_TEST

START_TEST(learnt_from_others)
{
    authp_limit_account_learn(limits, ONE, 5, 1000);
    /* the delay is four seconds, and one has passed */
    ck_assert_int_eq(attempt(ONE), 3);
    authp_limit_account_learn(limits, ONE, 4, 0); /* a smaller count changes nothing */
    ck_assert_int_eq(attempt(ONE), 3);
    authp_limit_account_learn(limits, ONE, 6, 3000);
    ck_assert_int_eq(attempt(ONE), 7); /* the delay counts from the later of the two times */
    authp_limit_account_learn(limits, OTHER, 2, WINDOW_MS + 1000);
    ck_assert(!authp_limit_account_known(limits, OTHER));
    authp_limit_account_learn(limits, OTHER, 0, 0);
    authp_limit_account_learn(limits, OTHER, -1, 0);
    ck_assert(!authp_limit_account_known(limits, OTHER));
    /* a time in the future, from a clock that is ahead */
    authp_limit_account_learn(limits, OTHER, INT64_MAX, INT64_C(-5000));
    ck_assert_int_eq(attempt(OTHER), 60);
}
END_TEST

#define DAY_MS INT64_C(86400000)

/* Attempts from long before the server's start have their own time, up to the longest window. Older
 * ones count as forgotten. */
START_TEST(learnt_from_long_ago)
{
    authp_limit_shared_t *shared = NULL;
    const authp_settings_t settings = {.limit_address = {120, 60},
                                       .limit_register = {20, 3600},
                                       .limit_account = {3, 1000 * 86400}};
    ck_assert_int_eq(authp_limit_shared_make(&clock_.clock, authp_random_system(), &shared),
                     AUTHP_OK);
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
    authp_limit_account_learn(limits, ONE, 2, 900 * DAY_MS);
    authp_limit_account_learn(limits, OTHER, 2, 2000 * DAY_MS);
    ck_assert(authp_limit_account_known(limits, ONE));
    ck_assert(!authp_limit_account_known(limits, OTHER));
    fake_clock_advance(&clock_, 99 * DAY_MS);
    ck_assert(authp_limit_account_known(limits, ONE));
    fake_clock_advance(&clock_, 2 * DAY_MS);
    ck_assert(!authp_limit_account_known(limits, ONE));
}
END_TEST

static void *guess(void *data)
{
    atomic_int *let_in = data;
    authp_limit_attempt_t mine;
    if (authp_limit_account_begin(limits, ONE, &mine) == AUTHP_OK) {
        atomic_fetch_add(let_in, 1);
    }
    return NULL;
}

START_TEST(many_at_once_gain_nothing)
{
    for (int round = 0; round < 5; round++) {
        pthread_t threads[64];
        atomic_int let_in = 0;
        for (int i = 0; i < 64; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, guess, &let_in), 0);
        }
        for (int i = 0; i < 64; i++) {
            pthread_join(threads[i], NULL);
        }
        ck_assert_int_eq(let_in, round == 0 ? 3 : 1);
        fake_clock_advance(&clock_, INT64_C(1000) << round);
    }
}
END_TEST

Suite *suite_limit_account(void)
{
    Suite *suite = suite_create("limit_account");
    TCase *tests = tcase_create("limit_account");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, delays_double_up_to_the_window);
    tcase_add_test(tests, counting_ends_somewhere);
    tcase_add_test(tests, who_is_forgotten_for_others);
    tcase_add_test(tests, a_quiet_window);
    tcase_add_test(tests, patience_gains_nothing);
    tcase_add_test(tests, success_clears);
    tcase_add_test(tests, taken_back);
    tcase_add_test(tests, learnt_from_others);
    tcase_add_test(tests, learnt_from_long_ago);
    tcase_add_test(tests, many_at_once_gain_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

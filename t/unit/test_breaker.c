/* SPDX-License-Identifier: Apache-2.0 */
#include "base/breaker.h"
#include "suite.h"

#include <pthread.h>

#define NOW INT64_C(1795219200000)

START_TEST(opens_after_some_failures)
{
    authp_breaker_t breaker = {0};
    ck_assert(!authp_breaker_report(&breaker, true, NOW));
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        ck_assert(authp_breaker_allows(&breaker, NOW));
        /* Only the first failure is reported as a change. */
        ck_assert_int_eq(authp_breaker_report(&breaker, false, NOW), i == 0);
    }
    ck_assert(!authp_breaker_allows(&breaker, NOW));
    ck_assert(!authp_breaker_allows(&breaker, NOW + AUTHP_BREAKER_PAUSE_MS - 1));
}
END_TEST

static void open_it(authp_breaker_t *breaker)
{
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        (void)authp_breaker_report(breaker, false, NOW);
    }
}

START_TEST(one_probe_at_a_time)
{
    authp_breaker_t breaker = {0};
    open_it(&breaker);
    const authp_ms_t later = NOW + AUTHP_BREAKER_PAUSE_MS;
    ck_assert(authp_breaker_allows(&breaker, later));
    ck_assert(!authp_breaker_allows(&breaker, later));
    ck_assert(!authp_breaker_report(&breaker, false, later + 10));
    ck_assert(!authp_breaker_allows(&breaker, later + AUTHP_BREAKER_PAUSE_MS + 9));
    ck_assert(authp_breaker_allows(&breaker, later + AUTHP_BREAKER_PAUSE_MS + 10));
    /* An answer is a change again, and all callers pass. */
    ck_assert(authp_breaker_report(&breaker, true, later + 2000));
    ck_assert(authp_breaker_allows(&breaker, later + 2000));
    ck_assert(authp_breaker_allows(&breaker, later + 2000));
    ck_assert(!authp_breaker_report(&breaker, true, later + 2001));
}
END_TEST

START_TEST(a_lost_probe_is_followed_by_another)
{
    authp_breaker_t breaker = {0};
    open_it(&breaker);
    ck_assert(authp_breaker_allows(&breaker, NOW + AUTHP_BREAKER_PAUSE_MS));
    ck_assert(authp_breaker_allows(&breaker, NOW + 2 * AUTHP_BREAKER_PAUSE_MS));
}
END_TEST

typedef struct crowd_t {
    authp_breaker_t breaker;
    atomic_int allowed;
} crowd_t;

static void *ask(void *data)
{
    crowd_t *crowd = data;
    for (int i = 0; i < 1000; i++) {
        if (authp_breaker_allows(&crowd->breaker, NOW + AUTHP_BREAKER_PAUSE_MS)) {
            atomic_fetch_add(&crowd->allowed, 1);
        }
    }
    return NULL;
}

START_TEST(a_crowd_sends_one)
{
    crowd_t crowd = {.allowed = 0};
    pthread_t threads[8];
    open_it(&crowd.breaker);
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &crowd), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(crowd.allowed, 1);
}
END_TEST

Suite *suite_breaker(void)
{
    Suite *suite = suite_create("breaker");
    TCase *tests = tcase_create("breaker");
    tcase_add_test(tests, opens_after_some_failures);
    tcase_add_test(tests, one_probe_at_a_time);
    tcase_add_test(tests, a_lost_probe_is_followed_by_another);
    tcase_add_test(tests, a_crowd_sends_one);
    suite_add_tcase(suite, tests);
    return suite;
}

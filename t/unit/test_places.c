/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads wait for other servers. t/unit/test_provider_set.c has the waiting. */
#include <pthread.h>

#include <apr_pools.h>

#include "fake_clock.h"
#include "faults.h"
#include "net/places.h"
#include "suite.h"

static apr_pool_t *pool;
static fake_clock_t fake_clock;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    fake_clock_init(&fake_clock);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static int take_all(authp_places_t *share)
{
    int count = 0;
    while (authp_places_enter(share)) {
        count++;
    }
    return count;
}

static const struct {
    int most;
    int servers;
    int share;
} rows[] = {{1, 1, 1}, {4, 1, 4}, {1, 2, 1}, {3, 2, 3}, {4, 2, 3}, {8, 3, 6}, {9, 2, 7}};

START_TEST(shares)
{
    authp_places_t *all =
        authp_places_make(rows[_i].most, rows[_i].servers, &fake_clock.clock, pool);
    authp_places_t *one = authp_places_share(all, pool);
    authp_places_t *other = authp_places_share(all, pool);
    ck_assert_int_eq(authp_places_most(all), rows[_i].most);
    ck_assert_int_eq(authp_places_most(one), rows[_i].share);
    ck_assert_int_eq(take_all(one), rows[_i].share);
    ck_assert_int_eq(take_all(other), rows[_i].most - rows[_i].share);
    authp_places_leave(one, true);
    ck_assert_int_eq(take_all(one), 1);
}
END_TEST

/* A clock that gives a place of `hooked` back when it is read for the first time. */
static authp_places_t *hooked;

static authp_ms_t leave_once(void *ctx)
{
    authp_places_t *share = hooked;
    (void)ctx;
    hooked = NULL;
    if (share != NULL) {
        authp_places_leave(share, false);
    }
    return FAKE_CLOCK_START;
}

/* After one caller has waited in vain, no caller waits, unless the server has answered since. */
START_TEST(an_answer_ends_the_crowd)
{
    const bool answered = _i == 1;
    const authp_clock_t clock = {leave_once, NULL};
    hooked = NULL;
    authp_places_t *share = authp_places_share(authp_places_make(1, 1, &clock, pool), pool);
    ck_assert(authp_places_enter(share));
    ck_assert(!authp_places_enter(share)); /* waits for 0.3 s */
    authp_places_leave(share, answered);
    ck_assert(authp_places_enter(share));
    hooked = share; /* while the next caller waits, the place becomes free */
    ck_assert_int_eq(authp_places_enter(share), answered);
    ck_assert_ptr_null(hooked);
}
END_TEST

/* A caller looks 150 times, every 2 ms. If that is in vain, nobody waits for a second. */
START_TEST(how_long_callers_wait)
{
    static const struct {
        authp_ms_t later;
        int naps;
    } steps[] = {{0, 150}, {0, 0}, {999, 0}, {1, 150}, {1, 0}};
    authp_places_t *share =
        authp_places_share(authp_places_make(1, 1, &fake_clock.clock, pool), pool);
    ck_assert(authp_places_enter(share));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        fake_clock_advance(&fake_clock, steps[i].later);
        faults_open();
        faults.awake = true;
        ck_assert(!authp_places_enter(share));
        ck_assert_int_eq(faults.us, steps[i].naps * 2000);
        ck_assert_int_eq(faults.sleeps, steps[i].naps);
    }
    faults_open();
}
END_TEST

#define THREADS 16
#define ROUNDS 2000

static authp_places_t *crowded;
static _Atomic int inside;
static _Atomic int highest;
static _Atomic int entered;

static void *come_and_go(void *data)
{
    (void)data;
    for (int i = 0; i < ROUNDS; i++) {
        if (authp_places_enter(crowded)) {
            int now = ++inside;
            int before = highest;
            while (now > before && !atomic_compare_exchange_weak(&highest, &before, now)) {
            }
            entered++;
            inside--;
            authp_places_leave(crowded, true);
        }
    }
    return NULL;
}

START_TEST(many_threads)
{
    pthread_t threads[THREADS];
    crowded = authp_places_share(authp_places_make(3, 1, &fake_clock.clock, pool), pool);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_gt(entered, 0);
    ck_assert_int_le(highest, 3);
    ck_assert_int_eq(take_all(crowded), 3); /* all places came back */
}
END_TEST

Suite *suite_places(void)
{
    Suite *suite = suite_create("places");
    TCase *tests = tcase_create("places");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, shares, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_loop_test(tests, an_answer_ends_the_crowd, 0, 2);
    tcase_add_test(tests, how_long_callers_wait);
    tcase_add_test(tests, many_threads);
    suite_add_tcase(suite, tests);
    return suite;
}

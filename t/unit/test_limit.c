/* SPDX-License-Identifier: Apache-2.0 */
/* Limits by client address and device. Rates are tested to the millisecond with a fake clock. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fake_clock.h"
#include "service/limit/limit.h"
#include "service/limit/limit_impl.h"
#include "suite.h"

static apr_pool_t *pool;
static fake_clock_t clock_;
static authp_limit_shared_t *shared;
static authp_settings_t settings;
static authp_limits_t *limits;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    fake_clock_init(&clock_);
    settings = (authp_settings_t){
        .limit_address = {3, 6}, .limit_register = {2, 60}, .limit_account = {5, 900}};
    ck_assert_int_eq(authp_limit_shared_make(&clock_.clock, authp_random_system(), &shared),
                     AUTHP_OK);
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Returns 0 if admitted, else the seconds to wait. */
static int take(authp_limit_class_t class, const char *ip)
{
    int wait = 0;
    authp_err_t err = authp_limit_take_address(limits, class, ip, &wait);
    ck_assert_int_eq(err == AUTHP_E_RATE_LIMITED, wait > 0);
    ck_assert(err == AUTHP_OK || err == AUTHP_E_RATE_LIMITED);
    return wait;
}

static int sign_in(const char *ip)
{
    return take(AUTHP_LIMIT_CREDENTIAL, ip);
}

/* Three in six seconds: three at once, then one every two seconds. */
START_TEST(a_burst_then_the_rate)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    }
    ck_assert_int_eq(sign_in("192.0.2.1"), 2);
    ck_assert_int_eq(sign_in("192.0.2.1"), 2); /* refused requests do not count */
    ck_assert_int_eq(sign_in("192.0.2.2"), 0);
    fake_clock_advance(&clock_, 1000);
    ck_assert_int_eq(sign_in("192.0.2.1"), 1);
    fake_clock_advance(&clock_, 999);
    ck_assert_int_eq(sign_in("192.0.2.1"), 1); /* one millisecond is left, rounded up to a second */
    fake_clock_advance(&clock_, 1);
    ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    ck_assert_int_eq(sign_in("192.0.2.1"), 2);
    fake_clock_advance(&clock_, 6000);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    }
    ck_assert_int_gt(sign_in("192.0.2.1"), 0);
}
END_TEST

/* A client that waits as long as Retry-After says is admitted, and the rate holds over a long
 * time. */
START_TEST(retry_after_is_honest)
{
    int let_in = 0;
    for (int second = 0; second < 600;) {
        int wait = sign_in("192.0.2.1");
        if (wait == 0) {
            let_in++;
            continue;
        }
        fake_clock_advance(&clock_, (authp_ms_t)wait * 1000);
        second += wait;
        ck_assert_int_eq(sign_in("192.0.2.1"), 0);
        let_in++;
    }
    ck_assert_int_ge(let_in, 300);
    ck_assert_int_le(let_in, 304);
}
END_TEST

START_TEST(classes_count_apart)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
    }
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 30);
    ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    for (int i = 0; i < 30; i++) {
        ck_assert_int_eq(take(AUTHP_LIMIT_REFRESH, "192.0.2.1"), 0);
    }
    ck_assert_int_eq(take(AUTHP_LIMIT_REFRESH, "192.0.2.1"), 1);
}
END_TEST

START_TEST(what_is_one_address)
{
    static const struct {
        const char *first;
        const char *second;
        bool same;
    } rows[] = {
        {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
        {"2001:db8:1:2::1", "2001:DB8:1:2:0:0:0:7", true},
        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"192.0.2.1", "192.0.2.2", false},
        {"::1", "127.0.0.1", false},
        {NULL, "", true},
        {"unix:", "192.0.2.1", false},
        {"fe80::1%eth0", "fe80::1%eth1", false},
    };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in(rows[_i].first), 0);
    }
    ck_assert_int_gt(sign_in(rows[_i].first), 0);
    ck_assert_int_eq(sign_in(rows[_i].second) > 0, rows[_i].same);
}
END_TEST

START_TEST(devices_count_by_themselves)
{
    int wait = 0;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in("abcd"), 0);
        ck_assert_int_eq(authp_limit_take_device(limits, AUTHP_LIMIT_CREDENTIAL, "abcd", 4, &wait),
                         AUTHP_OK);
    }
    ck_assert_int_eq(authp_limit_take_device(limits, AUTHP_LIMIT_CREDENTIAL, "abcd", 4, &wait),
                     AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(wait, 2);
    ck_assert_int_eq(authp_limit_take_device(limits, AUTHP_LIMIT_CREDENTIAL, "abce", 4, &wait),
                     AUTHP_OK);
}
END_TEST

START_TEST(given_back)
{
    /* nothing was taken, so nothing is given back */
    authp_limit_give_address(limits, AUTHP_LIMIT_REGISTER, "192.0.2.1");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
        authp_limit_give_address(limits, AUTHP_LIMIT_REGISTER, "192.0.2.1");
    }
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 30);
    authp_limit_give_address(limits, AUTHP_LIMIT_REGISTER, "192.0.2.1");
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 30);
}
END_TEST

/* A graceful restart sets a tighter limit. Requests that were counted under the old limit must not
 * delay a client longer than the new limit would. */
START_TEST(tightened)
{
    settings.limit_register = (authp_rate_t){1000, 86400};
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
    }
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 87);
    settings.limit_register = (authp_rate_t){2, 60};
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 30);
}
END_TEST

/* More requests in a second than the table has ticks: each still counts one tick. */
START_TEST(more_than_ticks)
{
    enum { TICKS = 16000 };
    settings.limit_register = (authp_rate_t){TICKS + 1, 1};
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
    for (int i = 0; i <= TICKS; i++) {
        ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 0);
    }
    ck_assert_int_eq(take(AUTHP_LIMIT_REGISTER, "192.0.2.1"), 1);
}
END_TEST

START_TEST(none_at_all)
{
    int wait = 0;
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(authp_limit_take_address(NULL, AUTHP_LIMIT_REGISTER, "::1", &wait),
                         AUTHP_OK);
        ck_assert_int_eq(authp_limit_take_device(NULL, AUTHP_LIMIT_REGISTER, "d", 1, &wait),
                         AUTHP_OK);
    }
    authp_limit_give_address(NULL, AUTHP_LIMIT_REGISTER, "::1");
    ck_assert_int_eq(wait, 0);
}
END_TEST

/* Nobody outside can find addresses that share a place of the table, because each start of the
 * server uses another key. */
START_TEST(places_are_not_foreseen)
{
    authp_limit_shared_t *second = NULL;
    ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    ck_assert_int_eq(authp_limit_shared_make(&clock_.clock, authp_random_system(), &second),
                     AUTHP_OK);
    limits = authp_limit_make(second, &settings, &clock_.clock, pool);
    ck_assert_mem_eq(&shared->accounts, &second->accounts, sizeof(shared->accounts));
    ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    ck_assert(memcmp(&shared->clients, &second->clients, sizeof(shared->clients)) != 0);
}
END_TEST

static void *crowd(void *data)
{
    atomic_int *passed = data;
    for (int i = 0; i < 200; i++) {
        int wait = 0;
        if (authp_limit_take_address(limits, AUTHP_LIMIT_CREDENTIAL, "192.0.2.1", &wait) ==
            AUTHP_OK) {
            atomic_fetch_add(passed, 1);
        }
    }
    return NULL;
}

START_TEST(many_at_once_gain_nothing)
{
    pthread_t threads[16];
    atomic_int passed = 0;
    settings.limit_address = (authp_rate_t){100, 60};
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, crowd, &passed), 0);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(passed, 100);
}
END_TEST

/* A hundred thousand other addresses do not make the table forget an address that has reached its
 * limit. */
START_TEST(a_flood_of_addresses)
{
    char ip[40];
    settings.limit_address = (authp_rate_t){3, 6000};
    limits = authp_limit_make(shared, &settings, &clock_.clock, pool);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in("192.0.2.1"), 0);
    }
    for (int i = 0; i < 100000; i++) {
        (void)snprintf(ip, sizeof(ip), "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
        ck_assert_int_eq(sign_in(ip), 0);
    }
    ck_assert_int_gt(sign_in("192.0.2.1"), 0);
}
END_TEST

Suite *suite_limit(void)
{
    Suite *suite = suite_create("limit");
    TCase *tests = tcase_create("limit");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_burst_then_the_rate);
    tcase_add_test(tests, retry_after_is_honest);
    tcase_add_test(tests, classes_count_apart);
    tcase_add_loop_test(tests, what_is_one_address, 0, 10);
    tcase_add_test(tests, devices_count_by_themselves);
    tcase_add_test(tests, given_back);
    tcase_add_test(tests, tightened);
    tcase_add_test(tests, more_than_ticks);
    tcase_add_test(tests, none_at_all);
    tcase_add_test(tests, places_are_not_foreseen);
    tcase_add_test(tests, many_at_once_gain_nothing);
    tcase_add_test(tests, a_flood_of_addresses);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How often the guard's thread checks the time: every 100 ms while a call is running, and never
 * while none is. */
#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include "../unit/suite.h"
#include "store/postgresql/postgresql_guard.h"
#include "store/postgresql/postgresql_native.h"

#include <apr_dbd.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LOOKS 3

static apr_pool_t *pool;
static atomic_int waits;
static _Atomic int64_t longest_us; /* from the call to its end */

static int64_t us_of(const struct timespec *at)
{
    return (int64_t)at->tv_sec * 1000000 + at->tv_nsec / 1000;
}

/* Replaces the C library's function in the test program. */
int pthread_cond_timedwait(pthread_cond_t *more, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    typedef int wait_fn(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    union {
        void *object;
        wait_fn *function;
    } real = {.object = dlsym(RTLD_NEXT, "pthread_cond_timedwait")};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t us = us_of(until) - us_of(&now);
    if (us > atomic_load(&longest_us)) {
        atomic_store(&longest_us, us);
    }
    atomic_fetch_add(&waits, 1);
    return real.function(more, mutex, until);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_ptr_null(authp_postgresql_native_load(pool));
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static void pause_ms(int ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000L};
    nanosleep(&time, NULL);
}

/* On a slow machine the time until the end of a wait is read late and is shorter. So the longest
 * of many counts. */
START_TEST(every_100_ms)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    void *guard = NULL;
    ck_assert_int_eq(apr_dbd_get_driver(pool, "pgsql", &driver), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(driver, pool, getenv("AUTHP_POSTGRES_DIRECT_URL"), &handle),
                     APR_SUCCESS);
    authp_postgresql_native_set_up(driver, handle);
    ck_assert_int_eq(authp_postgresql_guard_open(&guard, pool), AUTHP_OK);
    atomic_store(&waits, 0);
    atomic_store(&longest_us, 0);
    authp_postgresql_guard_begin(guard, driver, handle, 60000);
    while (atomic_load(&waits) < LOOKS || atomic_load(&longest_us) < 90000) {
        pause_ms(10);
    }
    authp_postgresql_guard_end(guard, handle);
    int64_t us = atomic_load(&longest_us);
    ck_assert_msg(us <= 100000, "%ld us", (long)us);
    /* The wait that was running when the call ended is the last one. */
    int after = atomic_load(&waits);
    pause_ms(300);
    ck_assert_int_eq(atomic_load(&waits), after);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}
END_TEST

Suite *suite_postgresql_look(void)
{
    Suite *suite = suite_create("postgresql_look");
    TCase *tests = tcase_create("look");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_100_ms);
    suite_add_tcase(suite, tests);
    return suite;
}

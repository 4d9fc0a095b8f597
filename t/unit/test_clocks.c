/* SPDX-License-Identifier: Apache-2.0 */
/* Which clock each part asks. The wall clock may be set at any time, so it is for times that are
 * stored or told. Waits are measured by the monotonic clock. Ages of what processes share are
 * measured by the one that also runs while the machine sleeps. */
#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/shm.h"
#include "base/shm_lock.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/hasher.h"
#include "fixture.h"
#include "net/deaf.h"
#include "net/kept.h"
#include "service/live/live.h"
#include "store/postgresql/postgresql_guard.h"
#include "suite.h"
#include "wall_clock.h"

static fixture_t f;
static int waits_by = -1; /* the clock of the latest condition variable */

/* Replaces the C library's function in the test program. */
int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t id)
{
    typedef int set_fn(pthread_condattr_t *, clockid_t);
    union {
        void *object;
        set_fn *function;
    } real = {.object = dlsym(RTLD_NEXT, "pthread_condattr_setclock")};
    waits_by = (int)id;
    return real.function(attributes, id);
}

static void set_up(void)
{
    fixture_open(&f);
    waits_by = -1;
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void read_wall(void)
{
    ck_assert_int_gt(authp_clock_now(authp_clock_system()), 0);
}

static void read_steady(void)
{
    ck_assert_int_gt(authp_clock_now(authp_clock_monotonic()), 0);
}

static void read_deaf(void)
{
    ck_assert_int_gt(authp_deaf_now(), 0);
}

static void lock_mutex(void)
{
    pthread_mutex_t mutex;
    ck_assert_int_eq(authp_shm_mutex_init(&mutex), AUTHP_OK);
    ck_assert_int_eq(authp_shm_mutex_lock(&mutex, 10, NULL), AUTHP_OK);
    authp_shm_mutex_unlock(&mutex);
    pthread_mutex_destroy(&mutex);
}

static void take_lock(void)
{
    authp_shm_lock_t lock = {0};
    ck_assert_int_eq(authp_shm_lock_take(&lock, 10, NULL), AUTHP_OK);
    authp_shm_lock_give(&lock);
}

static const struct {
    void (*read)(void);
    int clock;
} reads[] = {{read_wall, CLOCK_REALTIME},
             {read_steady, CLOCK_BOOTTIME},
             {read_deaf, CLOCK_MONOTONIC},
             {lock_mutex, CLOCK_MONOTONIC},
             {take_lock, CLOCK_BOOTTIME}};

START_TEST(what_is_read)
{
    (void)wall_clock_asked();
    reads[_i].read();
    ck_assert_uint_eq(wall_clock_asked(), 1U << reads[_i].clock);
}
END_TEST

static void make_deaf(void)
{
    ck_assert_ptr_nonnull(authp_deaf_make(f.pool));
}

static void make_kept(void)
{
    static const authp_kept_rules_t rules = {.timeout_ms = 10};
    ck_assert_ptr_nonnull(authp_kept_make(&rules, NULL, authp_clock_monotonic(), f.pool));
}

static void make_live(void)
{
    authp_live_shared_t *shared = NULL;
    authp_live_table_t *table = NULL;
    authp_live_t *live = NULL;
    const authp_live_terms_t terms = {
        .roles = f.settings->roles, .token_ms = 60000, .max_lag_ms = 5000};
    ck_assert_int_eq(authp_live_table_make(8, &shared), AUTHP_OK);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &table, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_live_make(table, 1, &live, f.pool), AUTHP_OK);
}

static void wait_for_a_hash(void)
{
    bool match = true;
    ck_assert_int_eq(authp_hasher_verify(f.realm->hasher, AUTHP_HASH_KNOWN, "x", 1,
                                         authp_bcrypt_dummy(4), &match),
                     AUTHP_OK);
    ck_assert(!match);
}

static void make_guard(void)
{
    void *guard = NULL;
    ck_assert_int_eq(authp_postgresql_guard_open(&guard, f.pool), AUTHP_OK);
}

static void (*const makers[])(void) = {make_deaf, make_kept, make_live, wait_for_a_hash,
                                       make_guard};

START_TEST(what_waits)
{
    makers[_i]();
    ck_assert_int_eq(waits_by, CLOCK_MONOTONIC);
}
END_TEST

Suite *suite_clocks(void)
{
    Suite *suite = suite_create("clocks");
    TCase *tests = tcase_create("clocks");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_is_read, 0, sizeof(reads) / sizeof(reads[0]));
    tcase_add_loop_test(tests, what_waits, 0, sizeof(makers) / sizeof(makers[0]));
    suite_add_tcase(suite, tests);
    return suite;
}

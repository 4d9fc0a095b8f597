/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory and its mutexes: forked processes see them, and they survive processes that die. */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"
#include "base/shm.h"
#include "child.h"
#include "suite.h"
#include "support/faults.h"

#define ROUNDS 2000
#define CHILDREN 3

typedef struct area_t {
    pthread_mutex_t mutex;
    atomic_int ready;
    atomic_int go;
    int count; /* not atomic, because the mutex protects it */
} area_t;

static area_t *area;
static char last[1100];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert_int_eq(level, AUTHP_LOG_ERROR);
    apr_cpystrn(last, message, sizeof(last));
}

static void set_up(void)
{
    void *memory = NULL;
    last[0] = '\0';
    authp_log_set_sink(keep, NULL);
    ck_assert_int_eq(authp_shm_make(sizeof(area_t), &memory), AUTHP_OK);
    area = memory;
    ck_assert_int_eq(authp_shm_mutex_init(&area->mutex), AUTHP_OK);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
}

/* Waits without a limit. Check's own timeout ends a test that hangs. */
static void wait_for(atomic_int *flag, int value)
{
    while (atomic_load(flag) < value) {
        (void)usleep(500);
    }
}

static void die_holding(void)
{
    if (!authp_shm_mutex_try(&area->mutex, NULL)) {
        _exit(1);
    }
    area->count = 42;
}

static void hold_until_told(void)
{
    if (!authp_shm_mutex_try(&area->mutex, NULL)) {
        _exit(1);
    }
    atomic_store(&area->ready, 1);
    wait_for(&area->go, 1);
    authp_shm_mutex_unlock(&area->mutex);
}

static void count_up(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (authp_shm_mutex_lock(&area->mutex, 30000, NULL) != AUTHP_OK) {
            _exit(1);
        }
        int seen = area->count;
        area->count = seen + 1;
        authp_shm_mutex_unlock(&area->mutex);
    }
}

START_TEST(memory)
{
    const size_t size = 100001;
    void *made = NULL;
    void *other = NULL;
    ck_assert_int_eq(authp_shm_make(size, &made), AUTHP_OK);
    ck_assert_int_eq(authp_shm_make(size, &other), AUTHP_OK);
    const unsigned char *bytes = made;
    for (size_t i = 0; i < size; i++) {
        ck_assert_uint_eq(bytes[i], 0);
    }
    memset(made, 1, size);
    ck_assert_uint_eq(*(unsigned char *)other, 0);
}
END_TEST

/* In both directions, also for memory that was made before the fork. */
START_TEST(memory_is_shared)
{
    area->count = 1;
    pid_t child = child_start(die_holding);
    child_finish(child);
    ck_assert_int_eq(area->count, 42);
}
END_TEST

START_TEST(no_memory)
{
    void *made = &last;
    ck_assert_int_eq(authp_shm_make(0, &made), AUTHP_E_INTERNAL);
    ck_assert_ptr_eq(made, &last);
    ck_assert_ptr_nonnull(strstr(last, "AUTHP0001: "));
    ck_assert_int_eq(authp_shm_make(SIZE_MAX / 2, &made), AUTHP_E_INTERNAL);
    ck_assert_ptr_eq(made, &last);
}
END_TEST

/* What the system refuses is named in the log, and nothing is handed out. */
START_TEST(the_system_refuses)
{
    apr_pool_t *pool = NULL;
    void *made = &last;
    pthread_mutex_t mutex;
    apr_pool_create(&pool, NULL);
    faults_open();
    faults.mmap_at = 1;
    ck_assert_int_eq(authp_shm_make(4097, &made), AUTHP_E_INTERNAL);
    ck_assert_str_eq(last, "AUTHP0001: cannot map 4097 bytes of shared memory (errno 12)");
    faults.mutex_at = 1;
    ck_assert_int_eq(authp_shm_mutex_init(&mutex), AUTHP_E_INTERNAL);
    ck_assert_str_eq(last, "AUTHP0002: cannot make a shared mutex (error 12)");
    faults.mmap_at = 1;
    ck_assert_int_eq(authp_pages_make(4098, &made, pool), AUTHP_E_INTERNAL);
    ck_assert_str_eq(last, "AUTHP0005: cannot map 4098 bytes of memory (errno 12)");
    ck_assert_ptr_eq(made, &last);
    apr_pool_destroy(pool);
}
END_TEST

START_TEST(try_and_unlock)
{
    bool died = true;
    ck_assert(authp_shm_mutex_try(&area->mutex, &died));
    ck_assert(!died);
    ck_assert(!authp_shm_mutex_try(&area->mutex, NULL));
    authp_shm_mutex_unlock(&area->mutex);
    ck_assert(authp_shm_mutex_try(&area->mutex, NULL));
    authp_shm_mutex_unlock(&area->mutex);
    died = true;
    ck_assert_int_eq(authp_shm_mutex_lock(&area->mutex, 0, &died), AUTHP_OK);
    ck_assert(!died);
    authp_shm_mutex_unlock(&area->mutex);
    ck_assert_str_eq(last, "");
}
END_TEST

START_TEST(dead_holder)
{
    bool died = false;
    child_finish(child_start(die_holding));
    ck_assert(authp_shm_mutex_try(&area->mutex, &died));
    ck_assert(died);
    authp_shm_mutex_unlock(&area->mutex);
    /* The death of a holder is reported once. After that the mutex works as any other. */
    ck_assert(authp_shm_mutex_try(&area->mutex, &died));
    ck_assert(!died);
    authp_shm_mutex_unlock(&area->mutex);
    child_finish(child_start(die_holding));
    ck_assert_int_eq(authp_shm_mutex_lock(&area->mutex, 1000, &died), AUTHP_OK);
    ck_assert(died);
    authp_shm_mutex_unlock(&area->mutex);
    child_finish(child_start(die_holding));
    ck_assert_int_eq(authp_shm_mutex_lock(&area->mutex, 1000, NULL), AUTHP_OK);
    authp_shm_mutex_unlock(&area->mutex);
    child_finish(child_start(count_up));
    ck_assert_str_eq(last, "");
}
END_TEST

START_TEST(bounded_wait)
{
    bool died = true;
    pid_t child = child_start(hold_until_told);
    wait_for(&area->ready, 1);
    ck_assert(!authp_shm_mutex_try(&area->mutex, &died));
    static const int waits[] = {0, 1, 999, 1250};
    for (int i = 0; i < 4; i++) {
        authp_ms_t before = authp_clock_now(authp_clock_system());
        ck_assert_int_eq(authp_shm_mutex_lock(&area->mutex, waits[i], &died), AUTHP_E_BUSY);
        authp_ms_t took = authp_clock_now(authp_clock_system()) - before;
        ck_assert_int_ge(took, waits[i] - 1);
        /* On a busy machine a thread may wake up late, but not by half a minute. */
        ck_assert_int_lt(took, waits[i] + 30000);
    }
    atomic_store(&area->go, 1);
    ck_assert_int_eq(authp_shm_mutex_lock(&area->mutex, 30000, &died), AUTHP_OK);
    ck_assert(!died);
    authp_shm_mutex_unlock(&area->mutex);
    child_finish(child);
    ck_assert_str_eq(last, "");
}
END_TEST

START_TEST(processes_exclude_each_other)
{
    pid_t children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = child_start(count_up);
    }
    for (int i = 0; i < CHILDREN; i++) {
        child_finish(children[i]);
    }
    ck_assert_int_eq(area->count, CHILDREN * ROUNDS);
}
END_TEST

START_TEST(unlock_without_lock)
{
    authp_shm_mutex_unlock(&area->mutex);
    ck_assert_ptr_nonnull(strstr(last, "AUTHP0004: "));
    ck_assert(authp_shm_mutex_try(&area->mutex, NULL));
    authp_shm_mutex_unlock(&area->mutex);
}
END_TEST

/* A mutex whose recovery was given up returns an error to later callers and does not block them. */
START_TEST(given_up)
{
    bool died = true;
    child_finish(child_start(die_holding));
    ck_assert_int_eq(pthread_mutex_lock(&area->mutex), EOWNERDEAD);
    ck_assert_int_eq(pthread_mutex_unlock(&area->mutex), 0);
    ck_assert_int_eq(authp_shm_mutex_lock(&area->mutex, 30000, &died), AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(last, "AUTHP0003: "));
    ck_assert(!authp_shm_mutex_try(&area->mutex, &died));
    ck_assert(died); /* untouched, because neither call took the mutex */
}
END_TEST

Suite *suite_shm(void)
{
    Suite *suite = suite_create("shm");
    TCase *tests = tcase_create("shm");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, memory);
    tcase_add_test(tests, memory_is_shared);
    tcase_add_test(tests, no_memory);
    tcase_add_test(tests, the_system_refuses);
    tcase_add_test(tests, try_and_unlock);
    tcase_add_test(tests, dead_holder);
    tcase_add_test(tests, bounded_wait);
    tcase_add_test(tests, processes_exclude_each_other);
    tcase_add_test(tests, unlock_without_lock);
    tcase_add_test(tests, given_up);
    suite_add_tcase(suite, tests);
    return suite;
}

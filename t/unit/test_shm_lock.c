/* SPDX-License-Identifier: Apache-2.0 */
/* A lock in shared memory whose holders end in every possible way. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/shm.h"
#include "base/shm_lock.h"
#include "child.h"
#include "suite.h"

#define CHILDREN 4
#define ROUNDS 300
#define SOON_MS 10000 /* on a busy machine */

typedef struct area_t {
    authp_shm_lock_t lock;
    atomic_int inside;
    atomic_int worst; /* the highest number of holders at once */
    atomic_int taken;
    atomic_int died;
    atomic_int ready;
    atomic_int go;
    _Atomic int64_t handed;
    atomic_int quick;
} area_t;

static area_t *area;
static char last[1100];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    strncpy(last, message, sizeof(last) - 1);
}

static void set_up(void)
{
    void *memory = NULL;
    memset(last, 0, sizeof(last));
    authp_log_set_sink(keep, NULL);
    ck_assert_int_eq(authp_shm_make(sizeof(area_t), &memory), AUTHP_OK);
    area = memory;
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
}

static void take_or_fail(int timeout_ms)
{
    bool died = false;
    if (authp_shm_lock_take(&area->lock, timeout_ms, &died) != AUTHP_OK) {
        _exit(1);
    }
    atomic_fetch_add(&area->died, died);
}

/* The memory is unmapped before the process ends, as in a child of prefork. */
static void end_unmapped(void)
{
    take_or_fail(SOON_MS);
    ck_assert_int_eq(munmap(area, sizeof(*area)), 0);
    _exit(0);
}

static void end_holding(void)
{
    take_or_fail(SOON_MS);
}

static void end_by_signal(void)
{
    take_or_fail(SOON_MS);
    atomic_store(&area->ready, 1);
    for (;;) {
        pause();
    }
}

static void hold_until_told(void)
{
    take_or_fail(SOON_MS);
    atomic_store(&area->ready, 1);
    while (atomic_load(&area->go) == 0) {
        usleep(1000);
    }
    authp_shm_lock_give(&area->lock);
}

static void wait_ready(void)
{
    while (atomic_load(&area->ready) == 0) {
        usleep(500);
    }
}

static void *hold_in_thread(void *data)
{
    (void)data;
    hold_until_told();
    _exit(0);
}

/* The first thread ends before the lock is taken. The process is a zombie with one live thread. */
static void end_first_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, hold_in_thread, NULL) == 0) {
        pthread_exit(NULL);
    }
}

/* A process whose first thread has ended still holds its lock. */
START_TEST(first_thread_ends)
{
    bool died = false;
    pid_t child = child_start(end_first_thread);
    wait_ready();
    ck_assert(!authp_process_is_gone(atomic_load(&area->lock.owner)));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_shm_lock_take(&area->lock, 100, &died), AUTHP_E_BUSY);
    }
    atomic_store(&area->go, 1);
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, SOON_MS, &died), AUTHP_OK);
    ck_assert(!died);
    authp_shm_lock_give(&area->lock);
    child_finish(child);
}
END_TEST

START_TEST(take_and_give)
{
    bool died = true;
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 0, &died), AUTHP_OK);
    ck_assert(!died);
    ck_assert_uint_eq(area->lock.owner, authp_process_self());
    /* Another thread of this process gets the same error. */
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 30, &died), AUTHP_E_BUSY);
    authp_shm_lock_give(&area->lock);
    ck_assert_uint_eq(area->lock.owner, 0);
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 0, NULL), AUTHP_OK);
    authp_shm_lock_give(&area->lock);
    ck_assert_str_eq(last, "");
}
END_TEST

START_TEST(not_ours_to_give)
{
    authp_shm_lock_give(&area->lock);
    ck_assert_ptr_nonnull(strstr(last, "AUTHP0006: "));
    ck_assert_uint_eq(area->lock.given, 0);
    atomic_store(&area->lock.owner, authp_process_self() + 1);
    authp_shm_lock_give(&area->lock);
    ck_assert_uint_eq(area->lock.owner, authp_process_self() + 1);
}
END_TEST

static void (*const ends[])(void) = {end_unmapped, end_holding};

START_TEST(dead_holder)
{
    bool died = false;
    for (int i = 0; i < 3; i++) {
        child_finish(child_start(ends[_i]));
        ck_assert_int_eq(authp_shm_lock_take(&area->lock, i == 0 ? 0 : SOON_MS, &died), AUTHP_OK);
        ck_assert(died);
        authp_shm_lock_give(&area->lock);
        ck_assert_int_eq(authp_shm_lock_take(&area->lock, 0, &died), AUTHP_OK);
        ck_assert(!died);
        authp_shm_lock_give(&area->lock);
    }
    ck_assert_str_eq(last, "");
}
END_TEST

/* The process has ended, but its parent has not read its status. It still exists, and must not
 * count as the holder. */
START_TEST(killed_and_not_waited_for)
{
    bool died = false;
    pid_t child = child_start(end_by_signal);
    wait_ready();
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 50, &died), AUTHP_E_BUSY);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, SOON_MS, &died), AUTHP_OK);
    ck_assert(died);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

/* The process id of a holder that has ended belongs to another process now. */
START_TEST(number_in_use_again)
{
    bool died = false;
    const authp_process_t self = authp_process_self();
    atomic_store(&area->lock.owner, self ^ 1); /* the same process id with another start time */
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 0, &died), AUTHP_OK);
    ck_assert(died);
}
END_TEST

START_TEST(a_slow_holder_keeps_it)
{
    bool died = true;
    pid_t child = child_start(hold_until_told);
    wait_ready();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_shm_lock_take(&area->lock, 200, &died), AUTHP_E_BUSY);
    }
    ck_assert_int_eq(kill(child, SIGSTOP), 0);
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 200, &died), AUTHP_E_BUSY);
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    atomic_store(&area->go, 1);
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, SOON_MS, &died), AUTHP_OK);
    ck_assert(!died);
    authp_shm_lock_give(&area->lock);
    child_finish(child);
    ck_assert_str_eq(last, "");
}
END_TEST

/* Takes the lock and checks that no other process is in. Two processes that recover the lock at the
 * same moment would both be in. */
static void come_in(void)
{
    while (atomic_load(&area->go) == 0) {
        usleep(100);
    }
    for (int i = 0; i < ROUNDS; i++) {
        take_or_fail(30000);
        int inside = atomic_fetch_add(&area->inside, 1) + 1;
        if (inside > atomic_load(&area->worst)) {
            atomic_store(&area->worst, inside);
        }
        atomic_fetch_add(&area->taken, 1);
        atomic_fetch_sub(&area->inside, 1);
        authp_shm_lock_give(&area->lock);
    }
}

START_TEST(many_recover_at_once)
{
    pid_t children[CHILDREN];
    child_finish(child_start(end_unmapped));
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = child_start(come_in);
    }
    atomic_store(&area->go, 1);
    for (int i = 0; i < CHILDREN; i++) {
        child_finish(children[i]);
    }
    ck_assert_int_eq(area->taken, CHILDREN * ROUNDS);
    ck_assert_int_eq(area->worst, 1);
    ck_assert_int_eq(area->died, 1);
}
END_TEST

/* A process that was woken may be killed before it runs. The next one gets the lock all the
 * same. */
static void wait_for_it(void)
{
    take_or_fail(SOON_MS);
    authp_shm_lock_give(&area->lock);
}

START_TEST(a_waiter_that_is_killed)
{
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, 0, NULL), AUTHP_OK);
    pid_t first = child_start(wait_for_it);
    pid_t second = child_start(wait_for_it);
    usleep(50000);
    ck_assert_int_eq(kill(first, SIGSTOP), 0);
    authp_shm_lock_give(&area->lock);
    child_finish(second);
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    ck_assert_int_eq(waitpid(first, NULL, 0), first);
    ck_assert_int_eq(authp_shm_lock_take(&area->lock, SOON_MS, NULL), AUTHP_OK);
}
END_TEST

static void sleep_a_little(void)
{
    usleep(1000);
}

START_TEST(processes)
{
    const authp_process_t self = authp_process_self();
    ck_assert_uint_eq(self >> 42, (uint64_t)getpid());
    ck_assert_uint_ne(self & ((UINT64_C(1) << 42) - 1), 0);
    ck_assert(!authp_process_is_gone(self));
    ck_assert(!authp_process_is_gone((uint64_t)getppid() << 42)); /* its start time is not known */
    ck_assert(authp_process_is_gone(self ^ 1));
    pid_t child = child_start(sleep_a_little);
    child_finish(child);
    ck_assert(authp_process_is_gone((uint64_t)child << 42));
}
END_TEST

static void know_oneself(void)
{
    if (authp_process_self() >> 42 != (uint64_t)getpid()) {
        _exit(1);
    }
}

START_TEST(after_a_fork)
{
    ck_assert_uint_eq(authp_process_self() >> 42, (uint64_t)getpid());
    child_finish(child_start(know_oneself));
}
END_TEST

#define HANDOVERS 20
#define QUICK_MS 8 /* a waiting process checks by itself every 20 ms */

/* Each time the lock is given, `handed` is the time, and the child measures how long it took to get
 * it. */
static void wait_for_each(void)
{
    for (int i = 0; i < HANDOVERS; i++) {
        while (atomic_load(&area->go) <= i) {
            usleep(200);
        }
        atomic_store(&area->ready, i + 1);
        take_or_fail(SOON_MS);
        int64_t took = authp_clock_now(authp_clock_monotonic()) - atomic_load(&area->handed);
        atomic_fetch_add(&area->quick, took <= QUICK_MS);
        authp_shm_lock_give(&area->lock);
        atomic_store(&area->ready, 0);
    }
}

/* A waiting process is woken, and does not have to check by itself. On a busy machine a few may be
 * late. */
START_TEST(a_waiter_is_woken)
{
    pid_t child = child_start(wait_for_each);
    for (int i = 0; i < HANDOVERS; i++) {
        ck_assert_int_eq(authp_shm_lock_take(&area->lock, SOON_MS, NULL), AUTHP_OK);
        atomic_store(&area->go, i + 1);
        while (atomic_load(&area->ready) != i + 1) {
            usleep(200);
        }
        usleep(4000);
        atomic_store(&area->handed, authp_clock_now(authp_clock_monotonic()));
        authp_shm_lock_give(&area->lock);
        while (atomic_load(&area->ready) != 0) {
            usleep(200);
        }
    }
    child_finish(child);
    ck_assert_int_ge(atomic_load(&area->quick), HANDOVERS / 4);
}
END_TEST

Suite *suite_shm_lock(void)
{
    Suite *suite = suite_create("shm_lock");
    TCase *tests = tcase_create("shm_lock");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, take_and_give);
    tcase_add_test(tests, first_thread_ends);
    tcase_add_test(tests, not_ours_to_give);
    tcase_add_loop_test(tests, dead_holder, 0, 2);
    tcase_add_test(tests, killed_and_not_waited_for);
    tcase_add_test(tests, number_in_use_again);
    tcase_add_test(tests, a_slow_holder_keeps_it);
    tcase_add_test(tests, many_recover_at_once);
    tcase_add_test(tests, a_waiter_that_is_killed);
    tcase_add_test(tests, processes);
    tcase_add_test(tests, after_a_fork);
    tcase_add_test(tests, a_waiter_is_woken);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The line of hashes after a caller has left it: by a time-out, or by a refusal. Also which threads
 * do the work. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/password/bcrypt.h"
#include "crypto/password/hasher.h"
#include "suite.h"
#include "support/hasher_look.h"
#include "support/wall_clock.h"

static apr_pool_t *pool;
static authp_hasher_bound_t *bound;
static authp_hasher_t *hasher;
static atomic_int done;
static atomic_int busy;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_hasher_bound_make(1, 8, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 2, &hasher, pool), AUTHP_OK);
}

static void tear_down(void)
{
    wall_clock_steady(0);
    apr_pool_destroy(pool);
}

static void *ask(void *data)
{
    bool match = false;
    const authp_hash_for_t *who = data;
    authp_err_t err = authp_hasher_verify(hasher, *who, "wrong", 5, authp_bcrypt_dummy(4), &match);
    atomic_fetch_add(err == AUTHP_OK ? &done : &busy, 1);
    return NULL;
}

static void nobody_is_left(void)
{
    int running = -1;
    int waiting = -1;
    hasher_look(bound, &running, &waiting);
    ck_assert_int_eq(running, 0);
    ck_assert_int_eq(waiting, 0);
}

/* Another process has the slot. One caller waits with the thread, and one waits behind it, until
 * both time out. The next caller is served as if they had not been there. */
START_TEST(after_a_wait_in_vain)
{
    authp_hash_for_t who = AUTHP_HASH_STRANGER;
    pthread_t threads[2];
    bool match = false;
    int slot = authp_hasher_bound_run(bound, who, 0, authp_hasher_bound_now() + 1000);
    ck_assert_int_eq(slot, 0);
    /* the clock is set ahead, so that 300 ms of the ten seconds are left */
    wall_clock_steady(-9700);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &who), 0);
    }
    for (int i = 0; busy == 0 && i < 10000; i++) {
        usleep(1000);
    }
    ck_assert_int_ge(busy, 1);
    authp_hasher_bound_done(bound, slot, 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(done + busy, 2);
    wall_clock_steady(0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(
            authp_hasher_verify(hasher, who, "wrong", 5, authp_bcrypt_dummy(4), &match), AUTHP_OK);
    }
    ck_assert(!authp_hasher_strangers_wait(hasher));
    nobody_is_left();
}
END_TEST

/* Two strangers may wait in this process. A third one is refused, and so is a password that bcrypt
 * cannot hash. Neither keeps a place. */
START_TEST(after_a_refusal)
{
    authp_hash_for_t who = AUTHP_HASH_STRANGER;
    pthread_t threads[2];
    char hash[AUTHP_SCHEME_HASH_LEN + 1];
    const authp_scheme_t scheme = {.rounds = 4};
    bool match = false;
    int waiting = 0;
    int running = 0;
    int slot = authp_hasher_bound_run(bound, who, 0, authp_hasher_bound_now() + 1000);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &who), 0);
    }
    for (int i = 0; authp_hasher_has_room(hasher, who) && i < 5000; i++) {
        usleep(1000);
    }
    ck_assert(!authp_hasher_has_room(hasher, who));
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(
            authp_hasher_verify(hasher, who, "wrong", 5, authp_bcrypt_dummy(4), &match),
            AUTHP_E_BUSY);
    }
    hasher_look(bound, &running, &waiting);
    /* only the two that wait; the holder of the slot is not counted */
    ck_assert_int_eq(running + waiting, 2);
    authp_hasher_bound_done(bound, slot, 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(done, 2);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(authp_hasher_hash(hasher, who, "a\0b", 3, &scheme, hash),
                         AUTHP_E_MALFORMED);
    }
    nobody_is_left();
}
END_TEST

/* A line is quick only if the time of a hash is known. */
START_TEST(a_quick_line)
{
    ck_assert(!authp_hasher_line_is_quick(hasher, 0));
    ck_assert(!authp_hasher_line_is_quick(hasher, 1));
    authp_hasher_bound_assume(bound, 125000);
    ck_assert(authp_hasher_line_is_quick(hasher, 1));
    ck_assert(authp_hasher_line_is_quick(hasher, 2)); /* done in 250 ms */
    ck_assert(!authp_hasher_line_is_quick(hasher, 3));
    authp_hasher_bound_assume(bound, 251000);
    ck_assert(!authp_hasher_line_is_quick(hasher, 1));
}
END_TEST

static void *destroy(void *data)
{
    apr_pool_destroy(data);
    return NULL;
}

static char right[AUTHP_BCRYPT_HASH_LEN + 1];
static atomic_int wrong;

static void *ask_right(void *data)
{
    bool match = false;
    (void)data;
    authp_err_t err = authp_hasher_verify(hasher, AUTHP_HASH_STRANGER, "right", 5, right, &match);
    atomic_fetch_add(&wrong, (err == AUTHP_OK) != match);
    atomic_fetch_add(err == AUTHP_OK ? &done : &busy, 1);
    return NULL;
}

/* The process ends while one job runs and one waits. The waiting caller gets an error. The other
 * caller gets its result, or an error if its job had not begun. Neither gets a result that was not
 * computed. */
START_TEST(stopped_with_a_line)
{
    authp_hash_for_t who = AUTHP_HASH_STRANGER;
    pthread_t threads[2];
    pthread_t ender;
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 0, &hasher, own), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_hash("right", 5, 4, authp_random_system(), right), AUTHP_OK);
    int slot = authp_hasher_bound_run(bound, who, 0, authp_hasher_bound_now() + 1000);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_right, NULL), 0);
    }
    for (int i = 0; authp_hasher_hashing(hasher) < 2 && i < 10000; i++) {
        usleep(1000);
    }
    ck_assert_int_eq(pthread_create(&ender, NULL, destroy, own), 0);
    for (int i = 0; done + busy == 0 && i < 10000; i++) {
        usleep(1000);
    }
    authp_hasher_bound_done(bound, slot, 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_join(ender, NULL);
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_ge(busy, 1);
    ck_assert_int_eq(done + busy, 2);
    nobody_is_left();
}
END_TEST

/* Returns how many strangers the line admits after `hashes` hashes for `who`. */
static int line_after(authp_hash_for_t who, int hashes)
{
    int places[1200];
    int taken = 0;
    bool match = false;
    ck_assert_int_eq(authp_hasher_bound_make(1, 0, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 0, &hasher, pool), AUTHP_OK);
    authp_hasher_bound_assume(bound, 1000);
    /* While no caller waits, the estimate is that of an idle server. */
    ck_assert_int_ge(authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER), 0);
    for (int i = 0; i < hashes; i++) {
        ck_assert_int_eq(
            authp_hasher_verify(hasher, who, "wrong", 5, authp_bcrypt_dummy(10), &match), AUTHP_OK);
    }
    while (taken < 1200 &&
           (places[taken] = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER)) >= 0) {
        taken++;
    }
    return taken;
}

/* Hashes of known callers run beside those of strangers, so they do not change the estimate for
 * strangers. */
START_TEST(whose_hashes_are_measured)
{
    ck_assert_int_eq(line_after(AUTHP_HASH_KNOWN, 6), 1023);
    ck_assert_int_lt(line_after(AUTHP_HASH_STRANGER, 6), 1000);
}
END_TEST

static atomic_int has_slot;
static atomic_bool may_go;

static void *take_slot(void *data)
{
    (void)data;
    int slot =
        authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 0, authp_hasher_bound_now() + 20000);
    atomic_store(&has_slot, 1);
    while (!may_go) {
        usleep(1000);
    }
    authp_hasher_bound_done(bound, slot, 0);
    return NULL;
}

/* A caller that got its slot after a wait counts as running, like one that found a free slot. */
START_TEST(a_slot_after_a_wait)
{
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        int running = 0;
        int waiting = 0;
        may_go = false;
        has_slot = 0;
        int slot =
            authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 0, authp_hasher_bound_now() + 1000);
        ck_assert_int_eq(pthread_create(&thread, NULL, take_slot, NULL), 0);
        /* By then it waits, or rarely is still too early. One wait in ten rounds is enough. */
        usleep(5000);
        authp_hasher_bound_done(bound, slot, 0);
        while (has_slot == 0) {
            usleep(1000);
        }
        hasher_look(bound, &running, &waiting);
        may_go = true;
        pthread_join(thread, NULL);
        ck_assert_int_eq(running, 1);
    }
}
END_TEST

/* Returns how many threads of this process run at low priority; *all gets the number of all
 * threads. */
static int count_nice(int *all)
{
    int nice = 0;
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    *all = 0;
    for (const struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        if (task->d_name[0] != '.') {
            *all += 1;
            nice += getpriority(PRIO_PROCESS, (id_t)strtol(task->d_name, NULL, 10)) >
                    getpriority(PRIO_PROCESS, (id_t)getpid());
        }
    }
    (void)closedir(tasks);
    return nice;
}

START_TEST(strangers_stand_back)
{
    bool match = false;
    int before = 0;
    int after = 0;
    ck_assert_int_eq(count_nice(&before), 0);
    for (int i = 0; i < 2; i++) {
        authp_hash_for_t who = i == 0 ? AUTHP_HASH_KNOWN : AUTHP_HASH_STRANGER;
        ck_assert_int_eq(
            authp_hasher_verify(hasher, who, "wrong", 5, authp_bcrypt_dummy(4), &match), AUTHP_OK);
        ck_assert_int_eq(count_nice(&after), i);
        ck_assert_int_eq(after, before + 1 + i);
    }
}
END_TEST

/* An idle thread takes the next job. New threads start only for jobs at the same time, not for jobs
 * one after the other. */
START_TEST(no_thread_for_each_hash)
{
    int before = 0;
    int after = 0;
    bool match = false;
    ck_assert_int_eq(authp_hasher_bound_make(12, 8, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 0, &hasher, pool), AUTHP_OK);
    (void)count_nice(&before);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(authp_hasher_verify(hasher, AUTHP_HASH_STRANGER, "wrong", 5,
                                             authp_bcrypt_dummy(4), &match),
                         AUTHP_OK);
        usleep(10000); /* usually the thread is idle by then */
    }
    (void)count_nice(&after);
    ck_assert_int_le(after, before + 5);
}
END_TEST

Suite *suite_hasher_line(void)
{
    Suite *suite = suite_create("hasher_line");
    TCase *tests = tcase_create("hasher_line");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, after_a_wait_in_vain);
    tcase_add_test(tests, after_a_refusal);
    tcase_add_test(tests, a_quick_line);
    tcase_add_test(tests, strangers_stand_back);
    tcase_add_test(tests, no_thread_for_each_hash);
    tcase_add_test(tests, stopped_with_a_line);
    tcase_add_test(tests, whose_hashes_are_measured);
    tcase_add_test(tests, a_slot_after_a_wait);
    suite_add_tcase(suite, tests);
    return suite;
}

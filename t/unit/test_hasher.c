/* SPDX-License-Identifier: Apache-2.0 */
/* The line for the hashing threads: strangers and known callers have places of their own. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/wait.h>

#include "base/ending.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/hasher.h"
#include "suite.h"
#include "support/hasher_look.h"

enum { MANY = 1200 };

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static authp_hasher_bound_t *make_bound(int slots, int queue)
{
    authp_hasher_bound_t *bound = NULL;
    ck_assert_int_eq(authp_hasher_bound_make(slots, queue, &bound), AUTHP_OK);
    return bound;
}

static int admit_all(authp_hasher_bound_t *bound, authp_hash_for_t who, int *places)
{
    int taken = 0;
    while (taken < MANY && (places[taken] = authp_hasher_bound_admit(bound, who)) >= 0) {
        taken++;
    }
    return taken;
}

START_TEST(places)
{
    static const int rows[][4] = {
        /* slots, length of the line, places for strangers, further places for known callers */
        {1, 1, 2, 5}, {1, 2, 3, 5}, {2, 8, 10, 5}, {4, 16, 20, 5}, {8, 32, 40, 10}, {2, 0, 1024, 5},
    };
    int taken[MANY];
    authp_hasher_bound_t *bound = make_bound(rows[_i][0], rows[_i][1]);
    int strangers = admit_all(bound, AUTHP_HASH_STRANGER, taken);
    ck_assert_int_eq(strangers, rows[_i][2]);
    int known = admit_all(bound, AUTHP_HASH_KNOWN, taken + strangers);
    ck_assert_int_eq(known, rows[_i][3]);
    ck_assert_int_eq(authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER), -1);
    for (int i = 0; i < strangers + known; i++) {
        authp_hasher_bound_leave(bound, taken[i]);
    }
    /* Known callers may also use the strangers' places when those are free. */
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_KNOWN, taken), rows[_i][2] + rows[_i][3]);
}
END_TEST

START_TEST(slots)
{
    authp_hasher_bound_t *bound = make_bound(2, 0);
    int64_t past = authp_hasher_bound_now() - 1;
    ck_assert_int_eq(authp_hasher_bound_slots(bound, AUTHP_HASH_STRANGER), 2);
    ck_assert_int_eq(authp_hasher_bound_slots(bound, AUTHP_HASH_KNOWN), 3);
    int first = authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 7, past);
    int second = authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 7, past);
    ck_assert_int_eq(first + second, 1); /* places 0 and 1 */
    ck_assert_int_eq(authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 0, past), -1);
    int known = authp_hasher_bound_run(bound, AUTHP_HASH_KNOWN, 0, past);
    ck_assert_int_eq(known, 2);
    ck_assert_int_eq(authp_hasher_bound_run(bound, AUTHP_HASH_KNOWN, 0, past), -1);
    authp_hasher_bound_done(bound, second, 1);
    ck_assert_int_eq(authp_hasher_bound_run(bound, AUTHP_HASH_KNOWN, 0, past), second);
    authp_hasher_bound_done(bound, known, 0);
    ck_assert_int_eq(authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 0, past), -1);
}
END_TEST

static void leave_all(authp_hasher_bound_t *bound, const int *taken, int count)
{
    for (int i = 0; i < count; i++) {
        authp_hasher_bound_leave(bound, taken[i]);
    }
}

/* As many callers are admitted as can be done within 5 s. While a slot is free, a caller is
 * admitted however long a hash takes. */
START_TEST(in_time)
{
    static const int rows[][3] = {
        /* slots, milliseconds for a hash, how many callers are admitted */
        {2, 250, 40}, {1, 250, 20}, {4, 250, 80}, {2, 1000, 10}, {2, 1001, 9}, {2, 2500, 4},
        {2, 2501, 3}, {2, 5000, 2}, {2, 9000, 2}, {1, 20000, 1}, {2, 4, 1024},
    };
    int taken[MANY];
    authp_hasher_bound_t *bound = make_bound(rows[_i][0], 0);
    authp_hasher_bound_assume(bound, rows[_i][1] * 1000);
    int strangers = admit_all(bound, AUTHP_HASH_STRANGER, taken);
    ck_assert_int_eq(strangers, rows[_i][2]);
    /* Known callers have places of their own. */
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_KNOWN, taken + strangers), 5);
    leave_all(bound, taken, strangers + 5);
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_STRANGER, taken), rows[_i][2]);
}
END_TEST

/* However fast hashes are, some of the server's workers stay free for pages. */
START_TEST(workers_are_left)
{
    static const int rows[][2] = {{0, 2}, {1, 2}, {3, 3}, {18, 18}, {300, 300}, {5000, 1024}};
    int taken[MANY];
    authp_hasher_bound_t *bound = make_bound(2, 0);
    authp_hasher_bound_assume(bound, 1000);
    authp_hasher_bound_limit(bound, rows[_i][0]);
    int strangers = admit_all(bound, AUTHP_HASH_STRANGER, taken);
    ck_assert_int_eq(strangers, rows[_i][1]);
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_KNOWN, taken + strangers), 5);
}
END_TEST

static void run_some(authp_hasher_bound_t *bound, int count, int64_t took_ms)
{
    for (int i = 0; i < count; i++) {
        int slot =
            authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, i, authp_hasher_bound_now() + 1000);
        ck_assert_int_ge(slot, 0);
        authp_hasher_bound_done(bound, slot, took_ms);
    }
}

/* The estimate follows the time of the latest hashes. While no caller waits, it is the time of a
 * hash on an idle server. */
START_TEST(the_estimate_follows)
{
    int taken[MANY];
    authp_hasher_bound_t *bound = make_bound(2, 0);
    /* nothing was measured yet */
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_STRANGER, taken), 1024);
    leave_all(bound, taken, 1024);
    run_some(bound, 40, 1000);
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_STRANGER, taken), 10);
    leave_all(bound, taken, 10);
    run_some(bound, 40, 0); /* times of 0 are not used */
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_STRANGER, taken), 10);
    leave_all(bound, taken, 10);

    authp_hasher_bound_assume(bound, 250000);
    int first = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
    run_some(bound, 40, 1000);
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_STRANGER, taken), 9);
    leave_all(bound, taken, 9);
    authp_hasher_bound_leave(bound, first);
    ck_assert_int_eq(admit_all(bound, AUTHP_HASH_STRANGER, taken), 40);
    leave_all(bound, taken, 40);
    run_some(bound, 40, 100); /* faster than was assumed */
    int more = admit_all(bound, AUTHP_HASH_STRANGER, taken);
    ck_assert_int_gt(more, 90);
}
END_TEST

/* The time is measured at a low cost, and the estimate must be right for higher costs. */
START_TEST(the_measure)
{
    static const int costs[] = {8, 10, 12, 14, 16};
    int taken[MANY];
    int before = MANY;
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        const authp_scheme_t scheme = {.rounds = costs[i]};
        authp_hasher_bound_t *bound = make_bound(2, 0);
        authp_hasher_bound_assume(bound, authp_hasher_bound_probe(&scheme));
        int line = admit_all(bound, AUTHP_HASH_STRANGER, taken);
        ck_assert_int_ge(line, 2);
        ck_assert_int_le(line, before);
        ck_assert(costs[i] > 12 || line >= 16);
        ck_assert(costs[i] < 16 || line <= 16);
        before = line;
    }
}
END_TEST

typedef struct flood_t {
    authp_hasher_t *hasher;
    atomic_bool stop;
    atomic_int busy;
} flood_t;

static void *stranger(void *data)
{
    flood_t *flood = data;
    bool match = false;
    while (!flood->stop) {
        if (authp_hasher_verify(flood->hasher, AUTHP_HASH_STRANGER, "wrong", 5,
                                authp_bcrypt_dummy(10), &match) == AUTHP_E_BUSY) {
            atomic_fetch_add(&flood->busy, 1);
            usleep(1000);
        }
    }
    return NULL;
}

/* As with MPM prefork, the process is told to end while its one request thread waits for a hash. */
static void end_in_handler(int number)
{
    (void)number;
    if (!authp_ending_in_handler()) {
        _exit(3);
    }
    _exit(0); /* as httpd/child_exit.c does */
}

START_TEST(ends_in_the_middle)
{
    char made[AUTHP_SCHEME_HASH_LEN + 1];
    const authp_scheme_t scheme = {.rounds = AUTHP_BCRYPT_MAX_COST};
    int status = -1;
    authp_hasher_bound_t *bound = make_bound(1, 1);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct sigaction action = {.sa_handler = end_in_handler};
        authp_hasher_t *hasher = NULL;
        sigaction(SIGTERM, &action, NULL);
        if (authp_ending_in_handler() ||
            authp_hasher_make(bound, authp_random_system(), 0, &hasher, pool) != AUTHP_OK) {
            _exit(5);
        }
        _exit(authp_hasher_hash(hasher, AUTHP_HASH_STRANGER, "password", 8, &scheme, made) ==
                      AUTHP_OK
                  ? 6
                  : 7);
    }
    int running = 0;
    int waiting = 0;
    while (running == 0) {
        hasher_look(bound, &running, &waiting);
        usleep(1000);
    }
    int64_t began = authp_hasher_bound_now();
    ck_assert_int_eq(kill(child, SIGTERM), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_lt(authp_hasher_bound_now() - began, 2000);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    /* Its places are free. */
    int place = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
    ck_assert_int_ge(place, 0);
    ck_assert_int_ge(authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 0, began + 10000), 0);
}
END_TEST

START_TEST(the_known_get_through)
{
    pthread_t threads[16];
    flood_t flood = {.hasher = NULL};
    bool match = false;
    ck_assert_int_eq(
        authp_hasher_make(make_bound(1, 2), authp_random_system(), 0, &flood.hasher, pool),
        AUTHP_OK);
    ck_assert(!authp_hasher_strangers_wait(flood.hasher));
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, stranger, &flood), 0);
    }
    while (flood.busy < 100) {
        usleep(1000);
    }
    ck_assert(authp_hasher_strangers_wait(flood.hasher));
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(authp_hasher_verify(flood.hasher, AUTHP_HASH_KNOWN, "right", 5,
                                             authp_bcrypt_dummy(4), &match),
                         AUTHP_OK);
    }
    flood.stop = true;
    for (int i = 0; i < 16; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert(!authp_hasher_strangers_wait(flood.hasher));
}
END_TEST

/* Two processes want the only slot all the time. Neither may keep it for long. */
START_TEST(processes_take_turns)
{
    enum { LONGEST_MS = 1500, SECONDS = 3 };
    authp_hasher_bound_t *bound = make_bound(1, 3);
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int64_t end = authp_hasher_bound_now() + SECONDS * 1000;
            for (int64_t began = 0, now = authp_hasher_bound_now(); now < end;) {
                began = now;
                int place = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
                int slot = authp_hasher_bound_run(bound, AUTHP_HASH_STRANGER, 0, end + 5000);
                int64_t waited = authp_hasher_bound_now() - began;
                usleep(20000);
                authp_hasher_bound_done(bound, slot, 20);
                authp_hasher_bound_leave(bound, place);
                now = authp_hasher_bound_now();
                if (waited > LONGEST_MS) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 2; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

typedef struct crowd_t {
    authp_hasher_t *hasher;
    authp_hash_for_t who;
    int cost;
    pthread_barrier_t barrier;
    atomic_int done;
    atomic_int busy;
} crowd_t;

static void *one_of_many(void *data)
{
    crowd_t *crowd = data;
    bool match = false;
    pthread_barrier_wait(&crowd->barrier);
    authp_err_t err = authp_hasher_verify(crowd->hasher, crowd->who, "wrong", 5,
                                          authp_bcrypt_dummy(crowd->cost), &match);
    atomic_fetch_add(&crowd->done, err == AUTHP_OK);
    atomic_fetch_add(&crowd->busy, err == AUTHP_E_BUSY);
    return NULL;
}

/* However much room the whole server has, one process lets only a limited number of strangers
 * wait. */
START_TEST(strangers_of_one_process)
{
    /* All strangers arrive before the first of them is done. The known callers must all be done in
     * time. */
    crowd_t crowd = {.who = _i == 0 ? AUTHP_HASH_STRANGER : AUTHP_HASH_KNOWN,
                     .cost = _i == 0 ? 12 : 6};
    pthread_t threads[8];
    ck_assert_int_eq(
        authp_hasher_make(make_bound(2, 100), authp_random_system(), 3, &crowd.hasher, pool),
        AUTHP_OK);
    pthread_barrier_init(&crowd.barrier, NULL, 8);
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, one_of_many, &crowd), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&crowd.barrier);
    ck_assert_int_eq(crowd.done, _i == 0 ? 3 : 8);
    ck_assert_int_eq(crowd.done + crowd.busy, 8);
}
END_TEST

Suite *suite_hasher(void)
{
    Suite *suite = suite_create("hasher");
    TCase *tests = tcase_create("hasher");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, places, 0, 6);
    tcase_add_test(tests, slots);
    tcase_add_test(tests, ends_in_the_middle);
    tcase_add_loop_test(tests, in_time, 0, 11);
    tcase_add_loop_test(tests, workers_are_left, 0, 6);
    tcase_add_test(tests, the_estimate_follows);
    tcase_add_test(tests, the_measure);
    tcase_add_test(tests, the_known_get_through);
    tcase_add_test(tests, processes_take_turns);
    tcase_add_loop_test(tests, strangers_of_one_process, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

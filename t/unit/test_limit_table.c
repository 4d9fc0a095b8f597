/* SPDX-License-Identifier: Apache-2.0 */
/* The shared table of the limits: which entry a full bucket drops, and many threads and processes
 * at once. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/shm.h"
#include "service/limit/limit_table.h"
#include "suite.h"

#define BUCKET 77u
#define THREADS 16
#define ROUNDS 20000

static authp_limit_table_t *table;

static void set_up(void)
{
    void *memory = NULL;
    ck_assert_int_eq(authp_shm_make(sizeof(*table), &memory), AUTHP_OK);
    table = memory;
}

/* Returns keys with different tags for one bucket. */
static uint64_t key(unsigned int tag)
{
    return (uint64_t)tag << AUTHP_LIMIT_TABLE_STATE_BITS | BUCKET;
}

static uint64_t until(uint64_t state, const void *ctx)
{
    (void)ctx;
    return state;
}

static uint64_t set(uint64_t state, void *ctx)
{
    (void)state;
    return *(const uint64_t *)ctx;
}

static uint64_t add(uint64_t state, void *ctx)
{
    return state + *(const uint64_t *)ctx;
}

static void put(unsigned int tag, uint64_t state)
{
    const authp_limit_step_t step = {set, until, &state};
    ck_assert(authp_limit_table_apply(table, key(tag), &step));
}

static int places_taken(void)
{
    int taken = 0;
    for (int i = 0; i < AUTHP_LIMIT_TABLE_WAYS; i++) {
        taken += atomic_load(&table->words[BUCKET][i]) != 0;
    }
    return taken;
}

START_TEST(keys_have_states_of_their_own)
{
    ck_assert_uint_eq(authp_limit_table_read(table, key(0)), 0);
    put(0, 10); /* a tag of zero is a tag like any other */
    put(1, 20);
    put(0xfffff, (UINT64_C(1) << AUTHP_LIMIT_TABLE_STATE_BITS) - 1);
    ck_assert_uint_eq(authp_limit_table_read(table, key(0)), 10);
    ck_assert_uint_eq(authp_limit_table_read(table, key(1)), 20);
    ck_assert_uint_eq(authp_limit_table_read(table, key(0xfffff)),
                      (UINT64_C(1) << AUTHP_LIMIT_TABLE_STATE_BITS) - 1);
    ck_assert_uint_eq(authp_limit_table_read(table, key(1) + 1), 0); /* another bucket */
    put(1, 0);
    ck_assert_uint_eq(authp_limit_table_read(table, key(1)), 0);
    put(2, 0); /* 0 for a key without an entry adds nothing */
    ck_assert_int_eq(places_taken(), 2);
}
END_TEST

START_TEST(the_least_goes)
{
    for (unsigned int i = 1; i <= AUTHP_LIMIT_TABLE_WAYS; i++) {
        put(i, 100 + i);
    }
    put(3, 50); /* this entry has the lowest value now */
    put(100, 200);
    ck_assert_uint_eq(authp_limit_table_read(table, key(3)), 0);
    ck_assert_uint_eq(authp_limit_table_read(table, key(100)), 200);
    put(101, 1); /* a new entry is added even with a low value */
    ck_assert_uint_eq(authp_limit_table_read(table, key(1)), 0);
    ck_assert_uint_eq(authp_limit_table_read(table, key(101)), 1);
    put(102, 300);
    ck_assert_uint_eq(authp_limit_table_read(table, key(101)), 0);
    for (unsigned int i = 2; i <= AUTHP_LIMIT_TABLE_WAYS; i++) {
        ck_assert_uint_eq(authp_limit_table_read(table, key(i)), i == 3 ? 0 : 100 + i);
    }
    ck_assert_int_eq(places_taken(), AUTHP_LIMIT_TABLE_WAYS);
}
END_TEST

static uint64_t raced(uint64_t state, void *ctx)
{
    int *calls = ctx;
    if ((*calls)++ == 0) {
        atomic_store(&table->words[BUCKET][5],
                     (key(7) & ~UINT64_C(0) << AUTHP_LIMIT_TABLE_STATE_BITS) | 7);
    }
    return state + 1;
}

/* While this step computes a new entry, another process adds one for the same key behind it. The
 * key has one entry afterwards, and the other process's step is not lost. */
START_TEST(added_twice)
{
    int calls = 0;
    const authp_limit_step_t step = {raced, until, &calls};
    ck_assert(authp_limit_table_apply(table, key(7), &step));
    ck_assert_int_eq(calls, 2);
    ck_assert_int_eq(places_taken(), 1);
    ck_assert_uint_eq(authp_limit_table_read(table, key(7)), 8);
}
END_TEST

static uint64_t overtaken(uint64_t state, void *ctx)
{
    int *calls = ctx;
    uint64_t other = (uint64_t)++ * calls + 1000;
    atomic_store(&table->words[BUCKET][0],
                 (key(7) & ~UINT64_C(0) << AUTHP_LIMIT_TABLE_STATE_BITS) | other);
    return state + 1;
}

/* If another process changes the entry each time, the step gives up in the end, and has changed
 * nothing. Some thousand times are not enough for that. */
START_TEST(always_overtaken)
{
    int calls = 0;
    const authp_limit_step_t step = {overtaken, until, &calls};
    put(7, 1);
    ck_assert(!authp_limit_table_apply(table, key(7), &step));
    ck_assert_int_ge(calls, 5000);
    ck_assert_uint_eq(authp_limit_table_read(table, key(7)), (uint64_t)calls + 1000);
    ck_assert_int_eq(places_taken(), 1);
}
END_TEST

/* Adds to one of four keys. They share a bucket with other keys that no thread changes. */
static void *adder(void *data)
{
    uint64_t one = 1;
    const authp_limit_step_t step = {add, until, &one};
    unsigned int mine = *(const unsigned int *)data % 4;
    for (int i = 0; i < ROUNDS; i++) {
        if (!authp_limit_table_apply(table, key(mine), &step)) {
            abort();
        }
    }
    return NULL;
}

START_TEST(no_step_is_lost)
{
    pthread_t threads[THREADS];
    unsigned int numbers[THREADS];
    for (unsigned int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, adder, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (unsigned int i = 0; i < 4; i++) {
        ck_assert_uint_eq(authp_limit_table_read(table, key(i)), ROUNDS * THREADS / 4);
    }
    ck_assert_int_eq(places_taken(), 4);
}
END_TEST

typedef struct start_t {
    pthread_barrier_t *barrier;
    unsigned int tag;
} start_t;

static void *newcomer(void *data)
{
    const start_t *start = data;
    uint64_t one = 1;
    const authp_limit_step_t step = {add, until, &one};
    pthread_barrier_wait(start->barrier);
    if (!authp_limit_table_apply(table, key(start->tag), &step)) {
        abort();
    }
    return NULL;
}

/* If all threads add the same new key at the same moment, it gets one entry that counts all of
 * them. */
START_TEST(newcomers_meet_in_one_place)
{
    for (unsigned int round = 0; round < 300; round++) {
        pthread_t threads[THREADS];
        pthread_barrier_t barrier;
        start_t start = {&barrier, round + 1};
        pthread_barrier_init(&barrier, NULL, THREADS);
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, newcomer, &start), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        pthread_barrier_destroy(&barrier);
        ck_assert_uint_eq(authp_limit_table_read(table, key(round + 1)), THREADS);
        put(round + 1, round % 7 == 0 ? 5 : 0); /* some buckets full, some not */
    }
}
END_TEST

/* A killed process leaves only whole words in the table, because there are no locks. */
START_TEST(killed_in_the_middle)
{
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        if (child == 0) {
            unsigned int number = 1;
            for (;;) {
                (void)adder(&number);
            }
        }
        usleep(2000);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        uint64_t before = authp_limit_table_read(table, key(1));
        uint64_t one = 1;
        const authp_limit_step_t step = {add, until, &one};
        ck_assert(authp_limit_table_apply(table, key(1), &step));
        ck_assert_uint_eq(authp_limit_table_read(table, key(1)), before + 1);
    }
    ck_assert_uint_gt(authp_limit_table_read(table, key(1)), 20);
    ck_assert_int_eq(places_taken(), 1);
}
END_TEST

Suite *suite_limit_table(void)
{
    Suite *suite = suite_create("limit_table");
    TCase *tests = tcase_create("limit_table");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, keys_have_states_of_their_own);
    tcase_add_test(tests, the_least_goes);
    tcase_add_test(tests, added_twice);
    tcase_add_test(tests, always_overtaken);
    tcase_add_test(tests, no_step_is_lost);
    tcase_add_test(tests, newcomers_meet_in_one_place);
    tcase_add_test(tests, killed_in_the_middle);
    suite_add_tcase(suite, tests);
    return suite;
}

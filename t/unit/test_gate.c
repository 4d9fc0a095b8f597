/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: how many requests of a process may wait, for how long strangers may exceed their share,
 * and the places that are left for others. */
#include "api/core/gate.h"
#include "base/clock.h"
#include "suite.h"

static int enter_all(authp_gate_t *gate, bool stranger)
{
    int count = 0;
    while (count < 1000 && authp_gate_enter(gate, stranger)) {
        count++;
    }
    return count;
}

static void leave(authp_gate_t *gate, bool stranger, int count)
{
    for (int i = 0; i < count; i++) {
        authp_gate_leave(gate, stranger);
    }
}

START_TEST(shares)
{
    static const int rows[][2] = {{1, 1}, {2, 1}, {3, 2}, {4, 3}, {8, 6}, {16, 12}, {100, 75}};
    authp_gate_t gate = {.limit = rows[_i][0]};
    ck_assert_int_eq(authp_gate_strangers(&gate), rows[_i][1]);
    ck_assert_int_eq(authp_gate_strangers_most(&gate), rows[_i][1]);
    ck_assert_int_eq(enter_all(&gate, true), rows[_i][1]);
    ck_assert_int_eq(enter_all(&gate, false), rows[_i][0] - rows[_i][1]);
    leave(&gate, true, rows[_i][1]);
    ck_assert_int_eq(enter_all(&gate, false), rows[_i][1]);
    ck_assert_int_eq(gate.used, rows[_i][0]);
    ck_assert_int_eq(gate.strangers, 0);
    ck_assert(!authp_gate_enter(&gate, true));
}
END_TEST

START_TEST(nobody_keeps_it)
{
    ck_assert(authp_gate_enter(NULL, true));
    ck_assert(authp_gate_enter(NULL, false));
    authp_gate_leave(NULL, true);
}
END_TEST

START_TEST(sizes)
{
    static const int rows[][4] = {
        /* threads, places, strangers usually, strangers in a burst */
        {1, 1, 1, 1},   {4, 1, 1, 1},   {7, 1, 1, 1},     {8, 2, 1, 7},       {16, 4, 3, 15},
        {25, 6, 5, 24}, {32, 8, 6, 30}, {64, 16, 12, 60}, {128, 32, 24, 120},
    };
    authp_gate_t gate = {.limit = 0};
    authp_crowd_t crowd = {.began = 0};
    authp_gate_size(&gate, rows[_i][0], &crowd);
    ck_assert_int_eq(gate.limit, rows[_i][1]);
    ck_assert_int_eq(authp_gate_strangers(&gate), rows[_i][2]);
    ck_assert_int_eq(authp_gate_strangers_most(&gate), rows[_i][3]);
    ck_assert_int_eq(enter_all(&gate, true), rows[_i][3]);
    /* Known clients have the same number of places as always. */
    ck_assert_int_eq(enter_all(&gate, false), rows[_i][1] - rows[_i][2]);
}
END_TEST

/* Many requests at the same moment are a burst, which is admitted. A burst that does not end is a
 * flood. */
START_TEST(bursts)
{
    authp_gate_t gate = {.limit = 0};
    authp_crowd_t crowd = {.began = 0};
    authp_gate_size(&gate, 25, &crowd);
    ck_assert_int_eq(enter_all(&gate, true), 24);
    leave(&gate, true, 20);
    crowd.began -= 4000;
    ck_assert_int_eq(enter_all(&gate, true), 20);
    leave(&gate, true, 24);
    crowd.began -= 1000;
    ck_assert_int_eq(enter_all(&gate, true), 5);
    leave(&gate, true, 5);
    for (int i = 0; i < 10; i++) { /* the crowd does not end */
        crowd.seen -= 900;
        crowd.began -= 900;
        ck_assert_int_eq(enter_all(&gate, true), 5);
        leave(&gate, true, 5);
    }
    /* Only the usual number of strangers comes for more than a second, so the next crowd is a new
     * burst. */
    for (int i = 0; i < 5; i++) {
        ck_assert(authp_gate_enter(&gate, true));
    }
    crowd.seen -= 1100;
    ck_assert_int_eq(enter_all(&gate, true), 19);
    ck_assert_int_eq(gate.strangers, 24);
    ck_assert_int_eq(gate.used, 0);
}
END_TEST

/* Each process has its own places, but all share one burst. A process that starts during a burst
 * does not begin another one. */
START_TEST(of_all_processes)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gates[3] = {{.limit = 0}, {.limit = 0}, {.limit = 0}};
    for (int i = 0; i < 3; i++) {
        authp_gate_size(&gates[i], 25, &crowd);
    }
    ck_assert_int_eq(enter_all(&gates[0], true), 24);
    crowd.began -= 4000;
    ck_assert_int_eq(enter_all(&gates[1], true), 24);
    crowd.began -= 1000;
    ck_assert_int_eq(enter_all(&gates[2], true), 5);
    crowd.seen -= 1100;
    ck_assert_int_eq(enter_all(&gates[2], true), 19);
}
END_TEST

/* Other requests wait for a place while the store lets some in. They may use all threads except
 * those for pages, and wait no longer than a burst. */
START_TEST(others_line_up)
{
    authp_gate_t gate = {.limit = 0};
    authp_crowd_t crowd = {.began = 0};
    authp_gate_size(&gate, 25, &crowd);
    ck_assert(!authp_gate_lets_in(&gate));
    ck_assert_int_eq(enter_all(&gate, false), 6);
    ck_assert(authp_gate_lets_in(&gate));
    gate.let_in_at -= 300;
    ck_assert(!authp_gate_lets_in(&gate));
    ck_assert(!authp_gate_enter(&gate, false)); /* nobody was let in */
    ck_assert(!authp_gate_lets_in(&gate));
    for (int i = 6; i < 24; i++) {
        ck_assert(authp_gate_line_up(&gate));
    }
    ck_assert(!authp_gate_line_up(&gate));
    ck_assert_int_eq(gate.waiting, 18);
    authp_gate_line_leave(&gate);
    ck_assert(authp_gate_line_up(&gate));
    authp_gate_line_leave(&gate);
    crowd.others_began -= 5000;
    ck_assert(!authp_gate_line_up(&gate));
    ck_assert(!authp_gate_is_flooded(&gate));
    crowd.others_seen -= 1100;
    ck_assert(authp_gate_line_up(&gate));
    ck_assert(!authp_gate_line_up(NULL));
    authp_gate_size(&gate, 1, &crowd);
    ck_assert(!authp_gate_line_up(&gate));
}
END_TEST

/* A crowd that lasts longer than a burst is a flood, until it has been gone for a second. */
START_TEST(floods)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    ck_assert(!authp_gate_is_flooded(NULL));
    ck_assert(!authp_gate_is_flooded(&gate));
    authp_gate_size(&gate, 25, &crowd);
    ck_assert(!authp_gate_is_flooded(&gate));
    ck_assert_int_eq(enter_all(&gate, true), 24);
    ck_assert(!authp_gate_is_flooded(&gate));
    crowd.began -= 4000;
    ck_assert(!authp_gate_is_flooded(&gate));
    crowd.began -= 1000;
    ck_assert(authp_gate_is_flooded(&gate));
    crowd.seen -= 900;
    ck_assert(authp_gate_is_flooded(&gate));
    crowd.seen -= 200;
    ck_assert(!authp_gate_is_flooded(&gate));
}
END_TEST

/* In a burst the store still gets only the usual number of requests at once. Requests that wait for
 * a hash do not count. */
START_TEST(share_of_the_store)
{
    authp_gate_t gate = {.limit = 0};
    authp_crowd_t crowd = {.began = 0};
    authp_gate_size(&gate, 25, &crowd);
    ck_assert_int_eq(enter_all(&gate, true), 24);
    for (int i = 0; i < 5; i++) {
        ck_assert(authp_gate_ask(&gate, 0));
    }
    ck_assert(!authp_gate_ask(&gate, 0));
    ck_assert(authp_gate_ask(&gate, 1));
    ck_assert(!authp_gate_ask(&gate, 1));
    authp_gate_asked(&gate);
    ck_assert(authp_gate_ask(&gate, 1));
    ck_assert_int_eq(gate.asking, 6);
    ck_assert(authp_gate_moves(&gate));
    gate.asked_at -= 251;
    ck_assert(!authp_gate_ask(&gate, 1));
    ck_assert(!authp_gate_moves(&gate));
    ck_assert(authp_gate_ask(NULL, 0));
    authp_gate_asked(NULL);
}
END_TEST

static bool is_flood(authp_gate_t *gate)
{
    return authp_gate_is_flooded(gate);
}

static bool is_burst(authp_gate_t *gate)
{
    return authp_gate_line_up(gate);
}

static bool lets_in(authp_gate_t *gate)
{
    return authp_gate_lets_in(gate);
}

static bool moves(authp_gate_t *gate)
{
    return authp_gate_moves(gate);
}

/* The ends of each time: what is asked, and what it says after `ms` and after one ms more. */
typedef enum since_t { CROWD_BEGAN, CROWD_SEEN, OTHERS_BEGAN, OTHERS_SEEN, LET_IN, ASKED } since_t;

static const struct {
    bool (*asked)(authp_gate_t *gate);
    since_t since;
    int ms;
    bool before; /* the answer up to `ms`; afterwards it is the other one */
} times[] = {
    {is_flood, CROWD_BEGAN, 4999, false}, {is_flood, CROWD_SEEN, 1000, true},
    {is_burst, OTHERS_BEGAN, 4999, true}, {is_burst, OTHERS_SEEN, 1000, false},
    {lets_in, LET_IN, 249, true},         {moves, ASKED, 249, true},
};

/* Asks `ms` after the moment of row `i`. Both crowds began 60 s ago and were seen now, except for
 * that moment. Returns false if the clock went on meanwhile. */
static bool ask_after(int i, int ms, bool *said)
{
    authp_gate_t gate = {.limit = 0};
    int64_t now = authp_clock_now(authp_clock_monotonic());
    authp_crowd_t crowd = {
        .began = now - 60000, .seen = now, .others_began = now - 60000, .others_seen = now};
    _Atomic int64_t *const at[] = {
        [CROWD_BEGAN] = &crowd.began,         [CROWD_SEEN] = &crowd.seen,
        [OTHERS_BEGAN] = &crowd.others_began, [OTHERS_SEEN] = &crowd.others_seen,
        [LET_IN] = &gate.let_in_at,           [ASKED] = &gate.asked_at};
    authp_gate_size(&gate, 25, &crowd);
    atomic_store(at[times[i].since], now - ms);
    *said = times[i].asked(&gate);
    return authp_clock_now(authp_clock_monotonic()) == now;
}

START_TEST(the_ends_of_times)
{
    for (int more = 0; more < 2; more++) {
        bool said = false;
        while (!ask_after(_i, times[_i].ms + more, &said)) {
        }
        ck_assert_int_eq(said, more == 0 ? times[_i].before : !times[_i].before);
    }
}
END_TEST

/* Threads that other requests hold count for a stranger that a short line lets in, and threads that
 * strangers hold count for a request that lines up. */
START_TEST(all_threads_count)
{
    authp_gate_t gate = {.limit = 0};
    authp_crowd_t crowd = {.began = 0};
    authp_gate_size(&gate, 25, &crowd);
    gate.used = 6;
    gate.strangers = 17;
    ck_assert(authp_gate_enter_quickly(&gate));
    ck_assert(!authp_gate_enter_quickly(&gate));
    ck_assert_int_eq(gate.strangers, 18);
    ck_assert(!authp_gate_line_up(&gate));
    authp_gate_leave(&gate, true);
    ck_assert(authp_gate_line_up(&gate));
    ck_assert(!authp_gate_line_up(&gate));
    ck_assert_int_eq(gate.waiting, 1);
    ck_assert_int_eq(gate.strangers, 17);
}
END_TEST

Suite *suite_gate(void)
{
    Suite *suite = suite_create("gate");
    TCase *tests = tcase_create("gate");
    tcase_add_loop_test(tests, shares, 0, 7);
    tcase_add_test(tests, nobody_keeps_it);
    tcase_add_loop_test(tests, sizes, 0, 9);
    tcase_add_test(tests, bursts);
    tcase_add_test(tests, of_all_processes);
    tcase_add_test(tests, others_line_up);
    tcase_add_test(tests, floods);
    tcase_add_test(tests, share_of_the_store);
    tcase_add_loop_test(tests, the_ends_of_times, 0, (int)(sizeof(times) / sizeof(times[0])));
    tcase_add_test(tests, all_threads_count);
    suite_add_tcase(suite, tests);
    return suite;
}

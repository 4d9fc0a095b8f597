/* SPDX-License-Identifier: Apache-2.0 */
/* A kept document that many threads want at once. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "kept_fixture.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define MINUTE INT64_C(60000)

static kept_fixture_t f;

static void set_up(void)
{
    kept_fixture_open(&f);
}

static void tear_down(void)
{
    kept_fixture_close(&f);
}

typedef struct caller_t {
    pthread_t thread;
    atomic_int tid;
    atomic_int done;
    authp_err_t err;
    char value[16];
} caller_t;

static void *call(void *data)
{
    caller_t *caller = data;
    apr_pool_t *own = NULL;
    const void *value = NULL;
    apr_pool_create(&own, NULL);
    caller->tid = gettid();
    caller->err = authp_kept_get(f.kept, KEPT_URL, &value, own);
    if (caller->err == AUTHP_OK) {
        apr_cpystrn(caller->value, value, sizeof(caller->value));
    }
    apr_pool_destroy(own);
    caller->done = 1;
    return NULL;
}

static void start(caller_t *callers, int count)
{
    memset(callers, 0, (size_t)count * sizeof(*callers));
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
}

static void join(caller_t *callers, int count)
{
    for (int i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
    }
}

/* True if the thread waits. The one that fetches never does. */
static bool sleeps(const caller_t *caller)
{
    char path[64];
    char text[256] = "";
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/stat", caller->tid);
    FILE *file = caller->tid != 0 ? fopen(path, "re") : NULL;
    if (file != NULL) {
        (void)(fgets(text, sizeof(text), file) != NULL);
        (void)fclose(file);
    }
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S';
}

static void wait_for_sleepers(const caller_t *callers, int count, int wanted)
{
    for (int asleep = 0; asleep < wanted; usleep(1000)) {
        asleep = 0;
        for (int i = 0; i < count; i++) {
            asleep += sleeps(&callers[i]);
        }
    }
}

/* All who wait go on when the fetch ends, not at the end of their own time. */
START_TEST(one_fetch_for_many)
{
    caller_t callers[8];
    f.script.held = 1;
    start(callers, COUNT(callers));
    while (f.script.calls == 0) {
        sched_yield();
    }
    wait_for_sleepers(callers, COUNT(callers), COUNT(callers) - 1);
    const authp_ms_t from = authp_clock_now(authp_clock_monotonic());
    f.script.held = 0;
    join(callers, COUNT(callers));
    ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - from, KEPT_PATIENCE_MS / 2);
    for (int i = 0; i < COUNT(callers); i++) {
        ck_assert_int_eq(callers[i].err, AUTHP_OK);
        ck_assert_str_eq(callers[i].value, "one");
    }
    ck_assert_int_eq(f.script.calls, 1);
}
END_TEST

/* A failure is one for all who waited. */
START_TEST(one_failure_for_many)
{
    caller_t callers[8];
    f.script.err = AUTHP_E_UNAVAILABLE;
    f.script.held = 1;
    start(callers, COUNT(callers));
    while (f.script.calls == 0) {
        sched_yield();
    }
    f.script.held = 0;
    join(callers, COUNT(callers));
    for (int i = 0; i < COUNT(callers); i++) {
        ck_assert_int_eq(callers[i].err, AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(f.script.calls, 1);
}
END_TEST

/* While one fetches, the others use the old value, without waiting. */
START_TEST(old_value_meanwhile)
{
    caller_t first;
    caller_t others[7];
    kept_fixture_get(&f, KEPT_URL);
    f.script.body = "two";
    f.script.held = 1;
    fake_clock_advance(&f.clock, 5 * MINUTE);
    start(&first, 1);
    while (f.script.calls < 2) {
        sched_yield();
    }
    start(others, COUNT(others));
    join(others, COUNT(others));
    for (int i = 0; i < COUNT(others); i++) {
        ck_assert_str_eq(others[i].value, "one");
    }
    ck_assert_int_eq(first.done, 0);
    f.script.held = 0;
    join(&first, 1);
    ck_assert_str_eq(first.value, "two");
    ck_assert_int_eq(f.script.calls, 2);
}
END_TEST

/* Without an old value they wait, but not for ever. */
START_TEST(waiting_is_bounded)
{
    caller_t first;
    caller_t second;
    f.kept = kept_fixture_with(&f, 200, f.pool);
    f.script.held = 1;
    start(&first, 1);
    while (f.script.calls == 0) {
        sched_yield();
    }
    const authp_ms_t from = authp_clock_now(authp_clock_monotonic());
    start(&second, 1);
    join(&second, 1);
    ck_assert_int_ge(authp_clock_now(authp_clock_monotonic()) - from, 199);
    ck_assert_int_eq(second.err, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(first.done, 0);
    f.script.held = 0;
    join(&first, 1);
    ck_assert_str_eq(first.value, "one");
    ck_assert_int_eq(f.script.calls, 1);
}
END_TEST

static void *renew_often(void *data)
{
    apr_pool_t *own = NULL;
    (void)data;
    apr_pool_create(&own, NULL);
    for (int i = 0; i < 200; i++) {
        const void *value = NULL;
        if (authp_kept_get(f.kept, KEPT_URL, &value, own) != AUTHP_OK ||
            authp_kept_renew(f.kept, KEPT_URL, &value, own) != AUTHP_OK ||
            strlen(value) != strlen("one")) {
            abort();
        }
        fake_clock_advance(&f.clock, 10000);
        apr_pool_clear(own);
    }
    apr_pool_destroy(own);
    return NULL;
}

START_TEST(many_renew)
{
    pthread_t threads[8];
    for (int i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, renew_often, NULL), 0);
    }
    for (int i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    /* 16,000 s went by: at most one renewal a minute, and the refreshes every five. */
    ck_assert_int_le(f.script.calls, 1 + 16000 / 60 + 1 + 16000 / 300 + 1);
    ck_assert_int_ge(f.freed, f.script.calls - 1);
}
END_TEST

Suite *suite_kept_threads(void)
{
    Suite *suite = suite_create("kept_threads");
    TCase *tests = tcase_create("kept_threads");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_fetch_for_many);
    tcase_add_test(tests, one_failure_for_many);
    tcase_add_test(tests, old_value_meanwhile);
    tcase_add_test(tests, waiting_is_bounded);
    tcase_add_test(tests, many_renew);
    suite_add_tcase(suite, tests);
    return suite;
}

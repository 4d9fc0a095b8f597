/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.c: which providers are opened, what a failure leaves, and the offset of the store's
 * clock. */
#include "../unit/suite.h"
#include "base/log.h"
#include "fake_clock.h"
#include "store/store.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;
static fake_clock_t clock_of_host;
static authp_store_ops_t ops;
static authp_store_t *store;
static char logged[256];

static int opened;
static int maintained;
static authp_err_t answer; /* of each call */
static authp_ms_t takes;   /* for an answer of the store's clock, in ms of this host's */
static authp_ms_t theirs;  /* the time of the store's clock */
static int self_of_store;

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    (void)apr_snprintf(logged, sizeof(logged), "%d %s", (int)level, message);
}

static authp_err_t open_it(const authp_store_config_t *config, apr_pool_t *its_pool, void **self)
{
    ck_assert_int_eq(config->timeout_ms, 77);
    ck_assert_ptr_eq(its_pool, pool);
    opened++;
    *self = &self_of_store;
    return answer;
}

static authp_err_t migrate(void *self, const authp_store_goal_t *goal, authp_store_migrated_t *out,
                           apr_pool_t *its_pool)
{
    (void)its_pool;
    ck_assert_ptr_eq(self, &self_of_store);
    ck_assert_int_eq(goal->steps, AUTHP_STORE_NEWEST);
    ck_assert(!goal->force);
    /* What is not set is absent. */
    ck_assert_int_eq(out->made, 0);
    ck_assert_int_eq(out->undone, 0);
    ck_assert_ptr_null(out->refusal);
    if (answer == AUTHP_OK) {
        out->made = 3;
        out->undone = 2;
    }
    return answer;
}

static authp_err_t ask_clock(void *self, authp_ms_t *now, apr_pool_t *its_pool)
{
    (void)its_pool;
    ck_assert_ptr_eq(self, &self_of_store);
    fake_clock_advance(&clock_of_host, takes);
    *now = theirs;
    return answer;
}

static void maintain(void *self)
{
    ck_assert_ptr_eq(self, &self_of_store);
    maintained++;
}

static void set_up(void)
{
    static const authp_store_config_t config = {.timeout_ms = 77};
    apr_pool_create(&pool, NULL);
    fake_clock_init(&clock_of_host);
    ops = (authp_store_ops_t){.version = AUTHP_STORE_VERSION,
                              .name = "one",
                              .open = open_it,
                              .migrate = migrate,
                              .clock = ask_clock,
                              .maintain = maintain};
    answer = AUTHP_OK;
    opened = maintained = 0;
    ck_assert_int_eq(authp_store_open(&ops, &config, &store, pool), AUTHP_OK);
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

/* A provider of an older or newer port has other members in other places: it is not called. */
START_TEST(other_versions)
{
    static const authp_store_config_t config = {.timeout_ms = 77};
    authp_store_t *other = NULL;
    opened = 0;
    ops.version = AUTHP_STORE_VERSION + (_i == 0 ? -1 : 1);
    ck_assert_int_eq(authp_store_open(&ops, &config, &other, pool), AUTHP_E_INTERNAL);
    ck_assert_int_eq(opened, 0);
    ck_assert_ptr_null(other);
    ck_assert_str_eq(logged,
                     apr_psprintf(pool,
                                  "0 AUTHP0200: store one was built for version %d of the store "
                                  "port, not %d",
                                  ops.version, AUTHP_STORE_VERSION));
}
END_TEST

START_TEST(failures)
{
    static const authp_store_config_t config = {.timeout_ms = 77};
    authp_store_t *other = NULL;
    int applied = -1;
    answer = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(authp_store_open(&ops, &config, &other, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(applied, -1);
    answer = AUTHP_OK;
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 3);
    authp_store_migrated_t out = {.made = 9, .undone = 9, .refusal = "old"};
    const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    answer = AUTHP_E_CONFLICT;
    ck_assert_int_eq(authp_store_migrate_to(store, &newest, &out, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(out.made, 0);
    authp_store_maintain(store);
    ck_assert_int_eq(maintained, 1);
    ops.maintain = NULL;
    authp_store_maintain(store);
    ck_assert_int_eq(maintained, 1);
}
END_TEST

/* The store's clock was read between the two readings of this host's. */
static const struct {
    authp_ms_t takes;
    authp_ms_t theirs; /* after the first reading */
    authp_ms_t offset;
} clocks[] = {{0, 0, 0},    {0, 1, 1},     {0, -1, -1},   {100, 0, 0},       {100, 100, 0},
              {100, 50, 0}, {100, 101, 1}, {100, -1, -1}, {100, 5000, 4900}, {100, -5000, -5000}};

START_TEST(offsets)
{
    authp_ms_t offset = 7;
    ck_assert(!authp_store_offset(store, &offset));
    ck_assert_int_eq(offset, 0);
    ck_assert_int_eq(authp_store_time(store, FAKE_CLOCK_START), FAKE_CLOCK_START);
    takes = clocks[_i].takes;
    theirs = FAKE_CLOCK_START + clocks[_i].theirs;
    ck_assert_int_eq(authp_store_measure_clock(store, &clock_of_host.clock, pool), AUTHP_OK);
    ck_assert(authp_store_offset(store, &offset));
    ck_assert_int_eq(offset, clocks[_i].offset);
    ck_assert_int_eq(authp_store_time(store, 1000000), 1000000 + clocks[_i].offset);
    /* A clock that cannot be read changes nothing. */
    answer = AUTHP_E_UNAVAILABLE;
    theirs += 99999;
    ck_assert_int_eq(authp_store_measure_clock(store, &clock_of_host.clock, pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert(authp_store_offset(store, &offset));
    ck_assert_int_eq(offset, clocks[_i].offset);
    /* What another process has measured replaces it. */
    authp_store_set_offset(store, -123);
    ck_assert(authp_store_offset(store, &offset));
    ck_assert_int_eq(offset, -123);
    ck_assert_int_eq(authp_store_time(store, 1000000), 1000000 - 123);
}
END_TEST

START_TEST(an_unknown_offset)
{
    authp_ms_t offset = 7;
    answer = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(authp_store_measure_clock(store, &clock_of_host.clock, pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert(!authp_store_offset(store, &offset));
    ck_assert_int_eq(offset, 0);
}
END_TEST

/* 20 s in both directions. */
START_TEST(how_far_clocks_may_differ)
{
    static const struct {
        int64_t offset;
        bool fine;
    } rows[] = {{0, true},
                {20000, true},
                {-20000, true},
                {20001, false},
                {-20001, false},
                {INT64_C(90000000), false},
                {INT64_C(-90000000), false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_int_eq(authp_store_offset_fine(rows[i].offset), rows[i].fine);
    }
}
END_TEST

Suite *suite_store_port(void)
{
    Suite *suite = suite_create("store_port");
    TCase *tests = tcase_create("store_port");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, other_versions, 0, 2);
    tcase_add_test(tests, failures);
    tcase_add_loop_test(tests, offsets, 0, (int)(sizeof(clocks) / sizeof(clocks[0])));
    tcase_add_test(tests, an_unknown_offset);
    tcase_add_test(tests, how_far_clocks_may_differ);
    suite_add_tcase(suite, tests);
    return suite;
}

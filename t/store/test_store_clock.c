/* SPDX-License-Identifier: Apache-2.0 */
/* If the wall clock is set back or ahead, outages do not become longer and pauses do not become
 * shorter. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../unit/suite.h"
#include "../unit/support/wall_clock.h"
#include "base/breaker.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "store/providers/providers.h"

#define HOUR_MS INT64_C(3600000)
#define TIMEOUT_MS 1000
/* a call to a missing server takes 350 ms; with an open breaker it takes no time */
#define ASKED_MS 150

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    wall_clock_set(0);
    apr_pool_destroy(pool);
}

static authp_store_t *open_store(const char *name, const authp_store_config_t *config)
{
    authp_store_t *store = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find(name), config, &store, pool), AUTHP_OK);
    return store;
}

static const int64_t steps[] = {-HOUR_MS, 0, HOUR_MS};

/* The folder of the database is made later. After some failures SQLite is tried again once a
 * second. */
START_TEST(sqlite)
{
    char folder[] = "/tmp/authp-clock-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const char *file = apr_pstrcat(pool, folder, "/later/test.db", NULL);
    authp_store_config_t config = {.file = file, .timeout_ms = TIMEOUT_MS, .max_connections = 1};
    authp_store_t *store = open_store("sqlite", &config);
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(mkdir(apr_pstrcat(pool, folder, "/later", NULL), 0700), 0);
    wall_clock_set(steps[_i]);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE); /* too soon */
    usleep(1100000);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    apr_pool_clear(pool);
    ck_assert_int_eq(system(apr_pstrcat(pool, "rm -r ", folder, NULL)), 0);
}
END_TEST

static int64_t ping_ms(authp_store_t *store)
{
    int64_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    return authp_clock_now(authp_clock_monotonic()) - began;
}

/* Nothing listens at this port. */
START_TEST(mongodb)
{
    authp_store_config_t config = {.uri = "mongodb://127.0.0.1:9/",
                                   .database = "nowhere",
                                   .timeout_ms = TIMEOUT_MS,
                                   .max_connections = 1};
    authp_store_t *store = open_store("mongodb", &config);
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_ge(ping_ms(store), ASKED_MS);
        /* creating the indexes is tried every half second */
        ck_assert_int_lt(ping_ms(store), ASKED_MS);
        usleep(i + 1 < AUTHP_BREAKER_FAILURES ? 600000 : 0);
    }
    wall_clock_set(steps[_i]);
    usleep(600000);
    ck_assert_int_lt(ping_ms(store), ASKED_MS); /* the breaker is open for a second */
    usleep(500000);
    ck_assert_int_ge(ping_ms(store), ASKED_MS);
}
END_TEST

Suite *suite_store_clock(void)
{
    Suite *suite = suite_create("store_clock");
    TCase *tests = tcase_create("store_clock");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, sqlite, 0, 3);
    tcase_add_loop_test(tests, mongodb, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}

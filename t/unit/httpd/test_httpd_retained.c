/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that outlives a reload: the first start makes it, every later one finds it, and the MPM
 * and the settings of the latest one bound it. */
#include "httpd_fake_io.h"
#include "httpd_fake_start.h"
#include "suite.h"

#include "httpd/retained.h"
#include "service/limit/limit.h"
#include "service/live_table/live_layout.h"

#include <apr_strings.h>
#include <string.h>

#define SOME_ENTRIES 1024
#define LIVE_KEY "auth_platform/live-table/1"

static authp_store_ops_t ops;

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    fake_start_open();
    ops = *fake.f.store->ops;
    fake_io.mpm[AP_MPMQ_MAX_DAEMONS] = 2;
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = 8;
}

static void tear_down(void)
{
    httpd_fake_close();
}

/* Runs a start or a reload. Returns the state of its generation. */
static authp_runtime_t begin(authp_server_config_t *config)
{
    authp_realm_t *realm = apr_pmemdup(fake.f.pool, fake.f.realm, sizeof(*realm));
    authp_runtime_t runtime = {
        .realm = realm, .store_ops = &ops, .store_config = {.file = "/db"}, .server = &fake.main};
    realm->limits = NULL;
    ck_assert_ptr_null(authp_retained_find(&runtime, config, fake.f.pool));
    return runtime;
}

static authp_runtime_t begin_usual(void)
{
    authp_server_config_t config = {.live_entries = SOME_ENTRIES};
    return begin(&config);
}

/* Returns how many strangers may wait for a hash. */
static int strangers(authp_hasher_bound_t *bound)
{
    int places[1100];
    int count = 0;
    while (count < 1100) {
        places[count] = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
        if (places[count] < 0) {
            break;
        }
        count++;
    }
    for (int i = 0; i < count; i++) {
        authp_hasher_bound_leave(bound, places[i]);
    }
    return count;
}

/* What the MPM reports (-1: nothing), and how many requests may wait: three quarters of all
 * workers, rounded up, or half of them where each worker is a process. */
static const struct {
    int children;
    int threads;
    int waiting;
} mpms[] = {
    {4, 25, 75},  {16, 25, 300}, {2, 25, 38},    {1, 25, 19},  {20, 5, 75}, {256, 0, 128},
    {150, 0, 75}, {101, 0, 50},  {256, -1, 128}, {-1, 64, 48}, {0, 64, 48}, {3, 33, 75},
};

START_TEST(how_many_wait)
{
    fake_io.mpm[AP_MPMQ_MAX_DAEMONS] = mpms[_i].children;
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = mpms[_i].threads;
    ck_assert_int_eq(strangers(begin_usual().bound), mpms[_i].waiting);
}
END_TEST

/* Even if no request may wait, one caller for each core is admitted. */
START_TEST(at_least_the_slots)
{
    fake_io.mpm[AP_MPMQ_MAX_DAEMONS] = -1;
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = -1;
    authp_runtime_t runtime = begin_usual();
    ck_assert_int_eq(strangers(runtime.bound),
                     authp_hasher_bound_slots(runtime.bound, AUTHP_HASH_STRANGER));
}
END_TEST

/* A reload uses the values of the MPM and of BCRYPT_ROUNDS at that time, and not those of the first
 * start. */
START_TEST(a_reload_bounds_anew)
{
    static const int children[] = {8, 4, 16, 8};
    authp_hasher_bound_t *first = NULL;
    fake_io.mpm[AP_MPMQ_MAX_THREADS] = 25;
    for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
        fake_io.mpm[AP_MPMQ_MAX_DAEMONS] = children[i];
        authp_runtime_t runtime = begin_usual();
        first = first != NULL ? first : runtime.bound;
        ck_assert_ptr_eq(runtime.bound, first);
        ck_assert_int_eq(strangers(runtime.bound), children[i] * 25 - children[i] * 25 / 4);
    }
}
END_TEST

/* The time of a hash is estimated for the cost that is in force. */
START_TEST(the_cost_in_force)
{
    int64_t line[3];
    for (int i = 0; i < 3; i++) {
        fake.f.settings->bcrypt_rounds = i == 1 ? 14 : 8;
        line[i] = authp_hasher_bound_drain_ms(begin_usual().bound, 100);
    }
    ck_assert_int_gt(line[1], 8 * line[0]);
    ck_assert_int_gt(line[1], 8 * line[2]);
    ck_assert_int_gt(line[0], 0);
}
END_TEST

/* Every generation uses the same memory, with what the generation before has left in it. Its view
 * of the memory is its own. */
START_TEST(all_generations_share)
{
    int64_t offset = 0;
    authp_runtime_t one = begin_usual();
    atomic_store(&one.crowd->seen, 42);
    atomic_store(one.store_config.told, true);
    authp_live_table_set_clock(one.live_table, 77);
    uint64_t era = authp_live_table_era(one.live_table);
    authp_runtime_t two = begin_usual();
    ck_assert_ptr_eq(two.bound, one.bound);
    ck_assert_ptr_eq(two.crowd, one.crowd);
    ck_assert_int_eq(atomic_load(&two.crowd->seen), 42);
    ck_assert_ptr_eq(two.store_config.told, one.store_config.told);
    ck_assert(atomic_load(two.store_config.told));
    ck_assert_ptr_ne(two.live_table, one.live_table);
    ck_assert(authp_live_table_clock(two.live_table, &offset));
    ck_assert_int_eq(offset, 77);
    ck_assert_uint_eq(authp_live_table_era(two.live_table), era);
    /* Different objects are in different places. */
    ck_assert_ptr_ne((void *)one.crowd, (void *)one.store_config.told);
    ck_assert_ptr_ne((void *)one.crowd, (void *)one.bound);
}
END_TEST

/* At the first start nothing is known. */
START_TEST(the_first_start)
{
    int64_t offset = 0;
    authp_runtime_t runtime = begin_usual();
    ck_assert_int_eq(atomic_load(&runtime.crowd->began) + atomic_load(&runtime.crowd->seen) +
                         atomic_load(&runtime.crowd->others_began) +
                         atomic_load(&runtime.crowd->others_seen),
                     0);
    ck_assert(!atomic_load(runtime.store_config.told));
    ck_assert(!authp_live_table_clock(runtime.live_table, &offset));
    ck_assert_ptr_null(runtime.realm->limits); /* AUTH_LIMITS=off */
}
END_TEST

/* The first start sets the size of the table. A new AuthPlatformLiveTableSize takes effect only
 * when httpd is stopped and started. */
START_TEST(the_size_of_the_table)
{
    for (int i = 0; i < 2; i++) {
        authp_server_config_t config = {.live_entries = i == 0 ? _i : 16384};
        (void)begin(&config);
        authp_live_shared_t *shared = *(authp_live_shared_t **)ap_retained_data_get(LIVE_KEY);
        ck_assert_int_eq(shared->nbuckets * LIVE_WAYS, _i != 0 ? _i : AUTHP_LIVE_ENTRIES);
    }
}
END_TEST

/* The properties that identify a store. If one changes, the table of the old store does not count.
 */
static const struct {
    const char *name;
    authp_store_config_t config;
    bool same;
} stores[] = {
    {"mem", {.file = "/db"}, true},
    {"mem", {.file = "/db", .timeout_ms = 7, .max_connections = 3}, true},
    {"mem2", {.file = "/db"}, false},
    {"mem", {.file = "/db2"}, false},
    {"mem", {.uri = "/db"}, false},
    {"mem", {.database = "/db"}, false},
    {"mem", {.file = "/db", .uri = "u"}, false},
    {"mem", {.file = "/db", .database = "d"}, false},
    {"mem", {.file = NULL}, false},
};

START_TEST(another_store)
{
    authp_server_config_t config = {.live_entries = SOME_ENTRIES};
    ops.name = "mem";
    uint64_t era = authp_live_table_era(begin(&config).live_table);
    authp_runtime_t next = {.realm = fake.f.realm, .store_ops = &ops};
    next.store_config = stores[_i].config;
    ops.name = stores[_i].name;
    ck_assert_ptr_null(authp_retained_find(&next, &config, fake.f.pool));
    ck_assert_int_eq(authp_live_table_era(next.live_table) == era, stores[_i].same);
}
END_TEST

/* Returns the greatest age, to a second, at which the table still counts. */
static int64_t oldest(authp_live_table_t *table)
{
    authp_live_status_t status;
    int64_t age = 0;
    do {
        authp_live_shared_t *shared = *(authp_live_shared_t **)ap_retained_data_get(LIVE_KEY);
        age += 500;
        atomic_fetch_or(&shared->state, LIVE_WARM);
        atomic_store(&shared->news_at, authp_clock_now(authp_clock_monotonic()) - age);
        authp_live_table_status(table, &status);
    } while (status.warm);
    return age / 1000 * 1000;
}

/* AuthPlatformRevocationMaxLag of the latest generation counts; without it, 5 s. */
START_TEST(how_old_the_table_may_be)
{
    static const int lags[][2] = {{0, 5000}, {1000, 1000}, {60000, 60000}, {0, 5000}};
    for (size_t i = 0; i < sizeof(lags) / sizeof(lags[0]); i++) {
        authp_server_config_t config = {.live_entries = SOME_ENTRIES, .max_lag_ms = lags[i][0]};
        ck_assert_int_eq(oldest(begin(&config).live_table), lags[i][1]);
    }
}
END_TEST

/* The table remembers for as long as tokens live, and a while longer. */
START_TEST(how_long_it_remembers)
{
    int64_t horizon[2];
    for (int i = 0; i < 2; i++) {
        authp_server_config_t config = {.live_entries = SOME_ENTRIES};
        fake.f.settings->access_token_minutes = i == 0 ? 1 : 60;
        (void)begin(&config);
        authp_live_shared_t *shared = *(authp_live_shared_t **)ap_retained_data_get(LIVE_KEY);
        horizon[i] = atomic_load(&shared->horizon_ms);
    }
    ck_assert_int_gt(horizon[0], 60000);
    ck_assert_int_eq(horizon[1] - horizon[0], 59 * 60000);
}
END_TEST

/* Returns how many requests of one address pass. */
static int passes(const authp_limits_t *limits)
{
    int retry_after = 0;
    int count = 0;
    while (count < 100 && authp_limit_take_address(limits, AUTHP_LIMIT_CREDENTIAL, "192.0.2.1",
                                                   &retry_after) == AUTHP_OK) {
        count++;
    }
    return count;
}

/* The counts stay, also over a generation without limits. The rates are those of the latest
 * generation. */
START_TEST(limits_stay)
{
    fake.f.settings->limits = true;
    fake.f.settings->limit_address = (authp_rate_t){.count = 3, .seconds = 3600};
    ck_assert_int_eq(passes(begin_usual().realm->limits), 3);
    ck_assert_int_eq(passes(begin_usual().realm->limits), 0);
    fake.f.settings->limits = false;
    ck_assert_ptr_null(begin_usual().realm->limits);
    fake.f.settings->limits = true;
    ck_assert_int_eq(passes(begin_usual().realm->limits), 0);
    fake.f.settings->limit_address = (authp_rate_t){.count = 6, .seconds = 7200};
    ck_assert_int_eq(passes(begin_usual().realm->limits), 3);
}
END_TEST

Suite *suite_httpd_retained(void)
{
    Suite *suite = suite_create("httpd_retained");
    TCase *tests = tcase_create("httpd_retained");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, how_many_wait, 0, (int)(sizeof(mpms) / sizeof(mpms[0])));
    tcase_add_test(tests, at_least_the_slots);
    tcase_add_test(tests, a_reload_bounds_anew);
    tcase_add_test(tests, the_cost_in_force);
    tcase_add_test(tests, all_generations_share);
    tcase_add_test(tests, the_first_start);
    tcase_add_loop_test(tests, the_size_of_the_table, 0, 1);
    tcase_add_loop_test(tests, the_size_of_the_table, 1024, 1025);
    tcase_add_loop_test(tests, another_store, 0, (int)(sizeof(stores) / sizeof(stores[0])));
    tcase_add_test(tests, how_old_the_table_may_be);
    tcase_add_test(tests, how_long_it_remembers);
    tcase_add_test(tests, limits_stay);
    suite_add_tcase(suite, tests);
    return suite;
}

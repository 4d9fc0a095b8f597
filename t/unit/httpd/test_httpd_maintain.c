/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds that mod_watchdog calls in a child: how often they run, when the purge waits, what is
 * logged, and that no round runs while the child's pools are destroyed. */
#include "httpd_fake_start.h"
#include "openssl_thread.h"
#include "suite.h"
#include "watchdog_fake.h"

#include "base/log.h"
#include "httpd/maintain.h"
#include "service/live/live.h"
#include "service/live_table/live_table.h"
#include "service/vault/vault.h"

#include <apr_strings.h>
#include <http_core.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define EVERY_MS 600000
#define WAIT_US 50000
#define CHILDREN 200

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    httpd_fake_say((int)level, message);
}

/* --- a store that counts
 * ------------------------------------------------------------------------ */

static authp_store_ops_t ops;
static int maintained;
static int purged;
static bool uses_tls;
static int freed;
static int removes; /* how many rows each purge finds */

static void maintain(void *self)
{
    (void)self;
    maintained++;
    /* A child that ends waits for this round, because the round holds the lock. */
    ck_assert_int_ne(pthread_rwlock_trywrlock(&fake.runtime.rounds), 0);
    if (uses_tls) {
        openssl_thread_use();
    }
}

static void note_freed(void)
{
    freed++;
    ck_assert_int_ne(pthread_rwlock_trywrlock(&fake.runtime.rounds), 0);
}

static authp_err_t purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    (void)self, (void)what, (void)pool;
    purged++;
    *removed = removes;
    return AUTHP_OK;
}

static apr_pool_t *pchild;

static void set_up(void)
{
    httpd_fake_open();
    watchdog_fake_load(true);
    ops = *fake.f.store->ops;
    ops.maintain = maintain;
    ops.purge = purge;
    fake.f.store->ops = &ops;
    maintained = purged = removes = freed = 0;
    uses_tls = false;
    fake_start_open();
    authp_maintain_register(fake.f.pool);
    /* mod_watchdog starts its threads there */
    ck_assert_int_lt(fake_start.order.post_config, APR_HOOK_LAST);
    ck_assert_int_eq(apr_pool_create(&pchild, NULL), APR_SUCCESS);
    authp_maintain_child(&fake.runtime, pchild);
    atomic_store(&fake.runtime.ready, true);
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pchild);
    httpd_fake_close();
}

static int start(void)
{
    return fake_start.post_config(fake.f.pool, fake.f.pool, fake.f.pool, &fake.main);
}

static void round_of(int which, int state)
{
    ck_assert_int_eq(
        watches[which].round(state, (void *)(uintptr_t)watches[which].data, fake.f.pool),
        APR_SUCCESS);
    /* Every path through the round releases the lock. */
    ck_assert_int_eq(pthread_rwlock_trywrlock(&fake.runtime.rounds), 0);
    ck_assert_int_eq(pthread_rwlock_unlock(&fake.runtime.rounds), 0);
}

/* Sets the purge's next time to `ms` from now. */
static void due_in(authp_ms_t ms)
{
    fake.runtime.purge_at = authp_clock_now(authp_clock_monotonic()) + ms;
}

static authp_ms_t left(void)
{
    return fake.runtime.purge_at - authp_clock_now(authp_clock_monotonic());
}

/* --- tests
 * -------------------------------------------------------------------------------------- */

START_TEST(what_is_watched)
{
    fake_start.main_state = AP_SQ_MS_CREATE_PRE_CONFIG; /* the first pass of a start */
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(nwatches, 0);
    fake_start.main_state = AP_SQ_MS_CREATE_CONFIG;
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(nwatches, 2);
    ck_assert_str_ne(watches[0].name, watches[1].name); /* each round has a thread of its own */
    ck_assert_int_eq(watches[0].interval, apr_time_from_sec(5));
    ck_assert_int_eq(watches[1].interval, apr_time_from_msec(200));
    ck_assert_ptr_eq(watches[0].data, &fake.runtime);
    ck_assert_ptr_eq(watches[1].data, &fake.runtime);
    ck_assert(watches[0].round != watches[1].round);
    ck_assert_str_eq(fake.said, "");
}
END_TEST

/* Without mod_watchdog the server starts, and a log line says what is missing. */
START_TEST(nobody_watches)
{
    watchdog_fake_load(_i > 0);
    refused_at = _i < 3 ? _i : 0;
    no_instance = _i == 3;
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(nwatches, _i < 3 ? _i : 0);
    ck_assert_int_eq(httpd_fake_told("AUTHP"), 1);
    ck_assert_int_eq(httpd_fake_told(apr_psprintf(
                         fake.f.pool, "%d AUTHP0520: mod_watchdog is missing", APLOG_WARNING)),
                     1);
}
END_TEST

/* The child exits while the thread ends. So nothing that OpenSSL keeps for the thread is left. */
START_TEST(openssl_keeps_nothing_for_the_thread)
{
    (void)start();
    openssl_thread_open(note_freed);
    uses_tls = true;
    for (int i = 1; i <= 2; i++) {
        due_in(EVERY_MS);
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        ck_assert_int_eq(freed, i);
    }
    openssl_thread_close();
    ck_assert_int_eq(freed, 2);
}
END_TEST

/* The first purge of a child comes at a random time within ten minutes, then one every ten
 * minutes. */
START_TEST(the_purge_comes_again)
{
    int tenths[10] = {0}; /* how many of the first purges come in each minute */
    (void)start();
    for (int i = 0; i < CHILDREN; i++) {
        fake.runtime.purge_at = 0;
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        ck_assert_int_gt(left(), 0);
        ck_assert_int_le(left(), EVERY_MS);
        tenths[left() * 10 / (EVERY_MS + 1)]++;
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_int_gt(tenths[i], CHILDREN / 40);
    }
    ck_assert_int_eq(purged, 0);
    for (int i = 1; i <= 3; i++) {
        due_in(-1);
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        ck_assert_int_eq(purged, i);
        ck_assert_int_gt(left(), EVERY_MS - 5000);
        ck_assert_int_le(left(), EVERY_MS);
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        due_in(3000);
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        ck_assert_int_eq(purged, i);
        ck_assert_int_gt(left(), 0);
        ck_assert_int_le(left(), 3000);
    }
    ck_assert_int_eq(maintained, CHILDREN + 9);
    ck_assert_str_eq(fake.said, "");
}
END_TEST

/* The other round reads the changes of other hosts, and is no upkeep. */
START_TEST(a_round_that_polls)
{
    authp_live_shared_t *shared = NULL;
    authp_live_table_t *table = NULL;
    const authp_live_terms_t terms = {
        .roles = fake.f.settings->roles, .token_ms = 60000, .max_lag_ms = 5000};
    ck_assert_int_eq(authp_live_table_make(8, &shared), AUTHP_OK);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &table, fake.f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_live_make(table, 1, &fake.f.realm->live, fake.f.pool), AUTHP_OK);
    (void)start();
    due_in(0);
    (void)mem_store_calls(fake.f.store, fake.f.pool);
    round_of(1, AP_WATCHDOG_STATE_RUNNING);
    ck_assert_str_ne(mem_store_calls(fake.f.store, fake.f.pool), "");
    ck_assert_int_eq(maintained + purged, 0);
}
END_TEST

/* A thread that sends a mail hears of the end of the child last. So the others cancel the mail. */
START_TEST(a_mail_is_canceled)
{
    (void)start();
    round_of(0, AP_WATCHDOG_STATE_RUNNING);
    ck_assert(!atomic_load(&fake.runtime.mail_cancel));
    round_of(_i, AP_WATCHDOG_STATE_STOPPING);
    ck_assert(atomic_load(&fake.runtime.mail_cancel));
}
END_TEST

/* A purge round removes only some batches, so that no round takes long. */
START_TEST(a_purge_is_bounded)
{
    (void)start();
    removes = 500;
    due_in(0);
    round_of(0, AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(purged, 4);
    ck_assert_ptr_nonnull(strstr(fake.said, "AUTHP0521: the purge removed 2000 rows"));
    removes = 3;
    due_in(0);
    round_of(0, AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(purged, 5);
    ck_assert_ptr_nonnull(strstr(fake.said, "AUTHP0521: the purge removed 3 rows"));
}
END_TEST

/* The keys are read in the first round, and then when that is due. A store that fails does not stop
 * the round. */
START_TEST(data_keys_are_looked_after)
{
    fake_clock_t monotonic;
    fake_clock_init(&monotonic);
    ck_assert_int_eq(
        authp_vault_make(fake.f.settings, &monotonic.clock, &fake.f.realm->vault, fake.f.pool),
        AUTHP_OK);
    (void)start();
    mem_store_fail(fake.f.store, "data_key_list", 1, AUTHP_E_UNAVAILABLE);
    (void)mem_store_calls(fake.f.store, fake.f.pool);
    static const struct {
        authp_ms_t later;
        bool reads;
    } rounds[] = {{0, true}, {4999, false}, {1, true}, {0, false}, {599999, false}, {1, true}};
    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        fake_clock_advance(&monotonic, rounds[i].later);
        due_in(EVERY_MS);
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        const char *calls = mem_store_calls(fake.f.store, fake.f.pool);
        ck_assert_str_eq(calls, rounds[i].reads ? "data_key_list" : "");
    }
    ck_assert_int_eq(maintained, (int)(sizeof(rounds) / sizeof(rounds[0])));
}
END_TEST

/* A log line is written when the difference begins and not in each round, and again after the
 * clocks were right in between. */
START_TEST(clocks_that_differ_are_told_once)
{
    (void)start();
    for (int i = 1; i <= 2; i++) {
        mem_store_ahead(fake.f.store, 21000);
        for (int j = 0; j < 3; j++) {
            due_in(0);
            round_of(0, AP_WATCHDOG_STATE_RUNNING);
            ck_assert_int_eq(httpd_fake_told("AUTHP0522"), i);
            ck_assert_int_eq(purged, i - 1);
            ck_assert_int_gt(left(), EVERY_MS - 5000);
        }
        mem_store_ahead(fake.f.store, 0);
        due_in(0);
        round_of(0, AP_WATCHDOG_STATE_RUNNING);
        ck_assert_int_eq(purged, i);
    }
    /* A store that does not answer gives another result than different clocks. */
    mem_store_fail(fake.f.store, "clock", 0, AUTHP_E_UNAVAILABLE);
    due_in(0);
    round_of(0, AP_WATCHDOG_STATE_RUNNING);
    mem_store_fail(fake.f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(httpd_fake_told("AUTHP0522"), 2);
    ck_assert_ptr_nonnull(
        strstr(fake.said, apr_psprintf(fake.f.pool, "%d AUTHP0522: nothing is purged",
                                       (int)AUTHP_LOG_WARNING)));
}
END_TEST

/* Neither round does anything before the store is open, when the watchdog starts or stops, or after
 * the child has begun to end. */
START_TEST(no_round_out_of_season)
{
    (void)start();
    due_in(0);
    for (int i = 0; i < 2; i++) {
        round_of(i, AP_WATCHDOG_STATE_STARTING);
        round_of(i, AP_WATCHDOG_STATE_STOPPING);
        atomic_store(&fake.runtime.ready, false);
        round_of(i, AP_WATCHDOG_STATE_RUNNING);
        atomic_store(&fake.runtime.ready, true);
    }
    apr_pool_clear(pchild);
    for (int i = 0; i < 2; i++) {
        round_of(i, AP_WATCHDOG_STATE_RUNNING);
    }
    ck_assert_int_eq(maintained + purged, 0);
}
END_TEST

static atomic_bool gone;

static void *end_child(void *data)
{
    (void)data;
    apr_pool_clear(pchild);
    atomic_store(&gone, true);
    return NULL;
}

static apr_status_t note_closed(void *data)
{
    (void)data;
    /* the cleanup runs before the objects that rounds use are destroyed */
    ck_assert(fake.runtime.closing);
    return APR_SUCCESS;
}

START_TEST(the_pools_wait_for_a_round)
{
    pthread_t thread;
    apr_pool_t *below = NULL;
    atomic_store(&gone, false);
    ck_assert_int_eq(apr_pool_create(&below, pchild), APR_SUCCESS);
    apr_pool_cleanup_register(below, NULL, note_closed, apr_pool_cleanup_null);
    ck_assert_int_eq(pthread_rwlock_tryrdlock(&fake.runtime.rounds), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, end_child, NULL), 0);
    usleep(WAIT_US);
    ck_assert(!atomic_load(&gone));
    ck_assert_int_eq(pthread_rwlock_unlock(&fake.runtime.rounds), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(atomic_load(&gone));
}
END_TEST

Suite *suite_httpd_maintain(void)
{
    Suite *suite = suite_create("httpd_maintain");
    TCase *tests = tcase_create("httpd_maintain");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_watched);
    tcase_add_loop_test(tests, nobody_watches, 0, 4);
    tcase_add_test(tests, openssl_keeps_nothing_for_the_thread);
    tcase_add_test(tests, the_purge_comes_again);
    tcase_add_test(tests, a_round_that_polls);
    tcase_add_loop_test(tests, a_mail_is_canceled, 0, 2);
    tcase_add_test(tests, a_purge_is_bounded);
    tcase_add_test(tests, data_keys_are_looked_after);
    tcase_add_test(tests, clocks_that_differ_are_told_once);
    tcase_add_test(tests, no_round_out_of_season);
    tcase_add_test(tests, the_pools_wait_for_a_round);
    suite_add_tcase(suite, tests);
    return suite;
}

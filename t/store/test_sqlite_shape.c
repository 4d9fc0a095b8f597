/* SPDX-License-Identifier: Apache-2.0 */
/* What must not change by accident: the schema steps of released versions, which statements use the
 * writer queue, how long a caller waits for a connection, and that each connection comes back. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "sqlite_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql_impl.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST 2
#define TIMEOUT_MS 300
#define LATE_MS 1500 /* a busy machine */

static apr_pool_t *pool;
static authp_store_t *store;
static authp_sql_t *sql;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    const authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = TIMEOUT_MS, .max_connections = MOST};
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &store, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    sql = store->self;
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* Databases have been made with these steps. A new step is added at the end, with a row here. */
static const char *const released[][2] = {
    {"accounts and sessions", "d4133f51af5bca17"},
    {"invites and deletion", "2e08e42f878f9340"},
    {"what changed when", "04049dcb3feaf0e8"},
    {"failed sign-ins", "75235161df8d0720"},
    {"identities", "a62d44e78542996c"},
    {"used tokens and login codes", "79193b3dccf7da2d"},
    {"many rows", "81fc9502a0d39a30"},
    {"phone numbers", "412916fa7f2e3865"},
    {"mail", "04f70d723c603af6"},
};
#define RELEASED ((int)(sizeof(released) / sizeof(released[0])))
START_TEST(steps_stay_as_they_were)
{
    authp_sql_conn_t *conn = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_open(conn), AUTHP_OK);
    ck_assert_int_eq(apr_dbd_select(sql->driver, pool, conn->handle, &results,
                                    "SELECT name, checksum FROM schema_migrations ORDER BY step",
                                    1),
                     0);
    for (int i = 0; i < sql->dialect->nmigrations; i++) {
        ck_assert_int_eq(apr_dbd_get_row(sql->driver, pool, results, &row, i + 1), 0);
        const char *name = apr_dbd_get_entry(sql->driver, row, 0);
        const char *checksum = apr_dbd_get_entry(sql->driver, row, 1);
        ck_assert_msg(i < RELEASED, "a new step needs the row {\"%s\", \"%s\"}", name, checksum);
        ck_assert_str_eq(name, released[i][0]);
        ck_assert_str_eq(checksum, released[i][1]);
    }
    ck_assert_int_eq(sql->dialect->nmigrations, RELEASED);
    authp_sql_conn_release(conn);
}
END_TEST

/* With all connections in use a caller waits as long as an operation may take. */
START_TEST(all_in_use)
{
    authp_sql_conn_t *conns[MOST];
    for (int i = 0; i < MOST; i++) {
        ck_assert_int_eq(authp_sql_conn_acquire(sql, &conns[i]), AUTHP_OK);
    }
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    authp_ms_t took = authp_clock_now(authp_clock_monotonic()) - began;
    ck_assert_int_ge(took, TIMEOUT_MS - 20);
    ck_assert_int_lt(took, LATE_MS);
    for (int i = 0; i < MOST; i++) {
        authp_sql_conn_release(conns[i]);
    }
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
}
END_TEST

/* Connections are kept between operations, with their prepared statements. */
START_TEST(connections_are_kept)
{
    authp_sql_conn_t *conn = NULL;
    authp_store_maintain(store);
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    ck_assert_ptr_nonnull(conn->handle);
    authp_sql_conn_release(conn);
}
END_TEST

static void meddle(const char *text)
{
    authp_sql_conn_t *conn = NULL;
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_open(conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_exec(conn, text), 0);
    authp_sql_conn_release(conn);
}

/* Reads and writes fail more often than there are connections. Afterwards all connections are free,
 * and no thread has the turn of the queue. */
START_TEST(failures_keep_nothing)
{
    authp_user_t *user = NULL;
    authp_user_t made = contract_user("ada@example.org", pool);
    meddle("ALTER TABLE users RENAME TO hidden");
    for (int i = 0; i < 2 * MOST; i++) {
        ck_assert_int_ne(authp_store_user_by_id(store, made.id.hex, &user, pool), AUTHP_OK);
        ck_assert_int_ne(authp_store_user_create(store, &made, pool), AUTHP_OK);
        ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
    }
    authp_store_t *other = sqlite_fixture_open(pool);
    authp_sql_conn_t *conn = authp_sql_conn_single(other->self, pool);
    ck_assert_int_eq(authp_sql_conn_open(conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_exec(conn, "ALTER TABLE hidden RENAME TO users"), 0);
    authp_sql_conn_close(conn);
    ck_assert_int_eq(authp_store_user_create(store, &made, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, made.id.hex, &user, pool), AUTHP_OK);
    ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
}
END_TEST

/* A writer of another process has the turn: a writer of this process waits, also in its second try,
 * and readers do not wait. */
START_TEST(readers_do_not_queue)
{
    authp_user_t *user = NULL;
    authp_user_t made = contract_user("ada@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &made, pool), AUTHP_OK);
    ck_assert_int_eq(sql->dialect->write_lock(sql->lock, 0), AUTHP_OK);
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(authp_store_user_by_id(store, made.id.hex, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_discard(store, user, pool), AUTHP_E_UNAVAILABLE);
    authp_ms_t took = authp_clock_now(authp_clock_monotonic()) - began;
    ck_assert_int_ge(took, TIMEOUT_MS - 20);
    ck_assert_int_lt(took, LATE_MS);
    sql->dialect->write_unlock(sql->lock);
    ck_assert_int_eq(authp_store_user_discard(store, user, pool), AUTHP_OK);
}
END_TEST

static authp_sql_dialect_t counting;
static authp_err_t (*take)(void *lock, int timeout_ms);
static void (*give)(void *lock);
static int taken;
static int given;

static authp_err_t count_take(void *lock, int timeout_ms)
{
    taken++;
    return take(lock, timeout_ms);
}

static void count_give(void *lock)
{
    given++;
    give(lock);
}

static void count_turns(void)
{
    counting = *sql->dialect;
    take = counting.write_lock;
    give = counting.write_unlock;
    counting.write_lock = count_take;
    counting.write_unlock = count_give;
    sql->dialect = &counting;
    taken = given = 0;
}

/* A change of the schema makes the prepared statements of a connection invalid. The second try, on
 * a new connection, waits for its turn as the first one did. */
START_TEST(each_try_queues)
{
    authp_user_t *user = NULL;
    authp_user_t made = contract_user("ada@example.org", pool);
    authp_user_t first = contract_user("first@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &first, pool), AUTHP_OK);
    meddle("ALTER TABLE users ADD COLUMN later TEXT");
    count_turns();
    ck_assert_int_eq(authp_store_user_create(store, &made, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 2);
    ck_assert_int_eq(given, 2);
    ck_assert_int_eq(authp_store_user_by_id(store, made.id.hex, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_discard(store, user, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 3);
    ck_assert_int_eq(given, 3);
    /* Steps of the schema wait for their turn as well. */
    int applied = -1;
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 4);
    ck_assert_int_eq(given, 4);
}
END_TEST

/* SQLite refuses a second writer at once: each statement that is no SELECT waits in the queue. */
START_TEST(writers_queue)
{
    authp_user_t *user = NULL;
    apr_array_header_t *list = NULL;
    int count = 0;
    authp_user_t made = contract_user("ada@example.org", pool);
    const authp_page_t page = {.limit = 10};
    const authp_purge_t nothing = {.batch = 1};
    count_turns();
    ck_assert_int_eq(authp_store_user_create(store, &made, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 1);
    ck_assert_int_eq(authp_store_user_by_id(store, made.id.hex, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_session_list(store, made.id.hex, 1, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_list(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 1);
    ck_assert_int_eq(authp_store_user_delete(store, &made, 2, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 2);
    ck_assert_int_eq(authp_store_user_forget(store, made.id.hex, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 6);
    ck_assert_int_eq(authp_store_purge(store, &nothing, &count, pool), AUTHP_OK);
    ck_assert_int_eq(taken, 18);
    ck_assert_int_eq(given, 18);
}
END_TEST

/* The command to migrate tries at once, without the pause that requests have after a failure. */
START_TEST(asked_to_migrate_it_tries)
{
    int applied = -1;
    authp_store_t *later = NULL;
    char folder[128];
    char database[160];
    (void)apr_snprintf(folder, sizeof(folder), "%s.d", sqlite_fixture_file());
    (void)apr_snprintf(database, sizeof(database), "%s/test.db", folder);
    const authp_store_config_t config = {
        .file = database, .timeout_ms = TIMEOUT_MS, .max_connections = MOST};
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &later, pool),
                     AUTHP_OK);
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(authp_store_ping(later, pool), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    ck_assert_int_eq(authp_store_ping(later, pool), AUTHP_E_UNAVAILABLE); /* in the pause */
    ck_assert_int_eq(authp_store_migrate(later, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, RELEASED);
    ck_assert_int_eq(authp_store_ping(later, pool), AUTHP_OK);
    apr_pool_clear(pool); /* closed, it leaves the database alone */
    ck_assert_int_eq(unlink(database), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

static int strange_steps;

static void count_strange_steps(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    strange_steps += strstr(message, "AUTHP0209: ") != NULL;
    ck_assert_ptr_null(strstr(message, "AUTHP0210: ")); /* no step is tried */
}

/* A database whose steps are not those of this version is refused, and no step is made in it. */
START_TEST(steps_of_another_version)
{
    static const char *const edits[] = {
        "DELETE FROM schema_migrations WHERE step = 1",
        "DELETE FROM schema_migrations WHERE step = 3",
        "UPDATE schema_migrations SET checksum = 'x' WHERE step = 2",
    };
    authp_sql_conn_t *conn = NULL;
    authp_store_t *later = NULL;
    const authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = TIMEOUT_MS, .max_connections = MOST};
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_open(conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_exec(conn, edits[_i]), 0);
    authp_sql_conn_release(conn);
    strange_steps = 0;
    authp_log_set_sink(count_strange_steps, NULL);
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &later, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(later, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(strange_steps, 1);
    authp_log_set_sink(NULL, NULL);
}
END_TEST

static int answers_again;

static void count_recoveries(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    answers_again += strstr(message, "AUTHP0212: ") != NULL;
}

/* A database that cannot be opened any more is not opened again by every request. */
START_TEST(a_lost_database_gets_a_pause)
{
    authp_sql_conn_t *conn = NULL;
    const char *file = sqlite_fixture_file();
    const char *away = apr_pstrcat(pool, file, ".away", NULL);
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    authp_sql_conn_close(conn);
    authp_sql_conn_release(conn);
    ck_assert_int_eq(rename(file, away), 0);
    ck_assert_int_eq(mkdir(file, 0700), 0);
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(rmdir(file), 0);
    ck_assert_int_eq(rename(away, file), 0);
    authp_log_set_sink(count_recoveries, NULL);
    answers_again = 0;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE); /* in the pause */
    usleep((AUTHP_BREAKER_PAUSE_MS + 100) * 1000);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    authp_log_set_sink(NULL, NULL);
    ck_assert_int_eq(answers_again, 1);
}
END_TEST

#define PATIENCE_MS 1500

typedef struct waiter_t {
    pthread_t thread;
    authp_err_t err;
    authp_ms_t took;
} waiter_t;

static void *wait_for_turn(void *data)
{
    waiter_t *waiter = data;
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    waiter->err = sql->dialect->write_lock(sql->lock, PATIENCE_MS);
    waiter->took = authp_clock_now(authp_clock_monotonic()) - began;
    return NULL;
}

/* A writer waits for a connection first and then for its turn. Both waits together stay within the
 * time limit. */
START_TEST(one_bound_for_both_waits)
{
    waiter_t waiters[2];
    ck_assert_int_eq(sql->dialect->write_lock(sql->lock, 0), AUTHP_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&waiters[i].thread, NULL, wait_for_turn, &waiters[i]), 0);
        usleep(PATIENCE_MS * 1000 / 2);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(waiters[i].thread, NULL);
        ck_assert_int_eq(waiters[i].err, AUTHP_E_UNAVAILABLE);
        ck_assert_int_ge(waiters[i].took, PATIENCE_MS - 20);
        ck_assert_int_lt(waiters[i].took, PATIENCE_MS * 7 / 5);
    }
    sql->dialect->write_unlock(sql->lock);
    ck_assert_int_eq(sql->dialect->write_lock(sql->lock, 0), AUTHP_OK);
    sql->dialect->write_unlock(sql->lock);
}
END_TEST

Suite *suite_sqlite_shape(void)
{
    Suite *suite = suite_create("sqlite_shape");
    TCase *tests = tcase_create("sqlite_shape");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 20); /* a wait without an end fails after 20 s */
    tcase_add_test(tests, steps_stay_as_they_were);
    tcase_add_test(tests, writers_queue);
    tcase_add_test(tests, all_in_use);
    tcase_add_test(tests, connections_are_kept);
    tcase_add_test(tests, failures_keep_nothing);
    tcase_add_test(tests, readers_do_not_queue);
    tcase_add_test(tests, each_try_queues);
    tcase_add_test(tests, asked_to_migrate_it_tries);
    tcase_add_loop_test(tests, steps_of_another_version, 0, 3);
    tcase_add_test(tests, one_bound_for_both_waits);
    tcase_add_test(tests, a_lost_database_gets_a_pause);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that cannot be opened, and steps of the schema that fail: what the caller gets, what
 * is logged, what is tried again, and what is left. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "dbd_tap.h"
#include "faults.h"
#include "sqlite_fixture.h"
#include "store/sql/sql.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define RC 77
#define MESSAGE "ERROR: it broke\nDETAIL: a value of the row"
#define PATIENCE_MS 1000 /* for a database that is locked */
#define PAUSE_US 10000

static apr_pool_t *pool;
static authp_store_t *store;
static authp_sql_t *sql;
static authp_sql_dialect_t dialect;
static authp_sql_fault_t says; /* what each error of the driver means */
static const char *reason;     /* the part of an error that may be logged */
static char logged[4096];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char levels[] = "EWNID";
    (void)ctx;
    size_t len = strlen(logged);
    (void)snprintf(logged + len, sizeof(logged) - len, "%c %s\n", levels[level], message);
}

static authp_sql_fault_t classify(int rc, const char *text)
{
    (void)rc, (void)text;
    return says;
}

static const char *open_reason(const char *text, apr_pool_t *scratch)
{
    (void)scratch;
    ck_assert_str_eq(text, MESSAGE);
    return reason;
}

static authp_err_t no_files(const authp_store_config_t *config, apr_pool_t *scratch)
{
    (void)config, (void)scratch;
    return AUTHP_E_UNAVAILABLE;
}

/* A store on the database of the fixture, which is made by it. It has no connection yet. */
static void open_store(void)
{
    store = sqlite_fixture_open(pool);
    sql = store->self;
    dialect = *sql->dialect;
    dialect.classify = classify;
    sql->dialect = &dialect;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    faults_open();
    dbd_tap_begin();
    open_store();
    says = AUTHP_SQL_BROKEN;
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    dbd_tap_end();
    faults_open();
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* --- stores ----------------------------------------------------------------------------------- */

START_TEST(a_store_that_cannot_be_opened)
{
    const authp_store_config_t config = {.file = sqlite_fixture_file(), .timeout_ms = 100};
    authp_sql_t *none = NULL;
    dbd_tap_no_driver = _i == 0;
    dbd_tap_no_list = _i == 1;
    ck_assert_int_eq(authp_sql_open(&dialect, &config, pool, &none), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(none);
    const char *line = _i == 0 ? "E AUTHP0205: apr_dbd has no driver sqlite3: is the package "
                               : "E AUTHP0201: cannot make the list of store connections (";
    ck_assert_msg(strncmp(logged, line, strlen(line)) == 0, "%s", logged);
}
END_TEST

/* --- connections ------------------------------------------------------------------------------ */

/* Opens the connection of a store that is up to date. */
static authp_err_t open_connection(authp_sql_conn_t **conn)
{
    ck_assert_int_eq(authp_sql_conn_acquire(sql, conn), AUTHP_OK);
    (void)dbd_tap_take();
    return authp_sql_conn_open(*conn);
}

static const struct {
    const char *fails; /* the part of a text; NULL: the files cannot be used */
    bool explains;     /* the dialect has open_reason() */
    const char *reason;
    authp_sql_fault_t fault;
    const char *line;
} openings[] = {
    {NULL, false, NULL, AUTHP_SQL_BROKEN, "use its files: see the line before"},
    {"/test.db", false, NULL, AUTHP_SQL_BROKEN, "open a connection: no reason given"},
    {"/test.db", false, NULL, AUTHP_SQL_LOCKED, "open a connection: no reason given"},
    {"/test.db", true, NULL, AUTHP_SQL_BROKEN, "open a connection: no reason given"},
    {"/test.db", true, "the door is shut\r\nand more", AUTHP_SQL_BROKEN,
     "open a connection: the door is shut"},
    {"journal_mode", false, NULL, AUTHP_SQL_BROKEN, "set up a connection: ERROR: it broke"},
    {"foreign_keys", true, NULL, AUTHP_SQL_WRONG, "set up a connection: ERROR: it broke"},
};

START_TEST(a_connection_that_cannot_be_opened)
{
    authp_sql_conn_t *conn = NULL;
    if (openings[_i].fails == NULL) {
        dialect.before_open = no_files;
    } else {
        dbd_tap_fail(openings[_i].fails, 9, RC, MESSAGE);
    }
    dialect.open_reason = openings[_i].explains ? open_reason : NULL;
    reason = openings[_i].reason;
    says = openings[_i].fault;
    ck_assert_int_eq(open_connection(&conn), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(
        logged, apr_pstrcat(pool, "W AUTHP0203: store: cannot ", openings[_i].line, "\n", NULL));
    ck_assert_ptr_null(conn->handle);
    ck_assert_int_eq(faults.sleeps, 0);
    /* What was opened is closed. */
    const char *noted = dbd_tap_take();
    bool opened = openings[_i].fails != NULL && *openings[_i].fails != '/';
    ck_assert_int_eq(dbd_tap_count(noted, "open "), openings[_i].fails != NULL ? 1 : 0);
    ck_assert_int_eq(dbd_tap_count(noted, "close\n"), opened ? 1 : 0);
    authp_sql_conn_release(conn);
}
END_TEST

/* A caller waits for the time of an operation, and the log says how long that was. */
START_TEST(all_are_in_use)
{
    authp_sql_conn_t *conns[8];
    authp_sql_conn_t *more = NULL;
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(authp_sql_conn_acquire(sql, &conns[i]), AUTHP_OK);
    }
    ck_assert_str_eq(logged, "");
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &more), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(more);
    ck_assert_str_eq(logged, "W AUTHP0202: no store connection free within 2000 ms\n");
    for (int i = 0; i < 8; i++) {
        authp_sql_conn_release(conns[i]);
    }
}
END_TEST

static int memory_freed;

static apr_status_t note_freed(void *data)
{
    (void)data;
    memory_freed++;
    return APR_SUCCESS;
}

/* SQLite locks the file for a moment while the last process closes it. */
START_TEST(locked_for_a_moment)
{
    authp_sql_conn_t *conn = NULL;
    says = AUTHP_SQL_LOCKED;
    dbd_tap_fail("synchronous", 3, RC, MESSAGE);
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    authp_sql_conn_release(conn);
    memory_freed = 0;
    apr_pool_cleanup_register(conn->pool, NULL, note_freed, apr_pool_cleanup_null);
    ck_assert_int_eq(open_connection(&conn), AUTHP_OK);
    ck_assert_int_eq(memory_freed, 1); /* that of the first try */
    ck_assert_ptr_nonnull(conn->handle);
    ck_assert_str_eq(logged, "");
    ck_assert_int_eq(faults.sleeps, 3);
    ck_assert_int_eq(faults.us, 3 * PAUSE_US);
    const char *noted = dbd_tap_take();
    ck_assert_int_eq(dbd_tap_count(noted, "open "), 4);
    ck_assert_int_eq(dbd_tap_count(noted, "close\n"), 3);
    authp_sql_conn_release(conn);
}
END_TEST

START_TEST(locked_for_too_long)
{
    authp_sql_conn_t *conn = NULL;
    says = AUTHP_SQL_LOCKED;
    dbd_tap_fail("synchronous", 10000, RC, MESSAGE);
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(open_connection(&conn), AUTHP_E_UNAVAILABLE);
    ck_assert_int_ge(authp_clock_now(authp_clock_monotonic()) - began, PATIENCE_MS);
    ck_assert_int_le(faults.us, PATIENCE_MS * 1000 + PAUSE_US);
    ck_assert_str_eq(logged, "W AUTHP0203: store: cannot set up a connection: ERROR: it broke\n");
    ck_assert_ptr_null(conn->handle);
    const char *noted = dbd_tap_take();
    ck_assert_int_eq(dbd_tap_count(noted, "open "), dbd_tap_count(noted, "close\n"));
    authp_sql_conn_release(conn);
}
END_TEST

/* An operation tries twice to open a connection. The breaker counts it once. */
START_TEST(an_operation_without_a_connection)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    authp_sql_conn_t *conn = NULL;
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    authp_sql_conn_close(conn);
    authp_sql_conn_release(conn);
    (void)dbd_tap_take();
    dbd_tap_fail("/test.db", _i, RC, MESSAGE);
    ck_assert_int_eq(authp_store_ping(store, pool), _i < 2 ? AUTHP_OK : AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "open "), _i == 0 ? 1 : 2);
    ck_assert_int_eq(atomic_load(&sql->breaker.failures), _i < 2 ? 0 : 1);
    ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
}
END_TEST

/* --- steps ------------------------------------------------------------------------------------ */

static const struct {
    const char *part; /* of the text that fails */
    int times;        /* how often */
    bool made_before; /* the schema is up to date */
    authp_err_t err;
    const char *lines; /* in the log */
    int rolled_back;   /* number of transactions */
} changes[] = {
    {"FROM sqlite_master", 1, false, AUTHP_E_UNAVAILABLE,
     "W AUTHP0214: store: the schema cannot be read: ERROR: it broke\n", 0},
    {"BEGIN IMMEDIATE", 1, false, AUTHP_E_UNAVAILABLE,
     "E AUTHP0210: store: schema step begin failed: ERROR: it broke\n", 1},
    {"CREATE TABLE schema_migrations", 1, false, AUTHP_E_UNAVAILABLE,
     "E AUTHP0210: store: schema step zero failed: ERROR: it broke\n", 1},
    {"CREATE TABLE login_failures", 1, false, AUTHP_E_UNAVAILABLE,
     "E AUTHP0210: store: schema step failed sign-ins failed: ERROR: it broke\n", 1},
    {"VALUES (3, 'what changed when'", 1, false, AUTHP_E_UNAVAILABLE,
     "E AUTHP0210: store: schema step what changed when failed: ERROR: it broke\n", 1},
    {"COMMIT", 1, false, AUTHP_E_UNAVAILABLE,
     "E AUTHP0210: store: schema step commit failed: ERROR: it broke\n", 1},
    /* schema_migrations was there, and is dropped by another process before it is read: it is read
     * again in the transaction. */
    {"SELECT step, checksum", 1, true, AUTHP_OK,
     "W AUTHP0214: store: the schema cannot be read: ERROR: it broke\n", 0},
    {"SELECT step, checksum", 2, true, AUTHP_E_UNAVAILABLE,
     "W AUTHP0214: store: the schema cannot be read: ERROR: it broke\n"
     "W AUTHP0214: store: the schema cannot be read: ERROR: it broke\n",
     1},
};

START_TEST(a_change_that_fails)
{
    authp_store_migrated_t done;
    const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    if (changes[_i].made_before) {
        ck_assert_int_eq(authp_store_migrate_to(store, &newest, &done, pool), AUTHP_OK);
    }
    (void)dbd_tap_take();
    dbd_tap_fail(changes[_i].part, changes[_i].times, RC, MESSAGE);
    ck_assert_int_eq(authp_store_migrate_to(store, &newest, &done, pool), changes[_i].err);
    ck_assert_int_eq(done.made + done.undone, 0);
    ck_assert_str_eq(logged, changes[_i].lines);
    const char *noted = dbd_tap_take();
    ck_assert_int_eq(dbd_tap_count(noted, "send ROLLBACK"), changes[_i].rolled_back);
    ck_assert_int_eq(dbd_tap_count(noted, "open "), 1);
    ck_assert_int_eq(dbd_tap_count(noted, "close\n"), 1);
    ck_assert_int_eq(atomic_load(&sql->breaker.failures), changes[_i].err == AUTHP_OK ? 0 : 1);
    ck_assert_int_eq(atomic_load(&sql->ready), changes[_i].err == AUTHP_OK);
    /* The next operation makes what is missing. */
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "send CREATE TABLE schema_migrations"),
                     changes[_i].made_before ? 0 : 1);
    ck_assert_int_eq(atomic_load(&sql->breaker.failures), 0);
}
END_TEST

/* The check for data that would be lost fails: nothing is undone. */
START_TEST(a_check_that_fails)
{
    authp_store_migrated_t done;
    const authp_store_goal_t none = {.steps = 0};
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    (void)dbd_tap_take();
    dbd_tap_fail("SELECT 'used_tokens' WHERE EXISTS", 1, RC, MESSAGE);
    ck_assert_int_eq(authp_store_migrate_to(store, &none, &done, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(done.refusal);
    const char *noted = dbd_tap_take();
    ck_assert_int_eq(dbd_tap_count(noted, "send DROP"), 0);
    ck_assert_int_eq(dbd_tap_count(noted, "send ROLLBACK"), 1);
}
END_TEST

/* A refusal is an answer of the database. However often an operator asks, requests go on, and the
 * schema is not made again. */
START_TEST(refusals)
{
    authp_store_migrated_t done;
    const authp_store_goal_t none = {.steps = 0};
    const authp_store_goal_t too_many = {.steps = 10};
    authp_user_t user = contract_user("ada@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    for (int i = 0; i < 2 * AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(authp_store_migrate_to(store, &none, &done, pool), AUTHP_E_CONFLICT);
        ck_assert_str_eq(done.refusal, "step 1 (accounts and sessions) holds users");
        ck_assert_int_eq(authp_store_migrate_to(store, &too_many, &done, pool), AUTHP_E_MALFORMED);
        ck_assert_str_eq(done.refusal, "this version has 9 steps");
    }
    ck_assert_int_eq(atomic_load(&sql->breaker.failures), 0);
    (void)dbd_tap_take();
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "send "), 0);
    ck_assert_str_eq(logged, "");
}
END_TEST

/* What somebody else has left in schema_migrations, after this process has made all steps. */
static const struct {
    const char *left;
    authp_err_t ping;
    const char *pinged; /* what a ping logs */
    authp_err_t err;    /* of a change of the schema */
    const char *line;   /* what it logs */
} steps[] = {
    {"INSERT INTO schema_migrations (step, name, checksum) VALUES (10, 'later', 'x')", AUTHP_OK, "",
     AUTHP_E_INTERNAL,
     "E AUTHP0208: store: the database is of a newer version (step 10, this is 9)\n"},
    {"UPDATE schema_migrations SET checksum = checksum || 'x' WHERE step = 4", AUTHP_OK, "",
     AUTHP_E_INTERNAL,
     "E AUTHP0209: store: schema step 4 in the database is not the one of this version\n"},
    {"DELETE FROM schema_migrations WHERE step = 3", AUTHP_E_UNAVAILABLE,
     "E AUTHP0215: store: the schema was set back to step 8 of 9: a restart of this version brings "
     "it up to date\n",
     AUTHP_E_INTERNAL,
     "E AUTHP0209: store: schema step 4 in the database is not the one of this version\n"},
    {"DELETE FROM schema_migrations WHERE step > 9", AUTHP_OK, "", AUTHP_OK, ""},
};

START_TEST(steps_of_others)
{
    authp_store_migrated_t done;
    authp_sql_conn_t *conn = NULL;
    const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(open_connection(&conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_exec(conn, steps[_i].left), 0);
    authp_sql_conn_release(conn);
    ck_assert_int_eq(authp_store_ping(store, pool), steps[_i].ping);
    ck_assert_str_eq(logged, steps[_i].pinged);
    logged[0] = '\0';
    (void)dbd_tap_take();
    ck_assert_int_eq(authp_store_migrate_to(store, &newest, &done, pool), steps[_i].err);
    ck_assert_str_eq(logged, steps[_i].line);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "send BEGIN"), 0); /* nothing is changed */
}
END_TEST

Suite *suite_sql_opening(void)
{
    Suite *suite = suite_create("sql_opening");
    TCase *tests = tcase_create("sql_opening");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_store_that_cannot_be_opened, 0, 2);
    tcase_add_loop_test(tests, a_connection_that_cannot_be_opened, 0,
                        (int)(sizeof(openings) / sizeof(openings[0])));
    tcase_add_test(tests, all_are_in_use);
    tcase_add_test(tests, locked_for_a_moment);
    tcase_add_test(tests, locked_for_too_long);
    tcase_add_loop_test(tests, an_operation_without_a_connection, 0, 3);
    tcase_add_loop_test(tests, a_change_that_fails, 0, (int)(sizeof(changes) / sizeof(changes[0])));
    tcase_add_test(tests, a_check_that_fails);
    tcase_add_test(tests, refusals);
    tcase_add_loop_test(tests, steps_of_others, 0, (int)(sizeof(steps) / sizeof(steps[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What PostgreSQL gets from the store: the connection string, the settings of a session and of a
 * transaction, the steps of the schema and what holds while they run, and what its log lines
 * contain. */
#include "../unit/suite.h"
#include "base/log.h"
#include "contract.h"
#include "dbd_tap.h"
#include "postgresql_fixture.h"
#include "store/postgresql/postgresql_url.h"
#include "store/providers/providers.h"
#include "store/sql/sql.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 3000

static apr_pool_t *pool;
static apr_pool_t *own; /* of the store */
static authp_store_t *store;
static authp_sql_t *sql;
static authp_store_config_t config;
static char logged[4096];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    size_t len = strlen(logged);
    (void)snprintf(logged + len, sizeof(logged) - len, "%s\n", message);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create(&own, NULL);
    postgresql_fixture_make();
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    dbd_tap_end();
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(own);
    apr_pool_destroy(pool);
    postgresql_fixture_remove();
}

/* A store with one connection to the server itself. */
static void open_store(bool unprepared)
{
    config = postgresql_fixture_config();
    config.uri = getenv("AUTHP_POSTGRES_DIRECT_URL");
    config.timeout_ms = TIMEOUT_MS;
    config.max_connections = 1;
    config.unprepared = unprepared;
    ck_assert_int_eq(authp_store_open(authp_providers_find("postgresql"), &config, &store, own),
                     AUTHP_OK);
    sql = store->self;
}

#define LOOK(schema)                                                                               \
    "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'schema_migrations' AND "                   \
    "relnamespace = to_regnamespace(quote_ident('" schema "'))"
#define SETTINGS(local)                                                                            \
    "SET " local "client_min_messages = warning; "                                                 \
    "SET " local "idle_in_transaction_session_timeout = 10000; "                                   \
    "SET " local "statement_timeout = 2700"
#define LOCK(schema)                                                                               \
    "SET LOCAL search_path = \"" schema "\"; SELECT pg_advisory_xact_lock(7141938524); "           \
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 5000; DO $$ BEGIN "                 \
    "IF current_setting('server_encoding') <> 'UTF8' THEN RAISE "                                  \
    "'the encoding of the database is %%, it must be UTF8', current_setting('server_encoding'); "  \
    "END IF; "                                                                                     \
    "IF current_schema() IS NULL AND current_setting('search_path') NOT LIKE '%%,%%' THEN "        \
    "EXECUTE 'CREATE SCHEMA ' || current_setting('search_path'); END IF; END $$"

static const char *const begins[] = {"BEGIN ISOLATION LEVEL READ COMMITTED",
                                     "BEGIN ISOLATION LEVEL READ COMMITTED; " SETTINGS("LOCAL ")};

/* The texts of a first connection. With a pooler the settings are those of each transaction, also
 * of one that only reads. */
START_TEST(the_first_texts)
{
    const bool pooled = _i == 1;
    authp_user_t *user = NULL;
    open_store(pooled);
    dbd_tap_begin();
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    const char *open =
        apr_pstrcat(pool, "open ", authp_postgresql_url_params(&config, pool), "\n",
                    pooled ? ""
                           : "send " SETTINGS("") "; SET default_transaction_isolation "
                                                  "= 'read committed'\n",
                    NULL);
    const char *look = apr_psprintf(pool, LOOK("%s"), config.schema);
    const char *expected =
        apr_pstrcat(pool, open, pooled ? apr_pstrcat(pool, "send ", begins[1], "\n", NULL) : "",
                    "send ", look, "\n", pooled ? "send ROLLBACK\n" : "", "send ", begins[_i],
                    "\nsend ", apr_psprintf(pool, LOCK("%s"), config.schema), "\nsend ", look,
                    "\nsend CREATE TABLE \"", config.schema, "\".schema_migrations ", NULL);
    const char *noted = dbd_tap_take();
    size_t same = 0;
    while (expected[same] != '\0' && expected[same] == noted[same]) {
        same++;
    }
    ck_assert_msg(expected[same] == '\0', "instead of '%.200s' it begins with '%.200s'",
                  expected + same, noted + same);
    ck_assert_int_eq(authp_store_user_by_id(store, "aaaaaaaaaaaaaaaaaaaaaaaa", &user, pool),
                     AUTHP_E_NOT_FOUND);
    noted = dbd_tap_take();
    const char *first = pooled ? apr_pstrcat(pool, "send ", begins[1], "\nprepare -: SELECT ", NULL)
                               : "prepare authp_";
    ck_assert_msg(strncmp(noted, first, strlen(first)) == 0, "%s", noted);
    ck_assert_int_eq(strstr(noted, "\nsend COMMIT\n") != NULL, pooled);
}
END_TEST

/* --- while steps are made and undone ---------------------------------------------------------- */

static authp_sql_dialect_t dialect;
static authp_sql_migration_t steps[16];

#define NOTE                                                                                        \
    "CREATE TABLE seen AS SELECT current_setting('statement_timeout') || ' ' || "                   \
    "current_setting('lock_timeout') || ' ' || current_setting('transaction_isolation') || ' ' || " \
    "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() "        \
    "AND ((classid::bigint << 32) | objid::bigint) = 7141938524) AS settings, "                     \
    "(SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_locks JOIN pg_class "                \
    "ON pg_class.oid = relation WHERE mode = 'AccessExclusiveLock' AND relkind = 'r' "              \
    "AND pid = pg_backend_pid() AND relnamespace = to_regnamespace(quote_ident(current_schema()))) AS locked"

static void change_dialect(void)
{
    dialect = *sql->dialect;
    ck_assert_int_le(dialect.nmigrations, 16);
    memcpy(steps, dialect.migrations, (size_t)dialect.nmigrations * sizeof(steps[0]));
    dialect.migrations = steps;
    sql->dialect = &dialect;
}

#define TABLES                                                                                     \
    "audit_log data_keys login_codes login_failures otp_codes outbox pending_admins "              \
    "recruiter_invites refresh_tokens tallies used_tokens user_identities users"

/* A step may take as long as it needs, but it waits 5 s at most for another program. No other
 * process makes steps meanwhile, and nobody writes into a table of which rows would be lost. */
START_TEST(while_steps_run)
{
    authp_store_migrated_t done;
    const authp_store_goal_t back = {.steps = 8};
    const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    open_store(_i == 1);
    change_dialect();
    steps[8].down = NOTE;
    steps[8].sql = NOTE;
    steps[8].holds = NULL;
    ck_assert_int_eq(authp_store_migrate_to(store, &newest, &done, pool), AUTHP_OK);
    ck_assert_str_eq(postgresql_fixture_sql("SELECT settings FROM seen", pool),
                     "0 5s read committed 1");
    (void)postgresql_fixture_sql("DROP TABLE seen; CREATE TABLE data_keys (id text); "
                                 "CREATE TABLE outbox (id text); CREATE TABLE others (id text)",
                                 pool);
    ck_assert_int_eq(authp_store_migrate_to(store, &back, &done, pool), AUTHP_OK);
    ck_assert_str_eq(postgresql_fixture_sql("SELECT settings FROM seen", pool),
                     "0 5s read committed 1");
    ck_assert_str_eq(postgresql_fixture_sql("SELECT locked FROM seen", pool), TABLES);
    /* The locks and the settings end with the transaction. */
    ck_assert_str_eq(postgresql_fixture_sql("SELECT count(*) FROM pg_locks WHERE "
                                            "locktype = 'advisory' AND objid = 7141938524 - "
                                            "(7141938524 >> 32 << 32)",
                                            pool),
                     "0");
}
END_TEST

/* --- errors of the server --------------------------------------------------------------------- */

/* The log line of an error has its SQLSTATE, and not the values of the row, which PostgreSQL shows
 * in the second line. */
START_TEST(values_are_not_logged)
{
    static authp_sql_statement_t insert = {.name = "insert"};
    const char *const values[] = {"aaaaaaaaaaaaaaaaaaaaaaaa", "secret@example.org"};
    open_store(_i == 1);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    insert.text = "INSERT INTO {table:users} (id, email) VALUES ({?id}, {?text}) RETURNING id";
    ck_assert_int_eq(
        authp_sql_change_one(sql, &insert, (const void **)(uintptr_t)values, AUTHP_E_CONFLICT),
        AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0206: store: statement insert failed with "));
    ck_assert_ptr_nonnull(strstr(logged, "23502: null value in column "));
    ck_assert_ptr_null(strstr(logged, "secret@"));
    ck_assert_ptr_null(strstr(logged, "aaaaaaaa"));
}
END_TEST

/* The server ends idle connections. The next operation notices that before it asks anything, so it
 * works at its first try, also if it writes. */
START_TEST(an_idle_connection_that_was_ended)
{
    static const authp_sql_statement_t who = {.name = "who",
                                              .text = "SELECT pg_backend_pid()::bigint"};
    const void *values[] = {NULL};
    int64_t pid = 0;
    authp_user_t user = contract_user("ada@example.org", pool);
    open_store(_i == 1);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    authp_sql_conn_t *conn = NULL;
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    ck_assert(!sql->dialect->link.is_closed(sql->driver, conn->handle));
    authp_sql_conn_release(conn);
    ck_assert_int_eq(authp_sql_run(sql, &who, values, authp_sql_rows_number, &pid), AUTHP_OK);
    ck_assert_str_eq(
        postgresql_fixture_sql(
            apr_psprintf(pool, "SELECT pg_terminate_backend(%d, 10000)::text", (int)pid), pool),
        "true");
    dbd_tap_begin();
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(strncmp(dbd_tap_take(), "close\nopen ", 11), 0);
    ck_assert_str_eq(logged, "");
}
END_TEST

/* A row of a batch that no database can hold: none of the batch is there, and the caller learns
 * that. */
START_TEST(a_batch_with_bytes_that_are_no_text)
{
    authp_user_t users[2] = {contract_user("ada@example.org", pool),
                             contract_user("eve@example.org", pool)};
    void *rows[] = {&users[0], &users[1]};
    bool added[2] = {false, false};
    users[1].name = "\xff";
    open_store(_i == 1);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_user, rows, 2, added, pool),
                     AUTHP_E_INTERNAL);
    ck_assert(!added[0] && !added[1]);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0206: store: statement move_add to accounts"));
    ck_assert_str_eq(postgresql_fixture_sql("SELECT count(*) FROM users", pool), "0");
}
END_TEST

/* --- what a person is told -------------------------------------------------------------------- */

static const struct {
    const char *uri;
    const char *schema;
    const char *place;
} places[] = {
    {"postgresql://u:hush@h/d", NULL, "\"d\" of postgresql at h:5432"},
    {"postgresql://u:hush@h:6000/d", NULL, "\"d\" of postgresql at h:6000"},
    {"postgresql+asyncpg://u:hush@h:6000/d", "Own", "\"d\" of postgresql at h:6000, schema Own"},
    {"postgresql://u:hush@a,b:6000/d", NULL, "\"d\" of postgresql at a,b"},
    {"postgresql://u:hush@/d", "Own", "\"d\" of postgresql at this host, schema Own"},
    {"postgresql:///d?host=/var/run/x", NULL, "\"d\" of postgresql at /var/run/x:5432"},
    {"host=h dbname=d password=hush port=7", NULL, "\"d\" of postgresql at h:7"},
    {"postgresql://u:hush@h", NULL, "\"\" of postgresql at h:5432"},
};

START_TEST(where_the_data_is)
{
    const authp_store_ops_t *ops = authp_providers_find("postgresql");
    const authp_store_config_t one = {.uri = places[_i].uri, .schema = places[_i].schema};
    ck_assert_str_eq(ops->place(&one, pool), places[_i].place);
    ck_assert_ptr_null(ops->check(&one, pool));
    /* There is no file that needs an owner. */
    ck_assert_int_eq(ops->prepare(&one, 1, 1, pool), AUTHP_OK);
    ck_assert(ops->sweep == NULL);
}
END_TEST

START_TEST(without_a_driver)
{
    const authp_store_ops_t *ops = authp_providers_find("postgresql");
    const authp_store_config_t one = {.uri = "postgresql://u:hush@h/d"};
    void *self = NULL;
    dbd_tap_no_driver = true;
    ck_assert_str_eq(ops->check(&one, pool), "the driver of apr_dbd for PostgreSQL is missing "
                                             "(package libaprutil1-dbd-pgsql)");
    ck_assert_int_eq(ops->open(&one, pool, &self), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(self);
    dbd_tap_no_driver = false;
}
END_TEST

Suite *suite_postgresql_sent(void)
{
    Suite *suite = suite_create("postgresql_sent");
    TCase *tests = tcase_create("postgresql_sent");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_first_texts, 0, 2);
    tcase_add_loop_test(tests, while_steps_run, 0, 2);
    tcase_add_loop_test(tests, values_are_not_logged, 0, 2);
    tcase_add_loop_test(tests, an_idle_connection_that_was_ended, 0, 2);
    tcase_add_loop_test(tests, where_the_data_is, 0, (int)(sizeof(places) / sizeof(places[0])));
    tcase_add_test(tests, without_a_driver);
    tcase_add_loop_test(tests, a_batch_with_bytes_that_are_no_text, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

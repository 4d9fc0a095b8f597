/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQL store asks of apr_dbd and apr_reslist: the size and the times of its list of
 * connections, each text that goes to the database, in order, and the time that it gets. */
#include "../unit/suite.h"
#include "columns_fixture.h"
#include "contract.h"
#include "dbd_tap.h"
#include "dialect_fixture.h"
#include "sqlite_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <string.h>

#define TIMEOUT_MS 1234
#define ISSUER "https://accounts.google.com"

static apr_pool_t *pool;
static apr_pool_t *own; /* of the store */
static authp_store_t *store;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create(&own, NULL);
    sqlite_fixture_make();
    store = NULL;
    dbd_tap_begin();
}

static void tear_down(void)
{
    dbd_tap_end();
    apr_pool_destroy(own);
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

static void open_store(int connections, bool bulk)
{
    const authp_store_config_t config = {.file = sqlite_fixture_file(),
                                         .timeout_ms = TIMEOUT_MS,
                                         .max_connections = connections,
                                         .bulk = bulk};
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &store, own),
                     AUTHP_OK);
}

/* --- the list of connections ------------------------------------------------------------------ */

static const int sizes[][2] = {{16, 16}, {2, 2}, {1, 1}, {0, 1}, {-1, 1}};

/* All connections are kept, and closed after 300 s without use. A caller waits for one as long as
 * an operation may take. A connection keeps 64 KiB of memory between two operations. */
START_TEST(the_list)
{
    open_store(sizes[_i][0], false);
    ck_assert_int_eq(dbd_tap_list.least, 0);
    ck_assert_int_eq(dbd_tap_list.soft_most, sizes[_i][1]);
    ck_assert_int_eq(dbd_tap_list.most, sizes[_i][1]);
    ck_assert_int_eq(dbd_tap_list.idle_us, 300 * INT64_C(1000000));
    ck_assert_int_eq(dbd_tap_list.timeout_us, TIMEOUT_MS * INT64_C(1000));
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(dbd_tap_list.kept, 64 * 1024);
    const int before = dbd_tap_list.maintained; /* APR itself calls it, too */
    authp_store_maintain(store);
    ck_assert_int_eq(dbd_tap_list.maintained, before + 1);
}
END_TEST

/* --- texts ------------------------------------------------------------------------------------ */

#define LOOK                                                                                       \
    "send SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'\n"
#define STEPS_MADE "send SELECT step, checksum FROM schema_migrations ORDER BY step\n"
#define PING "SELECT count(*) FROM schema_migrations\n"
#define SETTINGS                                                                                   \
    "send PRAGMA journal_mode=WAL\nsend PRAGMA synchronous=FULL\nsend PRAGMA foreign_keys=ON\n"
#define BULK "send PRAGMA cache_size=-65536\nsend PRAGMA wal_autocheckpoint=16384\n"

/* Each connection gets its settings before anything else, a statement is prepared once, and each
 * connection is closed once. */
START_TEST(a_connection)
{
    const char *opened = apr_pstrcat(pool, "open ", sqlite_fixture_file(), "\n", SETTINGS,
                                     _i == 1 ? BULK : "", NULL);
    open_store(1, false);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    apr_pool_clear(own);
    (void)dbd_tap_take();
    open_store(1, _i == 1);
    ck_assert_str_eq(dbd_tap_take(), "");
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_str_eq(dbd_tap_take(), apr_pstrcat(pool, opened, LOOK STEPS_MADE "close\n", opened,
                                                 "prepare -: " PING "run " PING, NULL));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
        ck_assert_str_eq(dbd_tap_take(), "run " PING);
    }
    apr_pool_clear(own);
    ck_assert_str_eq(dbd_tap_take(), "close\n");
}
END_TEST

/* The beginnings of the texts that were sent since the last call, without those of connections. */
static const char *sent(void)
{
    static const char *const kinds[] = {"send ", "run "};
    static const char *const known[] = {"BEGIN IMMEDIATE",
                                        "COMMIT",
                                        "INSERT INTO users",
                                        "INSERT INTO user_identities",
                                        "INSERT INTO refresh_tokens",
                                        "UPDATE users",
                                        "ROLLBACK TO SAVEPOINT one_group",
                                        "RELEASE SAVEPOINT one_group",
                                        "SAVEPOINT one_group",
                                        "ROLLBACK"};
    const char *out = "";
    char *last = NULL;
    char *lines = apr_pstrdup(pool, dbd_tap_take());
    for (char *line = apr_strtok(lines, "\n", &last); line != NULL;
         line = apr_strtok(NULL, "\n", &last)) {
        for (size_t i = 0; i < 2; i++) {
            size_t len = strlen(kinds[i]);
            const char *text = strncmp(line, kinds[i], len) == 0 ? line + len : NULL;
            const char *shown = text;
            for (size_t j = 0; text != NULL && j < sizeof(known) / sizeof(known[0]); j++) {
                if (strncmp(text, known[j], strlen(known[j])) == 0) {
                    shown = known[j];
                    break;
                }
            }
            out =
                shown == NULL ? out : apr_pstrcat(pool, out, *out != '\0' ? "; " : "", shown, NULL);
        }
    }
    return out;
}

static authp_user_t person(const char *email, const char *sub)
{
    authp_user_t user = contract_user(email, pool);
    if (sub != NULL) {
        user.identities = apr_array_make(pool, 1, sizeof(authp_identity_t));
        APR_ARRAY_PUSH(user.identities, authp_identity_t) =
            (authp_identity_t){.provider = "google", .issuer = ISSUER, .sub = sub};
    }
    return user;
}

/* A single statement is sent without BEGIN. Several are sent in one transaction, which begins with
 * the lock of a writer. */
START_TEST(changes)
{
    authp_user_t plain = person("plain@example.org", NULL);
    authp_user_t ada = person("ada@example.org", "1");
    authp_user_t eve = person("eve@example.org", "1");
    open_store(1, false);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    (void)dbd_tap_take();
    ck_assert_int_eq(authp_store_user_create(store, &plain, pool), AUTHP_OK);
    ck_assert_str_eq(sent(), "INSERT INTO users");
    ck_assert_int_eq(authp_store_user_create(store, &ada, pool), AUTHP_OK);
    ck_assert_str_eq(sent(),
                     "BEGIN IMMEDIATE; INSERT INTO users; INSERT INTO user_identities; COMMIT");
    ck_assert_int_eq(authp_store_user_create(store, &eve, pool), AUTHP_E_CONFLICT);
    ck_assert_str_eq(sent(),
                     "BEGIN IMMEDIATE; INSERT INTO users; INSERT INTO user_identities; ROLLBACK");
    /* The first step has changed nothing: the second one is not tried. */
    ada.email = "ada2@example.org";
    ck_assert_int_eq(authp_store_user_create(store, &ada, pool), AUTHP_E_CONFLICT);
    ck_assert_str_eq(sent(), "BEGIN IMMEDIATE; INSERT INTO users; ROLLBACK");
}
END_TEST

/* A row that needs several statements has a savepoint of its own. */
START_TEST(batches)
{
    authp_user_t users[3] = {person("ada@example.org", "1"), person("eve@example.org", "1"),
                             person("bob@example.org", "2")};
    authp_session_t sessions[2] = {contract_session(&users[0]), contract_session(&users[0])};
    void *rows[] = {&users[0], &users[1], &users[2]};
    void *others[] = {&sessions[0], &sessions[1]};
    bool added[3] = {false, true, false};
    open_store(1, false);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    (void)dbd_tap_take();
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_user, rows, 3, added, pool),
                     AUTHP_OK);
    ck_assert(added[0] && !added[1] && added[2]);
    ck_assert_str_eq(sent(), "BEGIN IMMEDIATE; "
                             "SAVEPOINT one_group; INSERT INTO users; INSERT INTO user_identities; "
                             "RELEASE SAVEPOINT one_group; "
                             "SAVEPOINT one_group; INSERT INTO users; INSERT INTO user_identities; "
                             "ROLLBACK TO SAVEPOINT one_group; RELEASE SAVEPOINT one_group; "
                             "SAVEPOINT one_group; INSERT INTO users; INSERT INTO user_identities; "
                             "RELEASE SAVEPOINT one_group; COMMIT");
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_session, others, 2, added, pool),
                     AUTHP_OK);
    ck_assert_str_eq(
        sent(), "BEGIN IMMEDIATE; INSERT INTO refresh_tokens; INSERT INTO refresh_tokens; COMMIT");
}
END_TEST

/* The steps of the schema are one transaction. It begins with the lock of a writer, and reads again
 * which steps there are. */
START_TEST(steps)
{
    authp_store_migrated_t done;
    const authp_store_goal_t one = {.steps = 1};
    open_store(1, false);
    ck_assert_int_eq(authp_store_migrate_to(store, &one, &done, pool), AUTHP_OK);
    const authp_sql_migration_t *step = ((authp_sql_t *)store->self)->dialect->migrations;
    ck_assert_str_eq(
        dbd_tap_take(),
        apr_psprintf(pool,
                     "open %s\n" SETTINGS LOOK "send BEGIN IMMEDIATE\n" LOOK
                     "send CREATE TABLE schema_migrations (step BIGINT PRIMARY KEY, "
                     "name TEXT NOT NULL, checksum TEXT NOT NULL)\n"
                     "send %s\nsend INSERT INTO schema_migrations (step, name, checksum) VALUES "
                     "(1, '%s', '%s')\nsend COMMIT\nclose\n",
                     sqlite_fixture_file(), step->sql, step->name,
                     authp_sql_migrate_checksum(step->sql, pool)));
    const authp_store_goal_t none = {.steps = 0};
    ck_assert_int_eq(authp_store_migrate_to(store, &none, &done, pool), AUTHP_OK);
    ck_assert_str_eq(
        dbd_tap_take(),
        apr_psprintf(pool,
                     "open %s\n" SETTINGS LOOK STEPS_MADE "send BEGIN IMMEDIATE\n" LOOK STEPS_MADE
                     "send %s\nsend %s\nsend DELETE FROM schema_migrations WHERE step = 1\n"
                     "send DROP TABLE schema_migrations\nsend COMMIT\nclose\n",
                     sqlite_fixture_file(), step->holds, step->down));
}
END_TEST

/* --- the time that a text gets ---------------------------------------------------------------- */

static struct {
    int timeout_ms; /* 0: nothing is bounded now */
    int seen;
    const char *unbounded; /* texts that were sent without a bound */
} guarded;

static authp_err_t guard_open(void **guard, apr_pool_t *scratch)
{
    (void)scratch;
    *guard = &guarded;
    return AUTHP_OK;
}

static void guard_begin(void *guard, const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                        int timeout_ms)
{
    (void)guard, (void)driver, (void)handle;
    ck_assert_int_eq(guarded.timeout_ms, 0);
    guarded.timeout_ms = timeout_ms;
}

static void guard_end(void *guard, apr_dbd_t *handle)
{
    (void)guard, (void)handle;
    ck_assert_int_ne(guarded.timeout_ms, 0);
    guarded.timeout_ms = 0;
}

static void check_time(const char *text)
{
    guarded.seen++;
    if (strncmp(text, "/", 1) == 0) {
        return; /* a connection is opened: the driver bounds it */
    }
    if (guarded.timeout_ms == 0) {
        guarded.unbounded = apr_pstrcat(pool, guarded.unbounded, text, "\n", NULL);
    } else if (strncmp(text, PING, 6) != 0 || strstr(text, "count(*)") == NULL) {
        ck_assert_int_eq(guarded.timeout_ms, TIMEOUT_MS);
    }
}

/* Each text has a bound on its time, which is that of an operation. Only the steps themselves,
 * their marks and COMMIT may take as long as they need. */
START_TEST(times)
{
    static authp_sql_dialect_t dialect;
    authp_sql_t *sql = NULL;
    const authp_store_config_t config = {
        .uri = apr_pstrcat(pool, "fake:", sqlite_fixture_file(), NULL),
        .timeout_ms = TIMEOUT_MS,
        .max_connections = 1};
    ck_assert_int_eq(authp_store_open(&dialect_fixture_ops, &config, &store, own), AUTHP_OK);
    dialect = dialect_fixture;
    dialect.link = (authp_sql_link_t){
        .guard_open = guard_open, .guard_begin = guard_begin, .guard_end = guard_end};
    ck_assert_int_eq(authp_sql_open(&dialect, &config, own, &sql), AUTHP_OK);
    guarded.unbounded = "";
    dbd_tap_watch(check_time);
    ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
    const char *expected = "CREATE TABLE schema_migrations (step BIGINT PRIMARY KEY, "
                           "name TEXT NOT NULL, checksum TEXT NOT NULL)\n";
    for (int i = 0; i < dialect.nmigrations; i++) {
        const authp_sql_migration_t *step = &dialect.migrations[i];
        expected = apr_psprintf(
            pool,
            "%s%s\nINSERT INTO schema_migrations (step, name, checksum) VALUES (%d, '%s', '%s')\n",
            expected, step->sql, i + 1, step->name, authp_sql_migrate_checksum(step->sql, pool));
    }
    expected = apr_pstrcat(pool, expected, "COMMIT\n", NULL);
    ck_assert_msg(strcmp(guarded.unbounded, expected) == 0, "without a bound: %.3000s",
                  guarded.unbounded);
    ck_assert_int_gt(guarded.seen, 10);
    /* A database that is up to date is only read. */
    guarded.unbounded = "";
    ck_assert_int_eq(authp_sql_open(&dialect, &config, own, &sql), AUTHP_OK);
    ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
    ck_assert_str_eq(guarded.unbounded, "");
    ck_assert_int_eq(guarded.timeout_ms, 0);
}
END_TEST

/* --- what the store keeps --------------------------------------------------------------------- */

/* The texts of the configuration may be gone after the store was opened. */
START_TEST(texts_of_the_configuration)
{
    static authp_sql_dialect_t dialect;
    authp_sql_t *sql = NULL;
    char uri[200];
    char schema[] = "main";
    char file[] = "/file";
    char database[] = "base";
    (void)apr_snprintf(uri, sizeof(uri), "fake:%s", sqlite_fixture_file());
    authp_store_config_t config = {.uri = uri,
                                   .schema = schema,
                                   .file = file,
                                   .database = database,
                                   .timeout_ms = TIMEOUT_MS,
                                   .max_connections = 1};
    ck_assert_int_eq(authp_store_open(&dialect_fixture_ops, &config, &store, own), AUTHP_OK);
    dialect = dialect_fixture;
    dialect.has_schemas = true;
    ck_assert_int_eq(authp_sql_open(&dialect, &config, own, &sql), AUTHP_OK);
    memset(uri, 'x', strlen(uri));
    memset(schema, 'x', strlen(schema));
    memset(file, 'x', strlen(file));
    memset(database, 'x', strlen(database));
    memset(&config, 0, sizeof(config));
    ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
    const char *noted = dbd_tap_take();
    const char *opened = apr_pstrcat(pool, "open ", sqlite_fixture_file(), "\n", NULL);
    ck_assert_int_eq(strncmp(noted, opened, strlen(opened)), 0);
    ck_assert_ptr_nonnull(strstr(noted, "run SELECT count(*) FROM \"main\".schema_migrations\n"));
    ck_assert_str_eq(sql->config.file, "/file");
    ck_assert_str_eq(sql->config.database, "base");
    ck_assert_str_eq(sql->schema, "main");
    /* Without schemas in the dialect, no table is named with one. */
    config = sql->config;
    ck_assert_int_eq(authp_sql_open(&dialect_fixture, &config, own, &sql), AUTHP_OK);
    ck_assert_ptr_null(sql->schema);
}
END_TEST

/* The name of a prepared statement on the server is made from its text. */
START_TEST(names)
{
    static const authp_sql_statement_t one = {.name = "one", .text = "SELECT 1"};
    const void *values[] = {NULL};
    int64_t number = 0;
    open_store(1, false);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    authp_sql_t *sql = store->self;
    sql->names_prepared = true;
    (void)dbd_tap_take();
    ck_assert_int_eq(authp_sql_run(sql, &one, values, authp_sql_rows_number, &number), AUTHP_OK);
    ck_assert_int_eq(number, 1);
    ck_assert_str_eq(dbd_tap_take(), apr_pstrcat(pool, "prepare authp_",
                                                 authp_sql_migrate_checksum("SELECT 1", pool),
                                                 ": SELECT 1\nrun SELECT 1\n", NULL));
}
END_TEST

Suite *suite_sql_sent(void)
{
    Suite *suite = suite_create("sql_sent");
    TCase *tests = tcase_create("sql_sent");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_list, 0, (int)(sizeof(sizes) / sizeof(sizes[0])));
    tcase_add_loop_test(tests, a_connection, 0, 2);
    tcase_add_test(tests, changes);
    tcase_add_test(tests, batches);
    tcase_add_test(tests, steps);
    tcase_add_test(tests, times);
    tcase_add_test(tests, texts_of_the_configuration);
    tcase_add_test(tests, names);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a dialect may define: kinds of values, texts of statements, session settings, a clock. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "dialect_fixture.h"
#include "sqlite_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql.h"
#include "store/sql/sql_expand.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static apr_pool_t *pool;
static authp_store_t *store;
static char logged[512];

static void keep_line(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(logged, message, sizeof(logged));
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    const authp_store_config_t config = {
        .uri = apr_pstrcat(pool, "fake:", sqlite_fixture_file(), NULL),
        .timeout_ms = 1234,
        .max_connections = 1};
    ck_assert_int_eq(authp_store_open(&dialect_fixture_ops, &config, &store, pool), AUTHP_OK);
    logged[0] = '\0';
    authp_log_set_sink(keep_line, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

static const authp_sql_dialect_t plain = {.name = "plain"};

/* Statements as SQLite gets them, and as a dialect with other types gets them. */
static const struct {
    const char *text;
    const char *plain;
    const char *fake;
} rows[] = {
    {"{?id} {?text} {?ref} {?texts} {?salt}", "%s %s %s %s %s", "%s %s %s %s %s"},
    {"{?int} {?time}", "%lld %lld", "%lld substr('000000000000000' || %lld, -15)"},
    {"ended_at = {none}", "ended_at = 0", "ended_at = '000000000000000'"},
    {"{?bool} {no}", "%lld 0", "CASE WHEN %lld THEN 'yes' ELSE 'no' END 'no'"},
    {"{time:at}, {int:n}", "at, n", "CAST(at AS INTEGER), n"},
    {"{absent:ended_at} {present:at}", "ended_at = 0 at > 0",
     "ended_at = '000000000000000' at > '000000000000000'"},
    {"{forgotten}", "device_id = NULL, ip = NULL, user_agent = NULL",
     "device_id = NULL, ip = NULL, user_agent = NULL"},
    {"SELECT id FROM {table}", "SELECT id FROM refresh_tokens",
     "SELECT id FROM \"Xa\".refresh_tokens"},
    {"SELECT id FROM {table:users}", "SELECT id FROM users", "SELECT id FROM \"Xa\".users"},
    /* Unknown words in braces stay, so that the database refuses the statement. */
    {"{?float} {float:x} {what} {open", "{?float} {float:x} {what} {open",
     "{?float} {float:x} {what} {open"},
    {"", "", ""},
};

START_TEST(placeholders)
{
    const authp_sql_statement_t statement = {
        .name = "test", .columns = &authp_columns_session, .text = rows[_i].text};
    ck_assert_str_eq(authp_sql_expand(&plain, NULL, &statement, pool), rows[_i].plain);
    ck_assert_str_eq(authp_sql_expand(&dialect_fixture, "Xa", &statement, pool), rows[_i].fake);
}
END_TEST

/* Column lists follow the table, each with its placeholder. */
START_TEST(lists)
{
    const authp_sql_statement_t statement = {
        .columns = &authp_columns_audit, .text = "{columns};{names};{values};{changes};{emptied}"};
    ck_assert_str_eq(
        authp_sql_expand(&plain, NULL, &statement, pool),
        "id, at, event, outcome, reason, actor_id, subject_id, session_id, ip, request_id;"
        "id, at, event, outcome, reason, actor_id, subject_id, session_id, ip, request_id;"
        "%s, %lld, %s, %s, %s, %s, %s, %s, %s, %s;"
        "id = %s, at = %lld, event = %s, outcome = %s, reason = %s, actor_id = %s, "
        "subject_id = %s, session_id = %s, ip = %s, request_id = %s;"
        "id = '', at = 0, event = NULL, outcome = NULL, reason = NULL, actor_id = NULL, "
        "subject_id = NULL, session_id = NULL, ip = NULL, request_id = NULL");
    const authp_sql_statement_t of_user = {.columns = &authp_columns_user,
                                           .text = "{changes};{emptied}"};
    const char *text = authp_sql_expand(&plain, NULL, &of_user, pool);
    ck_assert_ptr_null(strstr(text, "created_at = %"));
    ck_assert_ptr_null(strstr(text, "username = %s"));
    ck_assert_ptr_nonnull(strstr(text, "roles = ','"));
    ck_assert_ptr_null(strstr(text, "updated_at = 0"));
}
END_TEST

static const authp_sql_statement_t varied = {
    .name = "varied",
    .text = "SELECT 'common'",
    .variants = {{"other", "SELECT 'other'"}, {"fake", "SELECT 'fake'"}}};

static authp_err_t first_text(authp_sql_rows_t *answer, void *ctx)
{
    ck_assert(authp_sql_rows_next(answer));
    *(const char **)ctx = authp_sql_rows_text(answer, 0, pool);
    return AUTHP_OK;
}

START_TEST(a_statement_has_a_text_for_each_dialect)
{
    const void *values[] = {NULL};
    const char *text = NULL;
    ck_assert_int_eq(authp_sql_run(store->self, &varied, values, first_text, &text), AUTHP_OK);
    ck_assert_str_eq(text, "fake");
    ck_assert_str_eq(authp_sql_expand_pick(&plain, &varied), "SELECT 'common'");
}
END_TEST

/* The SQL store reads times and bools as they were written, while the tables hold them in the
 * dialect's types. */
START_TEST(it_has_types_of_its_own)
{
    static const authp_sql_statement_t raw = {
        .name = "raw", .text = "SELECT typeof(created_at) || ' ' || disabled FROM users"};
    const void *values[] = {NULL};
    const char *text = NULL;
    authp_user_t *got = NULL;
    authp_user_t user = contract_user("ada@example.org", pool);
    user.disabled = true;
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &got, pool), AUTHP_OK);
    ck_assert_int_eq(got->created_at, user.created_at);
    ck_assert(got->disabled && !got->email_verified);
    ck_assert_int_eq(authp_sql_run(store->self, &raw, values, first_text, &text), AUTHP_OK);
    ck_assert_str_eq(text, "text yes");
}
END_TEST

START_TEST(its_session_follows_the_configuration)
{
    static const authp_sql_statement_t pragma = {
        .name = "pragma", .text = "SELECT CAST(cache_size AS TEXT) FROM pragma_cache_size"};
    const void *values[] = {NULL};
    const char *text = NULL;
    ck_assert_int_eq(authp_sql_run(store->self, &pragma, values, first_text, &text), AUTHP_OK);
    ck_assert_str_eq(text, "-1234");
}
END_TEST

START_TEST(it_has_a_clock)
{
    authp_ms_t theirs = 0;
    authp_ms_t before = authp_clock_now(authp_clock_system());
    ck_assert_int_eq(authp_store_clock(store, &theirs, pool), AUTHP_OK);
    ck_assert_int_ge(theirs, before - 5);
    ck_assert_int_le(theirs, authp_clock_now(authp_clock_system()) + 5);
    /* Without a statement for the time the store uses this host's clock and asks nothing. */
    authp_store_t *sqlite = NULL;
    const authp_store_config_t config = {
        .file = "/nowhere/at/all.db", .timeout_ms = 100, .max_connections = 1};
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &sqlite, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_clock(sqlite, &theirs, pool), AUTHP_OK);
    ck_assert_int_ge(theirs, before);
}
END_TEST

/* A log line contains the name of the statement that failed. */
START_TEST(failures_name_the_statement)
{
    static const authp_sql_statement_t bad = {.name = "bad_one", .text = "SELECT {what}"};
    const void *values[] = {NULL};
    const char *text = NULL;
    ck_assert_int_eq(authp_sql_run(store->self, &bad, values, first_text, &text), AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0206"));
    ck_assert_ptr_nonnull(strstr(logged, "bad_one"));
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
}
END_TEST

/* --- a dialect that watches its connections -----------------------------------------------------
 */

static struct {
    int opened;     /* connections */
    int open_ms;    /* how long it takes to open one */
    bool is_closed; /* what the server did to the one that is idle */
    bool guarded;   /* while a call may be broken off */
    int timeout_ms; /* the latest one of a guard */
} watched;

static authp_err_t open_slowly(const authp_store_config_t *config, apr_pool_t *scratch)
{
    (void)config, (void)scratch;
    watched.opened++;
    watched.is_closed = false;
    apr_sleep(apr_time_from_msec(watched.open_ms));
    return AUTHP_OK;
}

static bool is_closed(const apr_dbd_driver_t *driver, apr_dbd_t *handle)
{
    (void)driver, (void)handle;
    return watched.is_closed;
}

static authp_err_t guard_open(void **guard, apr_pool_t *scratch)
{
    (void)scratch;
    *guard = &watched;
    return AUTHP_OK;
}

static void guard_begin(void *guard, const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                        int timeout_ms)
{
    (void)guard, (void)driver, (void)handle;
    ck_assert(!watched.guarded);
    watched.guarded = true;
    watched.timeout_ms = timeout_ms;
}

static void guard_end(void *guard, apr_dbd_t *handle)
{
    (void)guard, (void)handle;
    ck_assert(watched.guarded);
    watched.guarded = false;
}

static const char *const *checks_references(const authp_store_config_t *config, apr_pool_t *scratch)
{
    static const char *const statements[] = {"PRAGMA journal_mode=WAL", "PRAGMA foreign_keys=ON",
                                             NULL};
    (void)config, (void)scratch;
    return statements;
}

/* Every failure may be one of the connection. */
static authp_sql_fault_t all_broken(int rc, const char *text)
{
    (void)rc, (void)text;
    return AUTHP_SQL_BROKEN;
}

static authp_sql_t *open_watched(int timeout_ms)
{
    static authp_sql_dialect_t dialect;
    authp_sql_t *sql = NULL;
    const authp_store_config_t config = {
        .uri = apr_pstrcat(pool, "fake:", sqlite_fixture_file(), NULL),
        .timeout_ms = timeout_ms,
        .max_connections = 1};
    memset(&watched, 0, sizeof(watched));
    dialect = dialect_fixture;
    dialect.before_open = open_slowly;
    dialect.session = checks_references;
    dialect.classify = all_broken;
    dialect.link = (authp_sql_link_t){.is_closed = is_closed,
                                      .guard_open = guard_open,
                                      .guard_begin = guard_begin,
                                      .guard_end = guard_end};
    ck_assert_int_eq(authp_sql_open(&dialect, &config, pool, &sql), AUTHP_OK);
    ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
    return sql;
}

static void execute(authp_sql_t *sql, const char *text)
{
    const authp_sql_statement_t statement = {.name = text, .text = text};
    const void *values[] = {NULL};
    ck_assert_int_eq(authp_sql_run(sql, &statement, values, NULL, NULL), AUTHP_OK);
}

/* If COMMIT fails, nobody knows whether the database has done it. So the changes are not made a
 * second time: the client is told, and may repeat the request. */
START_TEST(a_commit_that_fails_is_not_repeated)
{
    static const authp_sql_statement_t child = {
        .name = "child", .text = "INSERT INTO children (parent) VALUES (7) RETURNING id"};
    static const authp_sql_statement_t count = {.name = "count",
                                                .text = "SELECT count(*) FROM children"};
    const void *values[] = {NULL};
    const authp_sql_step_t steps[] = {{.statement = &child, .values = values},
                                      {.statement = &child, .values = values}};
    int64_t left = -1;
    authp_sql_t *sql = open_watched(60000);
    execute(sql, "CREATE TABLE parents (id INTEGER PRIMARY KEY)");
    execute(sql, "CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL "
                 "REFERENCES parents DEFERRABLE INITIALLY DEFERRED)");
    watched.opened = 0;
    ck_assert_int_eq(authp_sql_change_together(sql, steps, 2, AUTHP_E_CONFLICT),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(watched.opened, 0); /* a second try would need another connection */
    ck_assert_ptr_nonnull(strstr(logged, "commit"));
    ck_assert_int_eq(authp_sql_run(sql, &count, values, authp_sql_rows_number, &left), AUTHP_OK);
    ck_assert_int_eq(left, 0);
    ck_assert_int_eq(watched.opened, 1);
}
END_TEST

/* How many descriptors of the database this process has. */
static int open_files(void)
{
    struct stat wanted;
    struct stat info;
    int count = 0;
    ck_assert_int_eq(stat(sqlite_fixture_file(), &wanted), 0);
    for (int fd = 0; fd < 1024; fd++) {
        count +=
            fstat(fd, &info) == 0 && info.st_dev == wanted.st_dev && info.st_ino == wanted.st_ino;
    }
    return count;
}

/* A server that closes idle connections, or starts again, costs this process no descriptors. */
START_TEST(a_connection_that_was_closed_leaves_nothing)
{
    authp_sql_t *sql = open_watched(60000);
    const int files = open_files();
    ck_assert_int_gt(files, 0);
    watched.opened = 0;
    for (int i = 1; i <= 3; i++) {
        watched.is_closed = true;
        ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
        ck_assert_int_eq(watched.opened, i);
        ck_assert_int_eq(open_files(), files);
    }
}
END_TEST

/* A statement may take the time that is left: all of it if nothing was waited for, and a quarter if
 * opening the connection took all of it. */
START_TEST(a_statement_has_the_time_that_is_left)
{
    authp_sql_t *sql = open_watched(60000);
    ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
    ck_assert_int_gt(watched.timeout_ms, 30000);
    ck_assert_int_le(watched.timeout_ms, 60000);
    sql = open_watched(400);
    watched.opened = 0;
    watched.open_ms = 500;
    watched.is_closed = true;
    ck_assert_int_eq(authp_sql_ping(sql, pool), AUTHP_OK);
    ck_assert_int_eq(watched.opened, 1);
    ck_assert_int_eq(watched.timeout_ms, 100);
    ck_assert(!watched.guarded);
}
END_TEST

Suite *suite_sql_dialect(void)
{
    Suite *suite = suite_create("sql_dialect");
    TCase *tests = tcase_create("sql_dialect");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, placeholders, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tests, lists);
    tcase_add_test(tests, a_statement_has_a_text_for_each_dialect);
    tcase_add_test(tests, it_has_types_of_its_own);
    tcase_add_test(tests, its_session_follows_the_configuration);
    tcase_add_test(tests, it_has_a_clock);
    tcase_add_test(tests, failures_name_the_statement);
    tcase_add_test(tests, a_commit_that_fails_is_not_repeated);
    tcase_add_test(tests, a_connection_that_was_closed_leaves_nothing);
    tcase_add_test(tests, a_statement_has_the_time_that_is_left);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What only the SQLite provider has: files and their owners, migrations, writers in many
 * processes. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "contract.h"
#include "sqlite_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql_impl.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 8
#define WRITES 60
#define COMINGS 50
#define LONGEST_WAIT_MS 2000

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
}

static void teardown(void)
{
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* Runs a statement without the store's knowledge. */
static void meddle(const char *sql)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    int rows = 0;
    ck_assert_int_eq(apr_dbd_init(pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(pool, "sqlite3", &driver), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(driver, pool, sqlite_fixture_file(), &handle), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_query(driver, handle, &rows, sql), 0);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}

START_TEST(opening_makes_nothing)
{
    struct stat info;
    authp_store_t *store = sqlite_fixture_open(pool);
    ck_assert_int_ne(stat(sqlite_fixture_file(), &info), 0);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(stat(sqlite_fixture_file(), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(migrations_are_checked)
{
    authp_store_t *store = sqlite_fixture_open(pool);
    int applied = -1;
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_gt(applied, 0);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 0);
    meddle("UPDATE schema_migrations SET checksum = 'edited'");
    authp_store_t *second = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_migrate(second, &applied, pool), AUTHP_E_INTERNAL);
    ck_assert_int_eq(authp_store_ping(second, pool), AUTHP_E_UNAVAILABLE);
}
END_TEST

START_TEST(a_newer_database_is_left_alone)
{
    authp_store_t *store = sqlite_fixture_open(pool);
    int applied = -1;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    meddle("INSERT INTO schema_migrations (step, name, checksum) VALUES (999, 'later', 'x')");
    authp_store_t *second = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_migrate(second, &applied, pool), AUTHP_E_INTERNAL);
}
END_TEST

/* Returns the value of a PRAGMA on a connection of the store. */
static int64_t pragma(authp_store_t *store, const char *name)
{
    authp_sql_t *sql = store->self;
    authp_sql_conn_t *conn = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_open(conn), AUTHP_OK);
    ck_assert_int_eq(apr_dbd_select(sql->driver, pool, conn->handle, &results,
                                    apr_pstrcat(pool, "PRAGMA ", name, NULL), 1),
                     0);
    ck_assert_int_eq(apr_dbd_get_row(sql->driver, pool, results, &row, 1), 0);
    const char *text = apr_dbd_get_entry(sql->driver, row, 0);
    ck_assert_ptr_nonnull(text);
    int64_t value = strcmp(text, "wal") == 0 ? 1 : apr_atoi64(text);
    authp_sql_conn_release(conn);
    return value;
}

/* The settings hold on every connection, not only on the first, and also for an import: committed
 * data survives a power cut, readers do not wait for writers, and no reader of this process waits
 * inside the driver. */
START_TEST(how_connections_are_set_up)
{
    for (int bulk = 0; bulk < 2; bulk++) {
        authp_store_t *store = NULL;
        const authp_store_config_t config = {.file = sqlite_fixture_file(),
                                             .timeout_ms = 2000,
                                             .max_connections = 8,
                                             .bulk = bulk != 0};
        ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &store, pool),
                         AUTHP_OK);
        ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
        ck_assert_int_eq(pragma(store, "journal_mode"), 1); /* wal */
        ck_assert_int_eq(pragma(store, "synchronous"), 2);  /* FULL */
        ck_assert_int_eq(pragma(store, "foreign_keys"), 1);
        ck_assert_int_eq(pragma(store, "busy_timeout"), 0);
        ck_assert_int_eq(pragma(store, "cache_size"), bulk ? -65536 : -2000);
        ck_assert_int_eq(pragma(store, "wal_autocheckpoint"), bulk ? 16384 : 1000);
    }
}
END_TEST

START_TEST(a_lost_folder_is_unavailable)
{
    authp_store_t *store = sqlite_fixture_open(pool);
    sqlite_fixture_remove();
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
}
END_TEST

START_TEST(a_changed_schema_heals)
{
    authp_store_t *store = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    meddle("ALTER TABLE users ADD COLUMN later TEXT");
    authp_user_t user = contract_user("heal@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
}
END_TEST

/* Writes as fast as it can; the exit code says whether all writes worked. */
static int write_many(void)
{
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    authp_store_t *store = sqlite_fixture_open(own);
    for (int i = 0; i < WRITES; i++) {
        apr_pool_t *scratch = NULL;
        apr_pool_create(&scratch, own);
        authp_user_t user =
            contract_user(apr_psprintf(scratch, "p%d-%d@example.org", (int)getpid(), i), scratch);
        apr_snprintf(user.id.hex, sizeof(user.id.hex), "%08x%016x", (unsigned)getpid(),
                     (unsigned)i);
        authp_ms_t began = authp_clock_now(authp_clock_system());
        authp_err_t err = authp_store_user_create(store, &user, scratch);
        authp_ms_t took = authp_clock_now(authp_clock_system()) - began;
        apr_pool_destroy(scratch);
        if (err != AUTHP_OK) {
            return 1;
        }
        if (took > LONGEST_WAIT_MS) {
            return 2;
        }
    }
    return 0;
}

static void in_processes(int (*work)(void))
{
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            _exit(work());
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert(WIFEXITED(status));
        ck_assert_msg(WEXITSTATUS(status) == 0, "1 is an error, 2 a wait of over two seconds: %d",
                      WEXITSTATUS(status));
    }
}

START_TEST(writers_in_processes)
{
    int applied = 0;
    ck_assert_int_eq(authp_store_migrate(sqlite_fixture_open(pool), &applied, pool), AUTHP_OK);
    in_processes(write_many);
    apr_array_header_t *found = NULL;
    authp_user_filter_t filter = {.limit = PROCESSES * WRITES + 1};
    ck_assert_int_eq(authp_store_user_list(sqlite_fixture_open(pool), &filter, &found, pool),
                     AUTHP_OK);
    ck_assert_int_eq(found->nelts, PROCESSES * WRITES);
}
END_TEST

static int come_and_go(void)
{
    for (int round = 0; round < COMINGS; round++) {
        apr_pool_t *own = NULL;
        apr_pool_create(&own, NULL);
        authp_err_t err = authp_store_ping(sqlite_fixture_open(own), own);
        apr_pool_destroy(own);
        if (err != AUTHP_OK) {
            return 1;
        }
    }
    return 0;
}

/* Processes open and close the database all the time, as children do in graceful restarts. SQLite
 * locks the database for a moment while the last process closes it; a process that opens it then
 * must not get "locked". */
START_TEST(processes_come_and_go)
{
    in_processes(come_and_go);
}
END_TEST

START_TEST(a_killed_writer_blocks_nobody)
{
    authp_store_t *store = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    for (int round = 0; round < 5; round++) {
        pid_t child = fork();
        if (child == 0) {
            for (;;) {
                (void)write_many();
            }
        }
        usleep(30000);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        authp_user_t user = contract_user(apr_psprintf(pool, "after%d@example.org", round), pool);
        ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    }
}
END_TEST

START_TEST(root_gives_the_folder_away)
{
    struct stat info;
    const authp_store_ops_t *ops = authp_providers_find("sqlite");
    const char *file = apr_pstrcat(pool, sqlite_fixture_file(), ".d/state.db", NULL);
    const char *folder = apr_pstrcat(pool, sqlite_fixture_file(), ".d", NULL);
    authp_store_config_t config = {.file = file, .timeout_ms = 2000, .max_connections = 1};
    uid_t uid = geteuid() == 0 ? 65534 : geteuid();
    ck_assert_int_eq(ops->prepare(&config, uid, getegid(), pool), AUTHP_OK);
    ck_assert_int_eq(stat(folder, &info), 0);
    ck_assert_int_eq(info.st_uid, uid);
    ck_assert_int_eq(info.st_mode & 0777, 0700);
    ck_assert_int_eq(ops->prepare(&config, uid, getegid(), pool), AUTHP_OK);
    ck_assert_int_eq(rmdir(folder), 0);
    /* A folder that others may enter, even one group alone, is not given to httpd's user, nor is
     * the target of a link. */
    if (geteuid() == 0) {
        static const mode_t modes[] = {0755, 0750, 0710, 0720, 0701, 0705};
        for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
            ck_assert_int_eq(mkdir(folder, 0700), 0);
            ck_assert_int_eq(chmod(folder, modes[i]), 0);
            ck_assert_int_ne(ops->prepare(&config, uid, getegid(), pool), AUTHP_OK);
            ck_assert_int_eq(stat(folder, &info), 0);
            ck_assert_uint_eq(info.st_uid, geteuid());
            ck_assert_int_eq(rmdir(folder), 0);
        }
        ck_assert_int_eq(symlink("/tmp", folder), 0);
        ck_assert_int_ne(ops->prepare(&config, uid, getegid(), pool), AUTHP_OK);
        ck_assert_int_eq(unlink(folder), 0);
    }
}
END_TEST

/* Forbids files to grow, as on a full disk. Each test is a process of its own, so no other test is
 * affected. */
static void let_grow(bool may)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = may ? limit.rlim_max : 1;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A full disk is reported as "unavailable", not as an internal error. */
START_TEST(a_full_disk_is_unavailable)
{
    authp_store_t *store = sqlite_fixture_open(pool);
    authp_user_t user = contract_user("first@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    user = contract_user("second@example.org", pool);
    let_grow(false);
    authp_err_t full = authp_store_user_create(store, &user, pool);
    let_grow(true);
    ck_assert_int_eq(full, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
}
END_TEST

/* Another program, such as a backup, has the database for itself. That is reported as
 * "unavailable", not as an internal error. */
START_TEST(a_locked_database_is_unavailable)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *other = NULL;
    int rows = 0;
    authp_store_t *store = sqlite_fixture_open(pool);
    authp_user_t user = contract_user("first@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(apr_dbd_init(pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(pool, "sqlite3", &driver), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(driver, pool, sqlite_fixture_file(), &other), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_query(driver, other, &rows, "BEGIN EXCLUSIVE"), 0);
    user = contract_user("second@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(apr_dbd_query(driver, other, &rows, "ROLLBACK"), 0);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(apr_dbd_close(driver, other), APR_SUCCESS);
}
END_TEST

/* A process that has set the schema back itself makes the steps again before its next operation. */
START_TEST(a_schema_that_was_set_back_here)
{
    authp_store_migrated_t done;
    apr_array_header_t *keys = NULL;
    const authp_store_goal_t two = {.steps = 2};
    const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    authp_store_t *store = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_migrate_to(store, &two, &done, pool), AUTHP_OK);
    ck_assert_int_gt(done.undone, 0);
    ck_assert_int_eq(authp_store_data_key_list(store, &keys, pool), AUTHP_OK);
    ck_assert_int_eq(keys->nelts, 0);
    ck_assert_int_eq(authp_store_migrate_to(store, &newest, &done, pool), AUTHP_OK);
    ck_assert_int_eq(done.made, 0);
}
END_TEST

Suite *suite_sqlite(void)
{
    Suite *suite = suite_create("sqlite");
    TCase *tests = tcase_create("sqlite");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, opening_makes_nothing);
    tcase_add_test(tests, migrations_are_checked);
    tcase_add_test(tests, a_newer_database_is_left_alone);
    tcase_add_test(tests, how_connections_are_set_up);
    tcase_add_test(tests, a_lost_folder_is_unavailable);
    tcase_add_test(tests, a_changed_schema_heals);
    tcase_add_test(tests, a_schema_that_was_set_back_here);
    tcase_add_test(tests, a_full_disk_is_unavailable);
    tcase_add_test(tests, a_locked_database_is_unavailable);
    tcase_add_test(tests, writers_in_processes);
    tcase_add_test(tests, processes_come_and_go);
    tcase_add_test(tests, a_killed_writer_blocks_nobody);
    tcase_add_test(tests, root_gives_the_folder_away);
    suite_add_tcase(suite, tests);
    return suite;
}

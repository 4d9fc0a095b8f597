/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's files on disk: modes and owners, what is refused in their place, and the settings that
 * keep data. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "sqlite_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql_impl.h"
#include "store/sqlite/sqlite_files.h"
#include "store/sqlite/sqlite_lock.h"

#define SOON_MS 5000
#define NOBODY 65534

static apr_pool_t *pool;
static char logged[4000];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    size_t len = strlen(logged);
    (void)snprintf(logged + len, sizeof(logged) - len, "%s\n", message);
}

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
    authp_log_set_sink(NULL, NULL);
    sqlite_fixture_remove();
}

static const char *name_of(const char *suffix)
{
    return apr_pstrcat(pool, sqlite_fixture_file(), suffix, NULL);
}

static void touch(const char *path, mode_t mode)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, mode);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* Returns one value of a PRAGMA on a connection as the store makes it. */
static const char *pragma(authp_sql_conn_t *conn, const char *name)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    ck_assert_int_eq(apr_dbd_select(conn->sql->driver, pool, conn->handle, &results,
                                    apr_pstrcat(pool, "PRAGMA ", name, NULL), 1),
                     0);
    ck_assert_int_eq(apr_dbd_get_row(conn->sql->driver, pool, results, &row, 1), 0);
    return apr_pstrdup(pool, apr_dbd_get_entry(conn->sql->driver, row, 0));
}

/* Committed data survives a power cut, of an import too: the WAL is synced at each commit. */
START_TEST(pragmas)
{
    authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 2000, .max_connections = 2, .bulk = _i == 1};
    authp_sql_conn_t *conn[2];
    void *self = NULL;
    ck_assert_int_eq(authp_providers_find("sqlite")->open(&config, pool, &self), AUTHP_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_sql_conn_acquire(self, &conn[i]), AUTHP_OK);
        ck_assert_int_eq(authp_sql_conn_open(conn[i]), AUTHP_OK);
        ck_assert_str_eq(pragma(conn[i], "journal_mode"), "wal");
        ck_assert_str_eq(pragma(conn[i], "synchronous"), "2");
        ck_assert_str_eq(pragma(conn[i], "foreign_keys"), "1");
        /* A wait inside SQLite would stop every reader of the process. */
        ck_assert_str_eq(pragma(conn[i], "busy_timeout"), "0");
    }
    for (int i = 0; i < 2; i++) {
        authp_sql_conn_release(conn[i]);
    }
}
END_TEST

START_TEST(modes)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct stat info;
    (void)umask(0);
    authp_user_t user = contract_user("mode@example.org", pool);
    authp_store_t *store = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(stat(name_of(suffixes[i]), &info), 0);
        ck_assert_int_eq(info.st_mode & 07777, 0600);
    }
}
END_TEST

/* Files and folders that a start makes belong to httpd's user alone, whatever the umask is. */
START_TEST(a_folder_is_made)
{
    struct stat info;
    const char *folder = apr_pstrcat(pool, sqlite_fixture_file(), ".d", NULL);
    const char *database = apr_pstrcat(pool, folder, "/a.db", NULL);
    (void)umask(0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_sqlite_files_prepare(database, (uid_t)-1, (gid_t)-1, pool),
                         AUTHP_OK);
        ck_assert_int_eq(stat(folder, &info), 0);
        ck_assert_int_eq(info.st_mode & 07777, 0700);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* POSIX locks of a process end when it closes any descriptor of the file. Another process must not
 * be able to write while a connection of this process writes. */
START_TEST(locks_outlast_a_second_connection)
{
    authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 2000, .max_connections = 2};
    authp_sql_conn_t *first = NULL;
    void *self = NULL;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ck_assert_int_eq(authp_providers_find("sqlite")->open(&config, pool, &self), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_acquire(self, &first), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_open(first), AUTHP_OK);
    ck_assert_int_eq(authp_sql_conn_exec(first, "CREATE TABLE t (x)"), 0);
    /* In WAL mode a connection holds a shared lock on the database for as long as it is open. */
    ck_assert_int_eq(authp_sqlite_files_open(sqlite_fixture_file(), pool), AUTHP_OK);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(sqlite_fixture_file(), O_RDWR | O_CLOEXEC);
        _exit(fcntl(fd, F_SETLK, &whole) != 0 ? 0 : 1);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    authp_sql_conn_release(first);
}
END_TEST

/* --- FIFOs, links and folders in the place of a file are refused ----------------------------- */

static const char *const names[] = {"", "-wal", "-shm", "-journal"};
static const char *const kinds[] = {"is a FIFO", "is a symbolic link", "is a folder",
                                    "has more than one name"};

static void plant(const char *path, int kind)
{
    const char *other = name_of(".other");
    touch(other, 0600);
    int rc = kind == 0   ? mkfifo(path, 0600)
             : kind == 1 ? symlink(other, path)
             : kind == 2 ? mkdir(path, 0700)
                         : link(other, path);
    ck_assert_int_eq(rc, 0);
}

static void check_other(void)
{
    struct stat info;
    ck_assert_int_eq(stat(name_of(".other"), &info), 0);
    ck_assert_uint_eq(info.st_uid, geteuid());
    ck_assert_int_eq(info.st_size, 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
}

static void remove_planted(const char *path)
{
    (void)remove(path);
    (void)remove(name_of(".other"));
}

START_TEST(refused)
{
    const char *path = name_of(names[_i / 4]);
    const authp_store_ops_t *ops = authp_providers_find("sqlite");
    authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 500, .max_connections = 1};
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    const char *expected = apr_pstrcat(pool, path, " ", kinds[_i % 4], NULL);
    if (_i >= 4) {
        touch(sqlite_fixture_file(), 0600);
    }
    plant(path, _i % 4);
    const char *why = ops->check(&config, pool);
    ck_assert_ptr_nonnull(why);
    ck_assert_ptr_nonnull(strstr(why, expected));
    /* The refusal is the same for root at a start, for the tool, and for children. */
    uid_t uid = geteuid() == 0 ? NOBODY : geteuid();
    ck_assert_int_eq(chmod(apr_pstrmemdup(pool, path, (size_t)(strrchr(path, '/') - path)), 0700),
                     0);
    ck_assert_int_eq(ops->prepare(&config, uid, (gid_t)-1, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0227: "));
    ck_assert_ptr_nonnull(strstr(logged, expected));
    logged[0] = '\0';
    ck_assert_int_eq(ops->prepare(&config, (uid_t)-1, (gid_t)-1, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, expected));
    logged[0] = '\0';
    ck_assert_int_eq(authp_store_ping(sqlite_fixture_open(pool), pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, expected));
    ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - began, SOON_MS);
    check_other();
    remove_planted(path);
}
END_TEST

/* The file is replaced while the store is open: the next connection is refused without a wait. */
START_TEST(refused_later)
{
    authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 500, .max_connections = 2};
    authp_sql_conn_t *conn = NULL;
    void *self = NULL;
    ck_assert_int_eq(authp_providers_find("sqlite")->open(&config, pool, &self), AUTHP_OK);
    ck_assert_int_eq(authp_providers_find("sqlite")->ping(self, pool), AUTHP_OK);
    plant(name_of("-journal"), 0);
    ck_assert_int_eq(authp_sql_conn_acquire(self, &conn), AUTHP_OK);
    authp_sql_conn_close(conn);
    ck_assert_int_eq(authp_sql_conn_open(conn), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, "-journal is a FIFO"));
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0203: "));
    authp_sql_conn_release(conn);
    remove_planted(name_of("-journal"));
}
END_TEST

/* Only files that root made are given to httpd's user, and then all of them. */
START_TEST(given_away)
{
    struct stat info;
    if (geteuid() != 0) {
        return;
    }
    for (int i = 0; i < 4; i++) {
        touch(name_of(names[i]), 0600);
    }
    ck_assert_int_eq(authp_sqlite_files_prepare(sqlite_fixture_file(), NOBODY, NOBODY, pool),
                     AUTHP_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(stat(name_of(names[i]), &info), 0);
        ck_assert_uint_eq(info.st_uid, NOBODY);
        ck_assert_uint_eq(info.st_gid, NOBODY);
    }
    ck_assert_int_eq(chown(name_of("-wal"), NOBODY - 1, NOBODY), 0);
    ck_assert_int_eq(authp_sqlite_files_prepare(sqlite_fixture_file(), NOBODY, NOBODY, pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0223: "));
    ck_assert_ptr_nonnull(strstr(logged, "-wal cannot belong to httpd's user"));
    ck_assert_int_eq(stat(name_of("-wal"), &info), 0);
    ck_assert_uint_eq(info.st_uid, NOBODY - 1);
}
END_TEST

/* If httpd's user may not write the database, an error says so, whoever made the file. */
START_TEST(not_ours_to_write)
{
    static const mode_t lacking[] = {0400, 0200, 0000};
    touch(sqlite_fixture_file(), 0600);
    ck_assert_int_eq(chmod(sqlite_fixture_file(), lacking[_i]), 0);
    const char *folder =
        apr_pstrmemdup(pool, sqlite_fixture_file(),
                       (size_t)(strrchr(sqlite_fixture_file(), '/') - sqlite_fixture_file()));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(sqlite_fixture_file(), NOBODY, NOBODY), 0);
        ck_assert_int_eq(chmod(folder, 0711), 0);
    }
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
            _exit(1);
        }
        authp_err_t err = authp_sqlite_files_open(sqlite_fixture_file(), pool);
        _exit(err == AUTHP_E_UNAVAILABLE && strstr(logged, "AUTHP0222: ") != NULL ? 0 : 2);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* A child of prefork that ends in the middle of a request has a connection in use. That must not
 * crash. */
START_TEST(closed_with_a_connection_out)
{
    pid_t child = fork();
    if (child == 0) {
        authp_store_config_t config = {
            .file = sqlite_fixture_file(), .timeout_ms = 2000, .max_connections = 2};
        apr_pool_t *own = NULL;
        authp_sql_conn_t *conn = NULL;
        void *self = NULL;
        apr_pool_create(&own, NULL);
        if (authp_providers_find("sqlite")->open(&config, own, &self) != AUTHP_OK ||
            authp_sql_conn_acquire(self, &conn) != AUTHP_OK ||
            authp_sql_conn_open(conn) != AUTHP_OK) {
            _exit(1);
        }
        apr_pool_destroy(own);
        _exit(0);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

/* A database that cannot be used is tried again for as long as the server runs. A try leaves no
 * file open that the one before has opened. */
START_TEST(tries_open_nothing_more)
{
    authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 500, .max_connections = 2};
    authp_store_t *store = NULL;
    int applied = 0;
    int first = 0;
    int fd = open(sqlite_fixture_file(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "this is no database, but a text", 31), 31);
    close(fd);
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &store, pool),
                     AUTHP_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_E_UNAVAILABLE);
        first = i == 0 ? open_files() : first;
        ck_assert_int_eq(open_files(), first);
    }
    ck_assert_int_eq(truncate(sqlite_fixture_file(), 0), 0);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_gt(applied, 0);
}
END_TEST

/* httpd's parent runs as root, and its children as another user. At the end of a generation root
 * removes the queue's file of that user, but no file that only has such a name. */
START_TEST(swept_for_another_user)
{
    struct stat info;
    struct stat space;
    if (geteuid() != 0) {
        return;
    }
    touch(sqlite_fixture_file(), 0600);
    ck_assert_int_eq(stat(sqlite_fixture_file(), &info), 0);
    ck_assert_int_eq(stat("/proc/self/ns/pid", &space), 0);
    const char *queue =
        apr_psprintf(pool, "/dev/shm/authp-%d-%lx-%lx-%lx", NOBODY, (unsigned long)info.st_dev,
                     (unsigned long)info.st_ino, (unsigned long)space.st_ino);
    touch(queue, 0600);
    authp_sqlite_lock_sweep(sqlite_fixture_file(), NOBODY, pool);
    ck_assert_int_eq(access(queue, F_OK), 0);
    ck_assert_int_eq(chown(queue, NOBODY, NOBODY), 0);
    authp_sqlite_lock_sweep(sqlite_fixture_file(), NOBODY, pool);
    ck_assert_int_ne(access(queue, F_OK), 0);
}
END_TEST

Suite *suite_sqlite_files(void)
{
    Suite *suite = suite_create("sqlite_files");
    TCase *tests = tcase_create("sqlite_files");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, pragmas, 0, 2);
    tcase_add_test(tests, modes);
    tcase_add_test(tests, a_folder_is_made);
    tcase_add_test(tests, locks_outlast_a_second_connection);
    tcase_add_loop_test(tests, refused, 0, 16);
    tcase_add_test(tests, refused_later);
    tcase_add_test(tests, given_away);
    tcase_add_loop_test(tests, not_ours_to_write, 0, 3);
    tcase_add_test(tests, closed_with_a_connection_out);
    tcase_add_test(tests, tries_open_nothing_more);
    tcase_add_test(tests, swept_for_another_user);
    suite_add_tcase(suite, tests);
    return suite;
}

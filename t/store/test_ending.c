/* SPDX-License-Identifier: Apache-2.0 */
/* A process that ends in a signal handler, as children of prefork do: cleanups must leave
 * everything as it is, because the interrupted thread may hold any lock. Also a store that is
 * closed in the middle of a request. */
#include "../unit/suite.h"
#include "base/json.h"
#include "base/log.h"
#include "contract.h"
#include "fake_mongod.h"
#include "sqlite_fixture.h"
#include "store/mongodb/mongo_impl.h"
#include "store/providers/providers.h"
#include "store/sql/sql_impl.h"

#include <apr_dbd.h>
#include <apr_file_info.h>
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static apr_pool_t *pool;
static apr_pool_t *own;
static authp_store_t *store;
static const char *queue_file;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create(&own, NULL);
    sqlite_fixture_make();
    fake_mongod_start();
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    fake_mongod_stop();
    sqlite_fixture_remove();
}

static void open_store(const char *name)
{
    const authp_store_config_t config = {
        .file = sqlite_fixture_file(),
        .uri = apr_psprintf(pool, "mongodb://127.0.0.1:%d/?replicaSet=rs0", fake_mongod_port()),
        .database = "ending",
        .timeout_ms = 2000,
        .max_connections = 2};
    ck_assert_int_eq(authp_store_open(authp_providers_find(name), &config, &store, own), AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
}

/* Counts the open descriptors of this process whose file name contains `part`. */
static int descriptors(const char *part)
{
    int count = 0;
    for (int fd = 3; fd < 256; fd++) {
        char link[64];
        char to[256];
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, to, sizeof(to) - 1);
        to[len > 0 ? len : 0] = '\0';
        count += strstr(to, part) != NULL;
    }
    return count;
}

/* How many files of the writers' queue there are. */
static int queue_files(void)
{
    int count = 0;
    apr_dir_t *dir = NULL;
    apr_finfo_t info;
    struct stat database;
    ck_assert_int_eq(stat(sqlite_fixture_file(), &database), 0);
    const char *part = apr_psprintf(pool, "-%lx-", (unsigned long)database.st_ino);
    ck_assert_int_eq(apr_dir_open(&dir, "/dev/shm", pool), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (strncmp(info.name, "authp-", 6) == 0 && strstr(info.name, part) != NULL) {
            count++;
            queue_file = apr_pstrcat(pool, "/dev/shm/", info.name, NULL);
        }
    }
    apr_dir_close(dir);
    return count;
}

/* Somebody has removed the file of the queue, and a second store has made a new one. The first
 * store leaves that one alone when it is closed. */
START_TEST(the_queue_of_another)
{
    apr_pool_t *other = NULL;
    open_store("sqlite");
    ck_assert_int_eq(queue_files(), 1);
    ck_assert_int_eq(unlink(queue_file), 0);
    apr_pool_create(&other, NULL);
    const authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 2000, .max_connections = 2};
    authp_store_t *second = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &second, other),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(second, pool), AUTHP_OK);
    ck_assert_int_eq(queue_files(), 1);
    apr_pool_destroy(own);
    ck_assert_int_eq(queue_files(), 1);
    apr_pool_destroy(other);
    ck_assert_int_eq(queue_files(), 0);
}
END_TEST

static const struct {
    const char *store;
    const char *part;
} rows[] = {{"sqlite", "/test.db"}, {"mongodb", "socket:"}};

/* A store that is closed normally leaves no descriptor open. */
START_TEST(closed)
{
    int before = descriptors(rows[_i].part);
    open_store(rows[_i].store);
    int open_now = descriptors(rows[_i].part);
    ck_assert_int_gt(open_now, before);
    apr_pool_destroy(own);
    /* The fake server still has the other ends of the connections open. */
    ck_assert_int_eq(descriptors(rows[_i].part), _i == 0 ? before : (before + 1 + open_now) / 2);
}
END_TEST

/* apr_reslist asserts that all connections have come back, and the MongoDB driver waits for
 * them. */
START_TEST(closed_with_one_in_use)
{
    open_store(rows[_i].store);
    if (_i == 0) {
        authp_sql_conn_t *conn = NULL;
        ck_assert_int_eq(authp_sql_conn_acquire(store->self, &conn), AUTHP_OK);
        apr_pool_destroy(own);
        ck_assert_ptr_nonnull(conn->handle);
    } else {
        mongoc_client_t *client = NULL;
        ck_assert_int_eq(authp_mongo_pool_acquire(store->self, &client), AUTHP_OK);
        apr_pool_destroy(own);
        ck_assert_ptr_nonnull(mongoc_client_get_uri(client));
    }
    sqlite_fixture_remove();
    _exit(0);
}
END_TEST

/* JSON values are freed with their pool. */
START_TEST(json_values)
{
    json_t *kept = json_incref(authp_json_object(own));
    apr_pool_destroy(own);
    ck_assert_uint_eq(kept->refcount, 1);
    sqlite_fixture_remove();
    _exit(0);
}
END_TEST

static int locked_lines;

static void count_locked(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    locked_lines += strstr(message, "database is locked") != NULL;
}

/* An operation is tried twice, each time for 1.6 s. httpd waits for a process that ends, so there
 * an operation is tried once. */
START_TEST(a_locked_database_is_asked_once)
{
    int changed = 0;
    apr_dbd_t *other = NULL;
    const apr_dbd_driver_t *driver = NULL;
    atomic_bool ends = _i == 1;
    const authp_store_config_t config = {
        .file = sqlite_fixture_file(), .timeout_ms = 2000, .max_connections = 1, .ending = &ends};
    ck_assert_int_eq(authp_store_open(authp_providers_find("sqlite"), &config, &store, own),
                     AUTHP_OK);
    authp_user_t user = contract_user("first@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    driver = ((const authp_sql_t *)store->self)->driver;
    ck_assert_int_eq(apr_dbd_open(driver, pool, sqlite_fixture_file(), &other), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_query(driver, other, &changed, "BEGIN IMMEDIATE"), 0);
    user = contract_user("second@example.org", pool);
    locked_lines = 0;
    authp_log_set_sink(count_locked, NULL);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_E_UNAVAILABLE);
    authp_log_set_sink(NULL, NULL);
    ck_assert_int_eq(locked_lines, _i == 1 ? 1 : 2);
    ck_assert_int_eq(apr_dbd_query(driver, other, &changed, "ROLLBACK"), 0);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(apr_dbd_close(driver, other), APR_SUCCESS);
    apr_pool_destroy(own);
}
END_TEST

Suite *suite_ending(void)
{
    Suite *suite = suite_create("ending");
    TCase *tests = tcase_create("ending");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_queue_of_another);
    tcase_set_timeout(tests, 20); /* a hang fails after 20 s */
    tcase_add_loop_test(tests, closed, 0, 2);
    tcase_add_loop_exit_test(tests, closed_with_one_in_use, 0, 0, 2);
    tcase_add_exit_test(tests, json_values, 0);
    tcase_add_loop_test(tests, a_locked_database_is_asked_once, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

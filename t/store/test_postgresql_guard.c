/* SPDX-License-Identifier: Apache-2.0 */
/* The guard breaks a connection whose call takes too long, and no other one. */
#include "../unit/suite.h"
#include "base/breaker.h"
#include "base/clock.h"
#include "postgresql_fixture.h"
#include "store/postgresql/postgresql.h"
#include "store/postgresql/postgresql_error.h"
#include "store/postgresql/postgresql_guard.h"
#include "store/postgresql/postgresql_native.h"
#include "store/sql/sql.h"
#include "store/sql/sql_rows.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MANY 24

static apr_pool_t *pool;
static apr_pool_t *guarded; /* of the guard */
static void *guard;
static const apr_dbd_driver_t *driver;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create_unmanaged_ex(&guarded, NULL, NULL);
    ck_assert_ptr_null(authp_postgresql_native_load(pool));
    ck_assert_int_eq(apr_dbd_get_driver(pool, "pgsql", &driver), APR_SUCCESS);
    ck_assert_int_eq(authp_postgresql_guard_open(&guard, guarded), AUTHP_OK);
}

static void tear_down(void)
{
    apr_pool_destroy(guarded);
    apr_pool_destroy(pool);
}

static apr_dbd_t *connect_to(apr_pool_t *its_pool)
{
    apr_dbd_t *handle = NULL;
    ck_assert_int_eq(apr_dbd_open(driver, its_pool, getenv("AUTHP_POSTGRES_DIRECT_URL"), &handle),
                     APR_SUCCESS);
    authp_postgresql_native_set_up(driver, handle);
    return handle;
}

static authp_ms_t ticks(void)
{
    return authp_clock_now(authp_clock_monotonic());
}

static void wait_ms(int ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int entries_of(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

/* Asks the server to answer in `sleep_ms`. */
static int ask(apr_dbd_t *handle, int sleep_ms, int timeout_ms, apr_pool_t *its_pool)
{
    apr_dbd_results_t *results = NULL;
    const char *text = apr_psprintf(its_pool, "SELECT pg_sleep(%d / 1000.0)", sleep_ms);
    authp_postgresql_guard_begin(guard, driver, handle, timeout_ms);
    int rc = apr_dbd_select(driver, its_pool, handle, &results, text, 1);
    authp_postgresql_guard_end(guard, handle);
    return rc;
}

START_TEST(test_breaks_a_call_that_hangs)
{
    apr_dbd_t *handle = connect_to(pool);
    authp_ms_t began = ticks();
    int rc = ask(handle, 20000, 300, pool);
    authp_ms_t took = ticks() - began;
    ck_assert_int_ne(rc, 0);
    ck_assert_int_eq(authp_postgresql_error_classify(rc, apr_dbd_error(driver, handle, rc)),
                     AUTHP_SQL_LOST);
    ck_assert_msg(took >= 300 && took < 5000, "%d ms", (int)took);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}
END_TEST

/* Calls one after the other have their time each, and time between calls does not count. */
START_TEST(test_leaves_calls_in_time_alone)
{
    apr_dbd_t *handle = connect_to(pool);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(ask(handle, 250, 1000, pool), 0);
        wait_ms(150);
    }
    ck_assert_int_eq(ask(handle, 0, 1, pool), 0);
    wait_ms(300);
    ck_assert_int_eq(ask(handle, 0, 1000, pool), 0);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}
END_TEST

/* libpq closes a socket when it finds the connection lost, and the number is used again at once. */
START_TEST(test_never_hits_the_next_owner_of_a_number)
{
    apr_dbd_t *handle = connect_to(pool);
    int number = authp_postgresql_native_socket(driver, handle);
    int pair[2];
    char byte = 'x';
    ck_assert_int_ge(number, 0);
    authp_postgresql_guard_begin(guard, driver, handle, 200);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_msg(pair[0] == number || pair[1] == number, "the number is free again");
    wait_ms(700);
    ck_assert_int_eq(write(pair[0], &byte, 1), 1);
    ck_assert_int_eq(read(pair[1], &byte, 1), 1);
    authp_postgresql_guard_end(guard, handle);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

typedef struct caller_t {
    pthread_t thread;
    apr_pool_t *pool;
    apr_dbd_t *handle;
    int index;
    int broken; /* of its calls */
} caller_t;

/* Each third call hangs. */
static void *call_often(void *data)
{
    caller_t *caller = data;
    for (int i = 0; i < 6; i++) {
        bool hangs = (caller->index + i) % 3 == 0;
        if (ask(caller->handle, hangs ? 20000 : 50, hangs ? 400 : 5000, caller->pool) != 0) {
            caller->broken += hangs ? 1 : 100;
            (void)apr_dbd_close(driver, caller->handle);
            caller->handle = connect_to(caller->pool);
        }
    }
    (void)apr_dbd_close(driver, caller->handle);
    return NULL;
}

START_TEST(test_many_at_once)
{
    static caller_t callers[MANY];
    for (int i = 0; i < MANY; i++) {
        callers[i] = (caller_t){.index = i};
        apr_pool_create_unmanaged_ex(&callers[i].pool, NULL, NULL);
        callers[i].handle = connect_to(callers[i].pool);
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
    }
    for (int i = 0; i < MANY; i++) {
        pthread_join(callers[i].thread, NULL);
        ck_assert_msg(callers[i].broken == 2, "%d of caller %d", callers[i].broken, i);
        apr_pool_destroy(callers[i].pool);
    }
}
END_TEST

START_TEST(test_gives_back_what_it_took)
{
    apr_dbd_t *handle = connect_to(pool);
    int threads = entries_of("/proc/self/task");
    int files = entries_of("/proc/self/fd");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(ask(handle, 0, 1000, pool), 0);
    }
    ck_assert_int_eq(entries_of("/proc/self/fd"), files);
    ck_assert_int_eq(entries_of("/proc/self/task"), threads + 1);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
    apr_pool_clear(guarded);
    for (int i = 0; i < 100 && entries_of("/proc/self/task") != threads; i++) {
        wait_ms(20); /* a thread that was joined is still listed for a moment */
    }
    ck_assert_int_eq(entries_of("/proc/self/task"), threads);
}
END_TEST

/* Statements that fail close their connection, and leave no number of the guard behind. */
START_TEST(test_failures_leave_nothing)
{
    static const authp_sql_statement_t wrong = {.name = "wrong", .text = "SELECT nonsense"};
    const void *values[] = {NULL};
    int files = 0;
    int rows = 0;
    void *sql = NULL;
    postgresql_fixture_make();
    authp_store_config_t config = postgresql_fixture_config();
    ck_assert_int_eq(authp_postgresql_ops.open(&config, guarded, &sql), AUTHP_OK);
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(authp_sql_run(sql, &wrong, values, authp_sql_rows_count, &rows),
                         AUTHP_E_UNAVAILABLE);
        files = i == 0 ? entries_of("/proc/self/fd") : files;
    }
    ck_assert_int_eq(entries_of("/proc/self/fd"), files);
    apr_pool_clear(guarded);
    postgresql_fixture_remove();
}
END_TEST

/* Programs that httpd starts during a call do not inherit the guard's number. */
START_TEST(test_keeps_its_number_to_itself)
{
    apr_dbd_t *handle = connect_to(pool);
    bool before[256];
    int made = 0;
    for (int fd = 0; fd < 256; fd++) {
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    }
    authp_postgresql_guard_begin(guard, driver, handle, 5000);
    for (int fd = 0; fd < 256; fd++) {
        if (!before[fd] && fcntl(fd, F_GETFD) >= 0) {
            made++;
            ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        }
    }
    authp_postgresql_guard_end(guard, handle);
    ck_assert_int_eq(made, 1);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}
END_TEST

/* Prefork ends a child in the middle of a call. */
START_TEST(test_ends_during_a_call)
{
    apr_dbd_t *handle = connect_to(pool);
    authp_ms_t began = ticks();
    authp_postgresql_guard_begin(guard, driver, handle, 50);
    wait_ms(20);
    apr_pool_clear(guarded);
    ck_assert_int_lt(ticks() - began, 2000);
    wait_ms(300);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}
END_TEST

static int threads_before;

static apr_status_t check_no_thread(void *data)
{
    int *threads = data;
    for (int i = 0; i < 250 && entries_of("/proc/self/task") != threads_before; i++) {
        wait_ms(20); /* a thread that was joined is still listed for a moment */
    }
    *threads = entries_of("/proc/self/task");
    return APR_SUCCESS;
}

/* The thread has ended before the pools below that of the guard are destroyed, because its entries
 * are in one of them. */
START_TEST(test_ends_before_its_entries)
{
    apr_dbd_t *handle = connect_to(pool);
    apr_pool_t *below = NULL;
    int threads = -1;
    threads_before = entries_of("/proc/self/task");
    apr_pool_create(&below, guarded);
    apr_pool_cleanup_register(below, &threads, check_no_thread, apr_pool_cleanup_null);
    authp_postgresql_guard_begin(guard, driver, handle, 60000);
    ck_assert_int_eq(entries_of("/proc/self/task"), threads_before + 1);
    apr_pool_clear(guarded);
    ck_assert_int_eq(threads, threads_before);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
}
END_TEST

static bool mutex_is_lost;
static int64_t waited_until;

static int64_t wall_ms(const struct timespec *at)
{
    return (int64_t)at->tv_sec * 1000 + at->tv_nsec / 1000000;
}

/* Replaces the C library's function in the test program. */
int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    typedef int lock_fn(pthread_mutex_t *, const struct timespec *);
    union {
        void *object;
        lock_fn *function;
    } real = {.object = dlsym(RTLD_NEXT, "pthread_mutex_timedlock")};
    if (mutex_is_lost) {
        waited_until = wall_ms(until);
        return ETIMEDOUT;
    }
    return real.function(mutex, until);
}

static struct timespec stopped_at;

/* Runs before the guard's memory is free, which its thread still uses. */
static apr_status_t check_given_up(void *data)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    ck_assert_int_ge(waited_until, wall_ms(&stopped_at) + 1000);
    ck_assert_int_le(waited_until, wall_ms(&now) + 1000);
    ck_assert_int_eq(entries_of("/proc/self/task"), *(int *)data);
    _exit(0);
}

/* A signal that ends the process has interrupted a thread that holds the mutex. The guard waits for
 * it for one second, and then does not join its thread. */
START_TEST(test_ends_without_its_mutex)
{
    apr_dbd_t *handle = connect_to(pool);
    apr_pool_t *below = NULL;
    apr_pool_create(&below, guarded);
    authp_postgresql_guard_begin(guard, driver, handle, 60000);
    authp_postgresql_guard_end(guard, handle);
    int threads = entries_of("/proc/self/task");
    apr_pool_cleanup_register(below, &threads, check_given_up, apr_pool_cleanup_null);
    mutex_is_lost = true;
    clock_gettime(CLOCK_REALTIME, &stopped_at);
    apr_pool_destroy(guarded);
}
END_TEST

/* Connections that are lost count for the breaker, although each of them could be opened. */
START_TEST(test_lost_connections_open_the_breaker)
{
    static const authp_sql_statement_t ends = {
        .name = "ends", .text = "SELECT pg_terminate_backend(pg_backend_pid())::integer"};
    static const authp_sql_statement_t one = {.name = "one", .text = "SELECT 1"};
    const void *values[] = {NULL};
    int rows = 0;
    void *sql = NULL;
    postgresql_fixture_make();
    authp_store_config_t config = postgresql_fixture_config();
    ck_assert_int_eq(authp_postgresql_ops.open(&config, guarded, &sql), AUTHP_OK);
    ck_assert_int_eq(authp_sql_run(sql, &one, values, authp_sql_rows_count, &rows), AUTHP_OK);
    for (int i = 0; i < AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(authp_sql_run(sql, &ends, values, authp_sql_rows_count, &rows),
                         AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(authp_sql_run(sql, &one, values, authp_sql_rows_count, &rows),
                     AUTHP_E_UNAVAILABLE);
    wait_ms(AUTHP_BREAKER_PAUSE_MS + 100);
    ck_assert_int_eq(authp_sql_run(sql, &one, values, authp_sql_rows_count, &rows), AUTHP_OK);
    apr_pool_clear(guarded);
    postgresql_fixture_remove();
}
END_TEST

Suite *suite_postgresql_guard(void)
{
    Suite *suite = suite_create("postgresql_guard");
    TCase *tests = tcase_create("guard");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_breaks_a_call_that_hangs);
    tcase_add_test(tests, test_leaves_calls_in_time_alone);
    tcase_add_test(tests, test_never_hits_the_next_owner_of_a_number);
    tcase_add_test(tests, test_many_at_once);
    tcase_add_test(tests, test_gives_back_what_it_took);
    tcase_add_test(tests, test_keeps_its_number_to_itself);
    tcase_add_test(tests, test_failures_leave_nothing);
    tcase_add_test(tests, test_ends_during_a_call);
    tcase_add_test(tests, test_ends_before_its_entries);
    tcase_add_exit_test(tests, test_ends_without_its_mutex, 0);
    tcase_add_test(tests, test_lost_connections_open_the_breaker);
    suite_add_tcase(suite, tests);
    return suite;
}

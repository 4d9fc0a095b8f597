/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of SQLite's writers: its file, who may use it, and holders that end while they have the
 * turn. */
#include <fcntl.h>
#include <glob.h>
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
#include "child.h"
#include "flock_fake.h"
#include "sqlite_fixture.h"
#include "store/sqlite/sqlite_lock.h"

#define CHILDREN 4
#define ROUNDS 60
#define SOON_MS 10000

static apr_pool_t *pool;
static char last[1100];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(last, message, sizeof(last));
}

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    int fd = open(sqlite_fixture_file(), O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    last[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
    authp_log_set_sink(NULL, NULL);
    sqlite_fixture_remove();
}

/* Returns the name of the queue's file, or NULL if there is none. */
static const char *queue_file(void)
{
    struct stat info;
    glob_t found;
    const char *name = NULL;
    ck_assert_int_eq(stat(sqlite_fixture_file(), &info), 0);
    const char *pattern =
        apr_psprintf(pool, "/dev/shm/authp-%lu-%lx-%lx-*", (unsigned long)geteuid(),
                     (unsigned long)info.st_dev, (unsigned long)info.st_ino);
    if (glob(pattern, 0, NULL, &found) == 0) {
        ck_assert_uint_eq(found.gl_pathc, 1);
        name = apr_pstrdup(pool, found.gl_pathv[0]);
    }
    globfree(&found);
    return name;
}

static authp_sqlite_lock_t *open_in(apr_pool_t *own)
{
    authp_sqlite_lock_t *lock = NULL;
    ck_assert_int_eq(authp_sqlite_lock_open(sqlite_fixture_file(), &lock, own), AUTHP_OK);
    return lock;
}

static authp_sqlite_lock_t *open_own(apr_pool_t **own)
{
    apr_pool_create(own, NULL);
    return open_in(*own);
}

START_TEST(removed_between_open_and_lock)
{
    apr_pool_t *own = NULL;
    (void)open_own(&own);
    flock_fake_removes = queue_file();
    apr_pool_destroy(own);
    authp_sqlite_lock_t *lock = open_own(&own);
    ck_assert_ptr_null(flock_fake_removes);
    ck_assert_ptr_nonnull(queue_file());
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_lock_take(open_in(pool), 30), AUTHP_E_UNAVAILABLE);
    apr_pool_destroy(own);
}
END_TEST

START_TEST(file)
{
    struct stat info;
    apr_pool_t *own = NULL;
    apr_pool_t *second = NULL;
    authp_sqlite_lock_t *lock = open_own(&own);
    ck_assert_ptr_nonnull(queue_file());
    ck_assert_int_eq(stat(queue_file(), &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert_uint_eq(info.st_uid, geteuid());
    /* A queue belongs to one PID namespace, because a process in another one cannot see whether a
     * holder is alive. */
    ck_assert_int_eq(stat("/proc/self/ns/pid", &info), 0);
    ck_assert_str_eq(strrchr(queue_file(), '-') + 1,
                     apr_psprintf(pool, "%lx", (unsigned long)info.st_ino));
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    /* A second lock object of the same process waits for the same turn. */
    authp_sqlite_lock_t *other = open_own(&second);
    ck_assert_int_eq(authp_sqlite_lock_take(other, 30), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(last, "AUTHP0221: "));
    authp_sqlite_lock_give(lock);
    ck_assert_int_eq(authp_sqlite_lock_take(other, 0), AUTHP_OK);
    authp_sqlite_lock_give(other);
    apr_pool_destroy(second);
    ck_assert_ptr_nonnull(queue_file());
    apr_pool_destroy(own);
    ck_assert_ptr_null(queue_file());
}
END_TEST

/* Counts this process's descriptors of the queue's file, and checks that started programs do not
 * inherit them. */
static int descriptors(void)
{
    int count = 0;
    for (int fd = 3; fd < 256; fd++) {
        char link[64];
        char to[256];
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, to, sizeof(to) - 1);
        to[len > 0 ? len : 0] = '\0';
        if (strstr(to, "/dev/shm/authp-") != NULL) {
            ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
            count++;
        }
    }
    return count;
}

static int mappings(void)
{
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (fgets(line, sizeof(line), maps) != NULL) {
        count += strstr(line, "/dev/shm/authp-") != NULL;
    }
    fclose(maps);
    return count;
}

START_TEST(nothing_is_left_open)
{
    for (int i = 0; i < 5; i++) {
        apr_pool_t *own = NULL;
        authp_sqlite_lock_t *lock = open_own(&own);
        ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
        ck_assert_int_eq(descriptors(), 1);
        ck_assert_int_eq(mappings(), 1);
        if (i % 2 == 0) {
            authp_sqlite_lock_give(lock);
        }
        apr_pool_destroy(own);
        ck_assert_int_eq(descriptors(), 0);
        ck_assert_int_eq(mappings(), 0);
    }
    ck_assert_str_eq(last, "");
}
END_TEST

/* A store that is closed in the middle of a write gives the turn back, because the process lives
 * on. */
START_TEST(closed_while_held)
{
    apr_pool_t *own = NULL;
    authp_sqlite_lock_t *other = open_in(pool);
    ck_assert_int_eq(authp_sqlite_lock_take(open_own(&own), 0), AUTHP_OK);
    apr_pool_destroy(own);
    ck_assert_int_eq(authp_sqlite_lock_take(other, 0), AUTHP_OK);
}
END_TEST

/* A child ends while it holds the lock. It either closes its store first, or just ends. */
static void die_holding(bool closes)
{
    apr_pool_t *own = NULL;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (authp_sqlite_lock_take(open_own(&own), SOON_MS) != AUTHP_OK) {
            _exit(1);
        }
        if (closes) {
            apr_pool_destroy(own);
        }
        _exit(0);
    }
    child_finish(child);
}

START_TEST(holders_that_end)
{
    authp_sqlite_lock_t *lock = open_in(pool);
    for (int i = 0; i < 3; i++) {
        die_holding(_i == 0);
        authp_ms_t began = authp_clock_now(authp_clock_monotonic());
        ck_assert_int_eq(authp_sqlite_lock_take(lock, SOON_MS), AUTHP_OK);
        ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - began, 1500);
        authp_sqlite_lock_give(lock);
    }
    ck_assert_int_eq(strstr(last, "AUTHP0226: ") != NULL, _i > 0);
}
END_TEST

/* The lock is free after that, also if no process had the file open in between, as between a stop
 * and a start. */
START_TEST(holders_that_end_last)
{
    die_holding(_i == 0);
    ck_assert_int_eq(queue_file() == NULL, _i == 0);
    ck_assert_int_eq(authp_sqlite_lock_take(open_in(pool), SOON_MS), AUTHP_OK);
}
END_TEST

START_TEST(sweep)
{
    apr_pool_t *own = NULL;
    authp_sqlite_lock_t *lock = open_own(&own);
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid(), pool);
    ck_assert_ptr_nonnull(queue_file()); /* in use */
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    authp_sqlite_lock_give(lock);
    apr_pool_destroy(own);
    die_holding(false);
    ck_assert_ptr_nonnull(queue_file());
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid() + 1, pool);
    ck_assert_ptr_nonnull(queue_file()); /* a sweep for another user leaves the file */
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid(), pool);
    ck_assert_ptr_null(queue_file());
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid(), pool);
}
END_TEST

/* A child that was forked with the store open does not remove the file that its parent uses. */
START_TEST(forked)
{
    apr_pool_t *own = NULL;
    (void)open_own(&own);
    pid_t child = fork();
    if (child == 0) {
        apr_pool_destroy(own);
        _exit(queue_file() != NULL ? 0 : 1);
    }
    child_finish(child);
    ck_assert_ptr_nonnull(queue_file());
    apr_pool_destroy(own);
    ck_assert_ptr_null(queue_file());
}
END_TEST

/* Takes and gives the lock many times and opens it anew each time. The file is removed and made
 * again, and two files never exist at once. While a process has the turn it holds a kernel lock on
 * the database. */
static int come_and_go(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        apr_pool_t *own = NULL;
        struct flock inside = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        authp_sqlite_lock_t *lock = open_own(&own);
        if (strstr(last, "AUTHP0220: ") != NULL ||
            authp_sqlite_lock_take(lock, 30000) != AUTHP_OK) {
            return 1;
        }
        int fd = open(sqlite_fixture_file(), O_RDWR | O_CLOEXEC);
        if (fcntl(fd, F_SETLK, &inside) != 0) {
            return 2;
        }
        close(fd);
        authp_sqlite_lock_give(lock);
        apr_pool_destroy(own);
    }
    return 0;
}

START_TEST(one_at_a_time)
{
    pid_t children[CHILDREN];
    die_holding(false);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            _exit(come_and_go());
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status = -1;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        /* 2: another process had the turn at the same time */
        ck_assert_int_eq(WEXITSTATUS(status), 0);
        ck_assert(WIFEXITED(status));
    }
    ck_assert_ptr_null(queue_file());
}
END_TEST

/* A file that another program put there is neither waited for nor used. There is no queue then, and
 * writes still work. */
static void plant(const char *name, int kind)
{
    char second[256];
    switch (kind) {
    case 0:
        ck_assert_int_eq(mkfifo(name, 0600), 0);
        break;
    case 1:
        ck_assert_int_eq(symlink(sqlite_fixture_file(), name), 0);
        break;
    case 2:
        ck_assert_int_eq(mkdir(name, 0700), 0);
        break;
    default:
        close(open(name, O_CREAT | O_EXCL | O_RDWR, kind == 3 ? 0666 : 0600));
        (void)chmod(name, kind == 3 ? 0666 : 0600);
        if (kind == 4) {
            (void)snprintf(second, sizeof(second), "%s-2", name);
            ck_assert_int_eq(link(name, second), 0);
        }
        break;
    }
}

START_TEST(planted)
{
    struct stat info;
    apr_pool_t *own = NULL;
    (void)open_own(&own);
    const char *name = queue_file();
    apr_pool_destroy(own);
    plant(name, _i);
    authp_sqlite_lock_t *lock = open_own(&own);
    ck_assert_ptr_nonnull(strstr(last, "AUTHP0220: "));
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    authp_sqlite_lock_give(lock);
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid(), pool);
    apr_pool_destroy(own);
    ck_assert_int_eq(lstat(name, &info), 0);
    ck_assert_int_eq(stat(sqlite_fixture_file(), &info), 0);
    ck_assert_int_eq(info.st_size, 0);
    (void)remove(name);
    (void)remove(apr_pstrcat(pool, name, "-2", NULL));
}
END_TEST

Suite *suite_sqlite_lock(void)
{
    Suite *suite = suite_create("sqlite_lock");
    TCase *tests = tcase_create("sqlite_lock");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, file);
    tcase_add_test(tests, removed_between_open_and_lock);
    tcase_add_test(tests, nothing_is_left_open);
    tcase_add_test(tests, closed_while_held);
    tcase_add_loop_test(tests, holders_that_end, 0, 2);
    tcase_add_loop_test(tests, holders_that_end_last, 0, 2);
    tcase_add_test(tests, sweep);
    tcase_add_test(tests, forked);
    tcase_add_test(tests, one_at_a_time);
    tcase_add_loop_test(tests, planted, 0, 5);
    suite_add_tcase(suite, tests);
    return suite;
}

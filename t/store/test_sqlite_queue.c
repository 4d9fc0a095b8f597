/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of SQLite's writers when its file cannot be used or is about to be removed, and
 * SQLite's files when a folder or a file is not as it was a moment before. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "faults.h"
#include "flock_fake.h"
#include "sqlite_fixture.h"
#include "store/sqlite/sqlite_files.h"
#include "store/sqlite/sqlite_lock.h"

#define TRIES 100 /* to open a file that another process is about to remove */

static apr_pool_t *pool;
static char logged[2000];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char levels[] = "EWNID";
    (void)ctx;
    size_t len = strlen(logged);
    (void)snprintf(logged + len, sizeof(logged) - len, "%c %.120s\n", levels[level], message);
}

static void make_file(const char *path, mode_t mode)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    make_file(sqlite_fixture_file(), 0600);
    faults_open();
    flock_fake_refuses = 0;
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    flock_fake_refuses = 0;
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

static int descriptors(void)
{
    int found = 0;
    DIR *list = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(list);
    while (readdir(list) != NULL) {
        found++;
    }
    closedir(list);
    return found;
}

static authp_sqlite_lock_t *open_in(apr_pool_t *own)
{
    authp_sqlite_lock_t *lock = NULL;
    ck_assert_int_eq(authp_sqlite_lock_open(sqlite_fixture_file(), &lock, own), AUTHP_OK);
    return lock;
}

static const char no_queue[] =
    "W AUTHP0220: no writer queue in /dev/shm (missing, or its file is not ours): many writers may "
    "have to wait long\n";

/* Without a queue each writer goes on at once, and nothing is left open. */
static void check_without_queue(void)
{
    apr_pool_t *own = NULL;
    int before = descriptors();
    apr_pool_create(&own, NULL);
    authp_sqlite_lock_t *lock = open_in(own);
    ck_assert_str_eq(logged, no_queue);
    ck_assert_int_eq(descriptors(), before);
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    authp_sqlite_lock_give(lock);
    apr_pool_destroy(own);
    ck_assert_int_eq(descriptors(), before);
    ck_assert_str_eq(logged, no_queue);
}

START_TEST(no_memory)
{
    faults.mmap_at = 1;
    check_without_queue();
}
END_TEST

START_TEST(no_database)
{
    ck_assert_int_eq(unlink(sqlite_fixture_file()), 0);
    check_without_queue();
}
END_TEST

/* Another process removes the file again and again. It is given up after TRIES tries. */
START_TEST(a_file_that_is_removed)
{
    apr_pool_t *own = NULL;
    int before = descriptors();
    flock_fake_refuses = TRIES;
    check_without_queue();
    ck_assert_int_eq(flock_fake_refuses, 0);
    logged[0] = '\0';
    flock_fake_refuses = TRIES - 1;
    apr_pool_create(&own, NULL);
    authp_sqlite_lock_t *lock = open_in(own);
    ck_assert_int_eq(flock_fake_refuses, 0);
    ck_assert_str_eq(logged, "");
    ck_assert_int_eq(descriptors(), before + 1);
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    apr_pool_destroy(own);
    ck_assert_int_eq(descriptors(), before);
}
END_TEST

/* A file that any other user may read, write or run is not used. */
START_TEST(modes)
{
    struct stat info;
    struct stat space;
    const mode_t mode = 0600 | (1U << _i);
    ck_assert_int_eq(stat(sqlite_fixture_file(), &info), 0);
    ck_assert_int_eq(stat("/proc/self/ns/pid", &space), 0);
    const char *name = apr_psprintf(pool, "/dev/shm/authp-%lu-%lx-%lx-%lx",
                                    (unsigned long)geteuid(), (unsigned long)info.st_dev,
                                    (unsigned long)info.st_ino, (unsigned long)space.st_ino);
    make_file(name, mode);
    check_without_queue();
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid(), pool);
    ck_assert_int_eq(stat(name, &info), 0);
    ck_assert_int_eq(info.st_size, 0);
    ck_assert_int_eq(chmod(name, 0600), 0);
    authp_sqlite_lock_sweep(sqlite_fixture_file(), geteuid(), pool);
    ck_assert_int_ne(stat(name, &info), 0);
}
END_TEST

/* A writer that gives up leaves the queue to the others: the one that waits next gets the turn when
 * it is given. */
START_TEST(a_writer_that_gives_up)
{
    authp_sqlite_lock_t *holder = open_in(pool);
    authp_sqlite_lock_t *other = open_in(pool);
    for (int i = 0; i < 3; i++) {
        logged[0] = '\0';
        ck_assert_int_eq(authp_sqlite_lock_take(holder, 0), AUTHP_OK);
        ck_assert_int_eq(authp_sqlite_lock_take(other, 20), AUTHP_E_UNAVAILABLE);
        ck_assert_str_eq(logged,
                         "W AUTHP0221: the database's writer queue did not move for 20 ms\n");
        ck_assert_int_eq(authp_sqlite_lock_take(other, 0), AUTHP_E_UNAVAILABLE);
        authp_sqlite_lock_give(holder);
        ck_assert_int_eq(authp_sqlite_lock_take(other, 0), AUTHP_OK);
        authp_sqlite_lock_give(other);
    }
}
END_TEST

/* --- the state folder ------------------------------------------------------------------------- */

START_TEST(a_folder_that_cannot_be_made)
{
    const char *folder = apr_pstrcat(pool, sqlite_fixture_file(), ".d/deeper", NULL);
    const char *database = apr_pstrcat(pool, folder, "/a.db", NULL);
    ck_assert_int_eq(authp_sqlite_files_prepare(database, geteuid(), getegid(), pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, "E AUTHP0224: cannot make the state folder "));
    /* A file in the place of the folder. */
    logged[0] = '\0';
    ck_assert_int_eq(
        authp_sqlite_files_prepare(apr_pstrcat(pool, sqlite_fixture_file(), "/a.db", NULL),
                                   geteuid(), getegid(), pool),
        AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(logged, "E AUTHP0228: the state folder "));
}
END_TEST

/* A folder that belongs to httpd's user already may have any mode. That of another user, which root
 * did not make, is not given away. */
START_TEST(folders_of_others)
{
    struct stat info;
    const char *folder = apr_pstrcat(pool, sqlite_fixture_file(), ".d", NULL);
    const char *database = apr_pstrcat(pool, folder, "/a.db", NULL);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    ck_assert_int_eq(authp_sqlite_files_prepare(database, geteuid(), getegid(), pool), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_files_prepare(database, (uid_t)-1, (gid_t)-1, pool), AUTHP_OK);
    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(folder, 0700), 0);
        ck_assert_int_eq(chown(folder, 65533, 65533), 0);
        ck_assert_int_eq(authp_sqlite_files_prepare(database, 65534, 65534, pool),
                         AUTHP_E_UNAVAILABLE);
        ck_assert_ptr_nonnull(strstr(logged, "E AUTHP0223: "));
        ck_assert_int_eq(stat(folder, &info), 0);
        ck_assert_uint_eq(info.st_uid, 65533);
        ck_assert_uint_eq(info.st_gid, 65533);
        ck_assert_int_eq(chown(folder, 0, 0), 0);
        ck_assert_int_eq(authp_sqlite_files_prepare(database, 65534, 65533, pool), AUTHP_OK);
        ck_assert_int_eq(stat(folder, &info), 0);
        ck_assert_uint_eq(info.st_uid, 65534);
        ck_assert_uint_eq(info.st_gid, 65533);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

Suite *suite_sqlite_queue(void)
{
    Suite *suite = suite_create("sqlite_queue");
    TCase *tests = tcase_create("sqlite_queue");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, no_memory);
    tcase_add_test(tests, no_database);
    tcase_add_test(tests, a_file_that_is_removed);
    tcase_add_loop_test(tests, modes, 0, 6);
    tcase_add_test(tests, a_writer_that_gives_up);
    tcase_add_test(tests, a_folder_that_cannot_be_made);
    tcase_add_test(tests, folders_of_others);
    suite_add_tcase(suite, tests);
    return suite;
}

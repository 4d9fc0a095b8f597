/* SPDX-License-Identifier: Apache-2.0 */
/* Flags and modes of files that are opened: programs that httpd starts do not inherit them, no
 * symbolic link is followed, no open blocks, and new files are for their owner alone. */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/envfile.h"
#include "base/file.h"
#include "base/process.h"
#include "cli/cli_fixture.h"
#include "service/mail/mail_files.h"
#include "service/password/password_rules.h"
#include "store/sqlite/sqlite_files.h"
#include "store/sqlite/sqlite_lock.h"
#include "suite.h"

#ifndef O_PATH
#define O_PATH 010000000 /* glibc declares it only with _GNU_SOURCE */
#endif
#define MOST 64

typedef struct opened_t {
    char path[256];
    int flags;
    int mode;
} opened_t;

static opened_t opened[MOST];
static int nopened;
static bool recording;
static const char *appears; /* made right before it is opened with O_EXCL */
static apr_pool_t *pool;
static char folder[64];

static void record(const char *path, int flags, int mode)
{
    if (recording && nopened < MOST) {
        opened_t *one = &opened[nopened++];
        apr_cpystrn(one->path, path, sizeof(one->path));
        one->flags = flags;
        one->mode = mode;
    }
}

static int mode_of(int flags, va_list rest)
{
    return (flags & O_CREAT) != 0 ? va_arg(rest, int) : 0;
}

/* These two replace the C library's functions in the test program. */
int openat(int at, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    const int mode = mode_of(flags, rest);
    va_end(rest);
    record(path, flags, mode);
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    const int mode = mode_of(flags, rest);
    va_end(rest);
    record(path, flags, mode);
    if (appears != NULL && (flags & O_EXCL) != 0 && strcmp(path, appears) == 0) {
        (void)close((int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_cpystrn(folder, "/tmp/authp-opened-XXXXXX", sizeof(folder));
    ck_assert_ptr_nonnull(mkdtemp(folder));
    nopened = 0;
    recording = true;
}

static void tear_down(void)
{
    recording = false;
    ck_assert_int_eq(system(apr_pstrcat(pool, "rm -r ", folder, NULL)), 0);
    apr_pool_destroy(pool);
}

static const char *below(const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static void read_env(void)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    recording = false;
    int fd = open(below("env"), O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(write(fd, "A=1\n", 4), 4);
    close(fd);
    recording = true;
    ck_assert_int_eq(authp_envfile_read(below("env"), &table, &error, pool), AUTHP_OK);
}

static void use_database(void)
{
    struct stat info;
    authp_sqlite_lock_t *lock = NULL;
    const char *database = below("state/test.db");
    uid_t uid = geteuid();
    ck_assert_int_eq(authp_sqlite_files_prepare(database, uid, getegid(), pool), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_files_open(database, pool), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_files_prepare(database, uid, getegid(), pool), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_files_open(database, pool), AUTHP_OK);
    ck_assert_int_eq(authp_file_look(database, &info), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_lock_open(database, &lock, pool), AUTHP_OK);
    ck_assert_int_eq(authp_sqlite_lock_take(lock, 0), AUTHP_OK);
    authp_sqlite_lock_give(lock);
    authp_sqlite_lock_sweep(database, uid, pool);
}

static int count(const char *part, int flag)
{
    int found = 0;
    for (int i = 0; i < nopened; i++) {
        found += strstr(opened[i].path, part) != NULL && (opened[i].flags & flag) == flag;
    }
    return found;
}

START_TEST(flags)
{
    read_env();
    use_database();
    ck_assert(!authp_process_is_gone(authp_process_self()));
    ck_assert_int_eq(count("/env", 0), 1);
    /* the file of another user is not used */
    ck_assert_int_eq(count("/test.db", O_CREAT | O_EXCL), 1);
    ck_assert_int_ge(count("/dev/shm/authp-", O_CREAT), 1);
    ck_assert_int_ge(count("/proc/", 0), 1);
    for (int i = 0; i < nopened; i++) {
        const opened_t *one = &opened[i];
        bool ours = strncmp(one->path, "/proc/", 6) != 0;
        ck_assert_msg((one->flags & O_CLOEXEC) != 0, "%s stays open", one->path);
        ck_assert_msg(!ours || (one->flags & O_NOFOLLOW) != 0, "%s may be a link", one->path);
        if (ours && (one->flags & O_PATH) == 0) {
            ck_assert_msg((one->flags & O_NONBLOCK) != 0, "%s may block", one->path);
            ck_assert_msg((one->flags & O_NOCTTY) != 0, "%s may be a terminal", one->path);
        }
        ck_assert_msg((one->flags & O_CREAT) == 0 || one->mode == 0600, "%s is made %o", one->path,
                      (unsigned int)one->mode);
    }
}
END_TEST

/* The folder of a database is looked at, wherever it is. Nothing is made or changed. */
START_TEST(which_folder)
{
    const char *const files[][2] = {
        {"/none.db", "/"}, {"none.db", "."}, {below("none.db"), folder}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        nopened = 0;
        ck_assert_int_eq(authp_sqlite_files_prepare(files[i][0], (uid_t)-1, (gid_t)-1, pool),
                         AUTHP_OK);
        ck_assert_int_eq(count("", O_DIRECTORY), 1);
        for (int k = 0; k < nopened; k++) {
            if ((opened[k].flags & O_DIRECTORY) != 0) {
                ck_assert_str_eq(opened[k].path, files[i][1]);
            }
        }
    }
}
END_TEST

/* Two processes make the database at the same time. The one that comes later finds it there, and
 * goes on without opening it. */
START_TEST(made_by_another_process)
{
    int count_of_database = 0;
    appears = below("test.db");
    ck_assert_int_eq(authp_sqlite_files_open(appears, pool), AUTHP_OK);
    for (int i = 0; i < nopened; i++) {
        count_of_database +=
            strcmp(opened[i].path, appears) == 0 && (opened[i].flags & O_PATH) == 0;
    }
    ck_assert_int_eq(count_of_database, 1);
    appears = NULL;
}
END_TEST

static int count_descriptors(void)
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

static void make_file(const char *name, const char *text)
{
    int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Lists and settings are read at each reload, also when they are refused, so a file that stays open
 * would add up. */
START_TEST(nothing_stays_open)
{
    static const char *const names[] = {"good", "odd", "fifo", "none", ""};
    apr_table_t *table = NULL;
    const char *error = NULL;
    const authp_refused_t *refused = NULL;
    make_file("good", "A=1\n");
    make_file("odd", "A\n");
    ck_assert_int_eq(mkfifo(below("fifo"), 0600), 0);
    use_database();
    int before = count_descriptors();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        authp_err_t err = authp_envfile_read(below(names[i]), &table, &error, pool);
        ck_assert_int_eq(err == AUTHP_OK, i < 1);
        ck_assert_int_eq(count_descriptors(), before);
        err = authp_password_rules_load(below(names[i]), &refused, &error, pool);
        ck_assert_int_eq(err == AUTHP_OK, i < 2);
        ck_assert_int_eq(count_descriptors(), before);
        err = authp_sqlite_files_prepare(below(names[i]), geteuid(), getegid(), pool);
        ck_assert_int_eq(err == AUTHP_OK, i < 2 || i == 3);
        ck_assert_int_eq(count_descriptors(), before);
        err = authp_sqlite_files_open(below(names[i]), pool);
        (void)err; /* The result is for other tests to check. */
        ck_assert_int_eq(count_descriptors(), before);
    }
}
END_TEST

/* The list of passwords is opened while httpd may start programs, and may be any kind of file by
 * mistake. */
START_TEST(flags_of_a_list)
{
    const int wanted = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const char *error = NULL;
    const authp_refused_t *refused = NULL;
    make_file("list", "password1\n");
    nopened = 0;
    ck_assert_int_eq(authp_password_rules_load(below("list"), &refused, &error, pool), AUTHP_OK);
    ck_assert_int_eq(nopened, 1);
    ck_assert_int_eq(opened[0].flags & (wanted | O_CREAT | O_ACCMODE), wanted);
}
END_TEST

/* The texts of mails are read by httpd at each reload. The tool makes those files anew, for their
 * owner alone. */
START_TEST(flags_of_mail_texts)
{
    const int wanted = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const authp_settings_t settings = {.source = "test.env", .mail_template_dir = folder};
    apr_array_header_t *errors = apr_array_make(pool, 1, sizeof(const char *));
    make_file("invite.en.txt", "Subject: A\n\nB\n");
    nopened = 0;
    ck_assert_int_eq(authp_mail_files_read(&settings, errors, pool)->nelts, 1);
    ck_assert_int_eq(count("invite.en.txt", 0), 1);
    for (int i = 0; i < nopened; i++) {
        ck_assert_int_eq(opened[i].flags & (wanted | O_CREAT | O_ACCMODE), wanted);
    }
    cli_fixture_open();
    nopened = 0;
    const char *line = apr_pstrcat(pool, "mail templates --out ", below("made"), NULL);
    ck_assert_int_eq(cli_fixture_run(line, NULL).status, 0);
    ck_assert_int_gt(count(".en.txt", 0), 1);
    ck_assert_int_eq(count(".en.txt", 0),
                     count(".en.txt", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC));
    ck_assert_int_eq(count("/made", 0), count("/made", O_DIRECTORY | O_CLOEXEC));
    cli_fixture_close();
}
END_TEST

Suite *suite_opened(void)
{
    Suite *suite = suite_create("opened");
    TCase *tests = tcase_create("opened");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, flags);
    tcase_add_test(tests, which_folder);
    tcase_add_test(tests, made_by_another_process);
    tcase_add_test(tests, flags_of_a_list);
    tcase_add_test(tests, flags_of_mail_texts);
    tcase_add_test(tests, nothing_stays_open);
    suite_add_tcase(suite, tests);
    return suite;
}

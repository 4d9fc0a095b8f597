/* SPDX-License-Identifier: Apache-2.0 */
/* The file of an export: its mode, when it gets its name, whose part it is, and that its helper
 * process does not outlive the tool. */
#include "cli/outfile.h"
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *path;
static const char *part;

/* What was given to the disk, in this order. The helper process writes here too. */
typedef struct synced_t {
    int count;
    int error; /* of the next call; 0: none */
    struct {
        struct stat info;
        bool had_part;
        bool had_name;
    } calls[4];
} synced_t;

static synced_t *synced;

static void set_up(void)
{
    synced = NULL;
    cli_fixture_open();
    path = apr_pstrcat(cli_fixture.f.pool, cli_fixture.folder, "/file", NULL);
    part = apr_pstrcat(cli_fixture.f.pool, path, ".part", NULL);
}

static authp_outfile_t *start(void)
{
    const char *error = NULL;
    authp_outfile_t *file = NULL;
    ck_assert_int_eq(authp_outfile_open(path, &file, &error, cli_fixture.f.pool), AUTHP_OK);
    return file;
}

static bool exists(const char *name)
{
    struct stat info;
    return lstat(name, &info) == 0;
}

/* Replaces the C library's function in the test program. */
int fsync(int fd)
{
    if (synced != NULL && synced->count < 4) {
        int i = synced->count++;
        ck_assert_int_eq(fstat(fd, &synced->calls[i].info), 0);
        synced->calls[i].had_part = exists(part);
        synced->calls[i].had_name = exists(path);
    }
    if (synced != NULL && synced->error != 0) {
        errno = synced->error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static void watch_disk(int error)
{
    synced = mmap(NULL, sizeof(*synced), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(synced, MAP_FAILED);
    synced->error = error;
}

static void commits(authp_outfile_t *file)
{
    const char *error = NULL;
    authp_err_t err = authp_outfile_commit(file, &error);
    ck_assert_msg(err == AUTHP_OK, "%s", error);
}

/* Checks the words behind "cannot write PATH: ". */
static void does_not_commit(authp_outfile_t *file, const char *words)
{
    const char *error = NULL;
    ck_assert_int_eq(authp_outfile_commit(file, &error), AUTHP_E_INTERNAL);
    ck_assert_str_eq(error,
                     apr_pstrcat(cli_fixture.f.pool, "cannot write ", path, ": ", words, NULL));
}

/* The umask may allow more. */
START_TEST(it_is_for_its_owner)
{
    struct stat info;
    mode_t mask = umask(0);
    authp_outfile_t *file = start();
    umask(mask);
    ck_assert(fputs("text", authp_outfile_stream(file)) >= 0);
    ck_assert_int_eq(stat(part, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert(!exists(path));
    commits(file);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert_int_eq(info.st_size, 4);
    ck_assert(!exists(part));
}
END_TEST

/* The whole text is on the disk before the file gets its name, and then the name. So after a crash
 * the file is complete or not there. */
START_TEST(the_disk_has_it_first)
{
    watch_disk(0);
    authp_outfile_t *file = start();
    ck_assert(fputs("text", authp_outfile_stream(file)) >= 0);
    commits(file);
    ck_assert_int_eq(synced->count, 2);
    ck_assert(S_ISREG(synced->calls[0].info.st_mode));
    ck_assert_int_eq(synced->calls[0].info.st_size, 4);
    ck_assert(synced->calls[0].had_part && !synced->calls[0].had_name);
    ck_assert(S_ISDIR(synced->calls[1].info.st_mode));
    ck_assert(!synced->calls[1].had_part && synced->calls[1].had_name);
}
END_TEST

/* The stream takes the text, and the disk does not. */
START_TEST(a_disk_that_fails)
{
    watch_disk(EIO);
    authp_outfile_t *file = start();
    ck_assert(fputs("text", authp_outfile_stream(file)) >= 0);
    does_not_commit(file, "Input/output error");
    ck_assert(!exists(part) && !exists(path));
}
END_TEST

/* A second run, in a process of its own: begins to write the file, and ends at the word. */
static pid_t start_second(int begun, int word)
{
    char byte = 'x';
    const char *error = NULL;
    pid_t second = fork();
    ck_assert_int_ge(second, 0);
    if (second != 0) {
        return second;
    }
    authp_outfile_t *file = start();
    bool fine = fputs("second", authp_outfile_stream(file)) >= 0 && write(begun, &byte, 1) == 1 &&
                read(word, &byte, 1) == 1 && authp_outfile_commit(file, &error) == AUTHP_OK;
    _exit(fine ? 0 : 1);
}

/* A second run for the name takes the part of the first one away. */
START_TEST(a_part_of_another_run_stays)
{
    int begun[2];
    int word[2];
    int status = -1;
    char byte = 'x';
    ck_assert(pipe(begun) == 0 && pipe(word) == 0);
    authp_outfile_t *first = start();
    pid_t second = start_second(begun[1], word[0]);
    ck_assert_int_eq(read(begun[0], &byte, 1), 1);
    if (_i == 0) {
        authp_outfile_abandon(first);
    } else {
        does_not_commit(first, "another run of this tool has begun to write it");
    }
    ck_assert(exists(part));
    ck_assert_int_eq(write(word[1], &byte, 1), 1);
    ck_assert_int_eq(waitpid(second, &status, 0), second);
    ck_assert_int_eq(status, 0);
    ck_assert(exists(path) && !exists(part));
    for (int i = 0; i < 2; i++) {
        close(begun[i]);
        close(word[i]);
    }
}
END_TEST

START_TEST(an_abandoned_part_is_removed)
{
    authp_outfile_abandon(start());
    ck_assert(!exists(part) && !exists(path));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* What is left in the stream cannot be written. */
START_TEST(an_error_at_the_end_counts)
{
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    authp_outfile_t *file = start();
    ck_assert(fputs("text", authp_outfile_stream(file)) >= 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    const char *error = NULL;
    authp_err_t err = authp_outfile_commit(file, &error);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(err, AUTHP_E_INTERNAL);
    ck_assert_str_eq(
        error, apr_pstrcat(cli_fixture.f.pool, "cannot write ", path, ": File too large", NULL));
    ck_assert(!exists(part) && !exists(path));
}
END_TEST

/* A name that cannot be given: nothing is left. */
START_TEST(a_name_that_becomes_a_folder)
{
    authp_outfile_t *file = start();
    ck_assert_int_eq(mkdir(path, 0700), 0);
    does_not_commit(file, "Is a directory");
    ck_assert(!exists(part));
}
END_TEST

/* What is no regular file stays: a FIFO, a folder, a symbolic link. */
START_TEST(a_name_of_another_kind)
{
    struct stat before;
    struct stat after;
    const char *error = NULL;
    authp_outfile_t *file = NULL;
    int rc = _i == 0   ? mkfifo(path, 0600)
             : _i == 1 ? mkdir(path, 0700)
                       : symlink("elsewhere", path);
    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(lstat(path, &before), 0);
    ck_assert_int_eq(authp_outfile_open(path, &file, &error, cli_fixture.f.pool), AUTHP_E_INTERNAL);
    ck_assert_str_eq(error, apr_pstrcat(cli_fixture.f.pool, "cannot write ", path,
                                        ": it is there and is not a regular file", NULL));
    ck_assert_int_eq(lstat(path, &after), 0);
    ck_assert_uint_eq(after.st_ino, before.st_ino);
    ck_assert(!exists(part));
}
END_TEST

/* The only child of this process. */
static pid_t find_helper(void)
{
    char text[32] = "";
    const char *children =
        apr_psprintf(cli_fixture.f.pool, "/proc/self/task/%d/children", (int)getpid());
    FILE *list = fopen(children, "re");
    ck_assert_ptr_nonnull(list);
    ck_assert_ptr_nonnull(fgets(text, sizeof(text), list));
    fclose(list);
    pid_t helper = (pid_t)strtol(text, NULL, 10);
    ck_assert_int_gt(helper, 1);
    return helper;
}

/* A key at the terminal, or its end, goes to both processes. */
START_TEST(signals_that_do_not_end_the_helper)
{
    const unsigned long wanted =
        1UL << (SIGINT - 1) | 1UL << (SIGTERM - 1) | 1UL << (SIGHUP - 1) | 1UL << (SIGQUIT - 1);
    unsigned long ignored = 0;
    authp_outfile_t *file = start();
    const char *status = apr_psprintf(cli_fixture.f.pool, "/proc/%d/status", (int)find_helper());
    while ((ignored & wanted) != wanted) { /* until the test's time is over */
        char line[256];
        FILE *lines = fopen(status, "re");
        ck_assert_ptr_nonnull(lines);
        while (fgets(line, sizeof(line), lines) != NULL) {
            ignored = strncmp(line, "SigIgn:", 7) == 0 ? strtoul(line + 7, NULL, 16) : ignored;
        }
        fclose(lines);
    }
    authp_outfile_abandon(file);
}
END_TEST

START_TEST(a_helper_that_was_killed)
{
    siginfo_t ended;
    signal(SIGPIPE, SIG_IGN);
    authp_outfile_t *file = start();
    pid_t helper = find_helper();
    ck_assert_int_eq(kill(helper, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)helper, &ended, WEXITED | WNOWAIT), 0);
    does_not_commit(file, "Broken pipe");
    signal(SIGPIPE, SIG_DFL);
    ck_assert(!exists(path) && !exists(part));
}
END_TEST

/* Usually the helper is killed while the tool waits for it, after the word was sent. If it is
 * killed before, the result is the same. */
START_TEST(a_helper_that_is_killed_meanwhile)
{
    siginfo_t stopped;
    signal(SIGPIPE, SIG_IGN);
    authp_outfile_t *file = start();
    pid_t helper = find_helper();
    ck_assert_int_eq(kill(helper, SIGSTOP), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)helper, &stopped, WSTOPPED | WNOWAIT), 0);
    pid_t killer = fork();
    ck_assert_int_ge(killer, 0);
    if (killer == 0) {
        (void)poll(NULL, 0, 200);
        _exit(kill(helper, SIGKILL));
    }
    does_not_commit(file, "Broken pipe");
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    signal(SIGPIPE, SIG_DFL);
    ck_assert(!exists(path) && !exists(part));
}
END_TEST

/* The pipe is open in the tool and its helper. It ends when both have ended. The helper removes the
 * part. */
START_TEST(the_helper_ends_with_the_tool)
{
    int ends[2];
    char word = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t tool = fork();
    ck_assert_int_ge(tool, 0);
    if (tool == 0) {
        close(ends[0]);
        (void)start();
        if (write(ends[1], "x", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &word, 1), 1);
    ck_assert_int_eq(kill(tool, SIGKILL), 0);
    ck_assert_int_eq(waitpid(tool, NULL, 0), tool);
    struct pollfd end = {.fd = ends[0], .events = POLLIN};
    ck_assert_int_eq(poll(&end, 1, 30000), 1);
    ck_assert_int_eq(read(ends[0], &word, 1), 0);
    close(ends[0]);
    ck_assert(!exists(part) && !exists(path));
}
END_TEST

Suite *suite_cli_outfile(void)
{
    Suite *suite = suite_create("cli_outfile");
    TCase *tests = tcase_create("outfile");
    tcase_add_checked_fixture(tests, set_up, cli_fixture_close);
    tcase_add_test(tests, it_is_for_its_owner);
    tcase_add_test(tests, the_disk_has_it_first);
    tcase_add_test(tests, a_disk_that_fails);
    tcase_add_loop_test(tests, a_part_of_another_run_stays, 0, 2);
    tcase_add_test(tests, an_abandoned_part_is_removed);
    tcase_add_test(tests, an_error_at_the_end_counts);
    tcase_add_test(tests, a_name_that_becomes_a_folder);
    tcase_add_loop_test(tests, a_name_of_another_kind, 0, 3);
    tcase_add_test(tests, signals_that_do_not_end_the_helper);
    tcase_add_test(tests, a_helper_that_was_killed);
    tcase_add_test(tests, a_helper_that_is_killed_meanwhile);
    tcase_add_test(tests, the_helper_ends_with_the_tool);
    suite_add_tcase(suite, tests);
    return suite;
}

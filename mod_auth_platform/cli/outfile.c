/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outfile.h"

#include "cli/output.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The words that the tool writes to the helper process. */
#define WORD_COMMIT 'c'
#define WORD_ABANDON 'a'
/* What it answers if the part is that of another run; no errno. */
#define TAKEN 255

struct authp_outfile_t {
    const char *path;
    const char *part;
    FILE *stream;
    struct stat own; /* of the part, when it was made */
    pid_t helper;
    int to_helper;
    const char *cut; /* the line that on_signal() prints */
    apr_pool_t *pool;
};

/* The signals by which a person or the system ends the tool. */
static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
#define WATCHED (sizeof(watched) / sizeof(*watched))

/* The file whose helper waits for a word. The function that sets this to NULL sends the word. */
static authp_outfile_t *_Atomic open_file;

static void sync_folder(const char *path)
{
    char copy[4096];
    apr_cpystrn(copy, path, sizeof(copy));
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)fsync(folder);
        (void)close(folder);
    }
}

/* False if a later run for the same name has removed our part, and has made an unfinished part of
 * its own under that name. */
static bool is_ours(const authp_outfile_t *file)
{
    struct stat named;
    return lstat(file->part, &named) == 0 && file->own.st_dev == named.st_dev &&
           file->own.st_ino == named.st_ino;
}

static void remove_part(const authp_outfile_t *file)
{
    if (is_ours(file)) {
        (void)unlink(file->part);
    }
}

static int give_name(const authp_outfile_t *file)
{
    if (!is_ours(file)) {
        return TAKEN;
    }
    int code = rename(file->part, file->path) == 0 ? 0 : errno;
    if (code != 0) {
        (void)unlink(file->part);
    }
    sync_folder(file->path);
    return code;
}

/* The helper process: waits for a word of the tool, gives the file its name or removes the part,
 * and exits with errno or TAKEN as its status. If no word comes because the tool was killed, it
 * removes the part. A signal from the terminal goes to both processes and must not end the helper
 * before it has done that. */
static void run_helper(const authp_outfile_t *file, int from_tool)
{
    char word = 0;
    int status = 0;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < WATCHED; i++) {
        (void)sigaction(watched[i], &ignore, NULL);
    }
    (void)sigaction(SIGQUIT, &ignore, NULL);
    if (read(from_tool, &word, 1) == 1 && word == WORD_COMMIT) {
        status = give_name(file);
    } else {
        remove_part(file);
    }
    _exit(status);
}

static bool start_helper(authp_outfile_t *file)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    file->helper = fork();
    if (file->helper == 0) {
        (void)close(ends[1]);
        run_helper(file, ends[0]);
    }
    (void)close(ends[0]);
    file->to_helper = ends[1];
    if (file->helper < 0) {
        (void)close(ends[1]);
    }
    return file->helper > 0;
}

/* Removes the part, says so, and lets the signal end the tool: SA_RESETHAND has restored the
 * default action, and the signal is blocked until this function returns. */
static void on_signal(int number)
{
    static const char word = WORD_ABANDON;
    const authp_outfile_t *file = atomic_exchange(&open_file, NULL);
    if (file != NULL) {
        (void)!write(file->to_helper, &word, 1);
        (void)waitpid(file->helper, NULL, 0);
        remove_part(file); /* if the helper was killed */
        (void)!write(STDERR_FILENO, file->cut, strlen(file->cut));
    }
    (void)raise(number);
}

/* Signals that the caller of the tool ignores (nohup) stay ignored. */
static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WATCHED; i++) {
        if (sigaction(watched[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            (void)sigaction(watched[i], &action, NULL);
        }
    }
}

/* True if another file than a regular one has the name, such as /dev/null or a FIFO. rename() would
 * put the file in its place. */
static bool is_special(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

/* Makes the part and starts the helper. Returns 0 or errno; then no part is left. */
static int make(authp_outfile_t *file)
{
    (void)unlink(file->part); /* of a run that was killed together with its helper */
    int fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno;
    }
    file->stream = fdopen(fd, "w");
    if (file->stream != NULL && fstat(fd, &file->own) == 0 && start_helper(file)) {
        return 0;
    }
    int code = errno;
    (void)unlink(file->part);
    return code;
}

authp_err_t authp_outfile_open(const char *path, authp_outfile_t **out, const char **error,
                               apr_pool_t *pool)
{
    sigset_t block;
    sigset_t mask;
    if (is_special(path)) {
        *error = apr_psprintf(pool, "cannot write %s: it is there and is not a regular file", path);
        return AUTHP_E_INTERNAL;
    }
    authp_outfile_t *file = apr_pcalloc(pool, sizeof(*file));
    file->pool = pool;
    file->path = apr_pstrdup(pool, path);
    file->part = apr_pstrcat(pool, path, ".part", NULL);
    file->cut = apr_pstrcat(pool, isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "",
                            "authplatform: ", authp_output_safe(path, pool),
                            " was not written: a signal has ended ", "this tool\n", NULL);
    /* A signal that comes now is handled after the helper has started. */
    sigemptyset(&block);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaddset(&block, watched[i]);
    }
    sigaddset(&block, SIGQUIT);
    sigprocmask(SIG_BLOCK, &block, &mask);
    int code = make(file);
    if (code == 0) {
        atomic_store(&open_file, file);
        watch_signals();
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (code != 0) {
        *error = apr_psprintf(pool, "cannot write %s: %s", file->part, strerror(code));
        return AUTHP_E_INTERNAL;
    }
    *out = file;
    return AUTHP_OK;
}

FILE *authp_outfile_stream(authp_outfile_t *file)
{
    return file->stream;
}

/* Sends the word to the helper and waits for its end. Returns 0, the errno of the helper, or the
 * errno of sending. If a signal comes meanwhile, the tool ends and the helper does what the word
 * says. */
static int tell(authp_outfile_t *file, char word)
{
    int status = 0;
    if (atomic_exchange(&open_file, NULL) == NULL) {
        /* on_signal() runs in another thread, and ends the process. */
        (void)pause();
    }
    bool told = write(file->to_helper, &word, 1) == 1;
    (void)close(file->to_helper);
    if (waitpid(file->helper, &status, 0) != file->helper || !WIFEXITED(status) || !told) {
        remove_part(file); /* the helper was killed */
        return EPIPE;
    }
    return WEXITSTATUS(status);
}

authp_err_t authp_outfile_commit(authp_outfile_t *file, const char **error)
{
    bool fine = fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    int code = fine ? 0 : errno;
    if (fclose(file->stream) != 0 && fine) {
        code = errno;
    }
    int named = tell(file, code == 0 ? WORD_COMMIT : WORD_ABANDON);
    code = code != 0 ? code : named;
    if (code != 0) {
        *error = apr_psprintf(file->pool, "cannot write %s: %s", file->path,
                              code == TAKEN ? "another run of this tool has begun to write it"
                                            : strerror(code));
        return AUTHP_E_INTERNAL;
    }
    return AUTHP_OK;
}

void authp_outfile_abandon(authp_outfile_t *file)
{
    (void)fclose(file->stream);
    (void)tell(file, WORD_ABANDON);
}

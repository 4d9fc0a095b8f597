/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/outfile.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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
    pid_t helper;
    int to_helper; /* -1: it is done */
    apr_pool_t *pool;
};

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
    struct stat own;
    struct stat named;
    return fstat(fileno(file->stream), &own) == 0 && lstat(file->part, &named) == 0 &&
           own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* The helper process: waits for a word of the tool, gives the file its name or removes the part,
 * and exits with errno or TAKEN as its status. If no word comes because the tool was killed, the
 * part stays. */
static void run_helper(const authp_outfile_t *file, int from_tool)
{
    char word = 0;
    int status = 0;
    if (read(from_tool, &word, 1) == 1 && word == WORD_COMMIT) {
        status = !is_ours(file) ? TAKEN : rename(file->part, file->path) == 0 ? 0 : errno;
        sync_folder(file->path);
    } else if (word == WORD_ABANDON && is_ours(file)) {
        (void)unlink(file->part);
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

authp_err_t authp_outfile_open(const char *path, authp_outfile_t **out, const char **error,
                               apr_pool_t *pool)
{
    authp_outfile_t *file = apr_pcalloc(pool, sizeof(*file));
    file->pool = pool;
    file->path = apr_pstrdup(pool, path);
    file->part = apr_pstrcat(pool, path, ".part", NULL);
    (void)unlink(file->part); /* of a run that was killed */
    int fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    file->stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file->stream == NULL || !start_helper(file)) {
        *error = apr_psprintf(pool, "cannot write %s: %s", file->part, strerror(errno));
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
 * errno of sending. */
static int tell(authp_outfile_t *file, char word)
{
    int status = 0;
    bool told = write(file->to_helper, &word, 1) == 1;
    (void)close(file->to_helper);
    file->to_helper = -1;
    if (waitpid(file->helper, &status, 0) != file->helper || !WIFEXITED(status) || !told) {
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

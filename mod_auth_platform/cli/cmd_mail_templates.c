/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_mail_templates.h"

#include "cli/output.h"
#include "service/mail/mail_texts.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* httpd reads the texts before it becomes another user. */
#define FOLDER_MODE 0700
#define FILE_MODE 0600

static int failed(const authp_context_t *context, const char *what, const char *path)
{
    char why[120];
    int code = errno;
    authp_output_error(context->pool, "cannot %s %s: %s", what, path,
                       apr_strerror(code, why, sizeof(why)));
    return AUTHP_EXIT_FAILED;
}

/* True if no file is there. Otherwise it has printed the first that is. */
static bool all_are_new(const authp_context_t *context, int folder, const char *out,
                        const apr_array_header_t *files)
{
    struct stat info;
    for (int i = 0; i < files->nelts; i++) {
        const char *name = APR_ARRAY_IDX(files, i, authp_mail_texts_file_t).name;
        if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            authp_output_error(context->pool, "%s/%s is there already; nothing was written", out,
                               name);
            return false;
        }
    }
    return true;
}

static bool write_whole(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t put = write(fd, text, len);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        text += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* Writes a file that is not there yet. False on an error; see errno. */
static bool write_file(int folder, const authp_mail_texts_file_t *file)
{
    int fd =
        openat(folder, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return false;
    }
    bool written = write_whole(fd, file->content);
    int why = errno;
    bool closed = close(fd) == 0;
    errno = written ? errno : why;
    return written && closed;
}

static int write_all(const authp_context_t *context, int folder, const char *out,
                     const apr_array_header_t *files)
{
    json_t *answer = authp_json_object(context->pool);
    json_t *names = authp_json_set_array(answer, "files");
    if (!all_are_new(context, folder, out, files)) {
        return AUTHP_EXIT_FAILED;
    }
    for (int i = 0; i < files->nelts; i++) {
        const authp_mail_texts_file_t *file = &APR_ARRAY_IDX(files, i, authp_mail_texts_file_t);
        if (!write_file(folder, file)) {
            return failed(context, "write", apr_pstrcat(context->pool, out, "/", file->name, NULL));
        }
        authp_json_append_str(names, file->name);
    }
    if (context->options->json) {
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "%d files written to %s", files->nelts, out);
    }
    return AUTHP_EXIT_OK;
}

int authp_cmd_mail_templates(authp_context_t *context)
{
    const char *out = authp_context_value(context, "out");
    apr_array_header_t *files = NULL;
    authp_err_t err = authp_mail_texts_files(&files, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    if (mkdir(out, FOLDER_MODE) != 0 && errno != EEXIST) {
        return failed(context, "make", out);
    }
    int folder = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return failed(context, "open", out);
    }
    int status = write_all(context, folder, out, files);
    (void)close(folder);
    return status;
}

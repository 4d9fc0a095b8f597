/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_files.h"

#include "base/file.h"
#include "base/text.h"
#include "service/mail/language.h"
#include "service/mail/mail_template.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MOST 1000

/* A name of a file without what could change the meaning of a log line. */
static const char *shown(const char *name, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, name);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at < 0x20 || *at >= 0x7f ? '?' : *at;
    }
    return copy;
}

void authp_mail_files_blame(const authp_settings_t *settings, const char *name, const char *why,
                            apr_array_header_t *errors, apr_pool_t *pool)
{
    bool line = strncmp(why, "line ", 5) == 0;
    APR_ARRAY_PUSH(errors, const char *) =
        apr_pstrcat(pool, "MAIL_TEMPLATE_DIR in ", settings->source, ": ",
                    settings->mail_template_dir, name != NULL ? "/" : "",
                    name != NULL ? shown(name, pool) : "", line ? ", " : " ", why, NULL);
}

/* --- names ------------------------------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* The kind that a wrong name of a kind may stand for. NULL: none. */
static const char *nearest_kind(const char *name, apr_pool_t *pool)
{
    apr_array_header_t *known = apr_array_make(pool, AUTHP_MAIL_KINDS, sizeof(const char *));
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        APR_ARRAY_PUSH(known, const char *) = authp_mail_kind_name((authp_mail_kind_t)kind);
    }
    return authp_text_nearest(name, known);
}

/* Takes the name of a file apart. Returns what is wrong with the name, or NULL. */
static const char *read_name(const char *name, authp_mail_file_t *out, apr_pool_t *pool)
{
    static const char expected[] = "is not named KIND.LANGUAGE.txt or KIND.LANGUAGE.html";
    const char *dot = strchr(name, '.');
    const char *last = strrchr(name, '.');
    bool html = ends_with(name, ".html");
    if (dot == NULL || dot == last || (!html && !ends_with(name, ".txt")) ||
        !authp_language_is_tag(dot + 1, (size_t)(last - dot) - 1)) {
        return expected;
    }
    const char *word = apr_pstrmemdup(pool, name, (apr_size_t)(dot - name));
    authp_mail_kind_t kind = authp_mail_kind_of(word);
    if (kind == AUTHP_MAIL_KINDS) {
        const char *meant = nearest_kind(word, pool);
        return meant != NULL ? apr_pstrcat(pool, "is not the name of a kind of mail; did you mean ",
                                           meant, dot, "?", NULL)
                             : "is not the name of a kind of mail";
    }
    *out = (authp_mail_file_t){
        .name = apr_pstrdup(pool, name),
        .kind = kind,
        .language = apr_pstrmemdup(pool, dot + 1, (apr_size_t)(last - dot) - 1),
        .is_html = html,
    };
    return NULL;
}

/* --- contents --------------------------------------------------------------------------------- */

static const char *system_why(int code, apr_pool_t *pool)
{
    char text[120];
    return apr_psprintf(pool, "cannot be read: %s", apr_strerror(code, text, sizeof(text)));
}

static const char *read_open(int fd, authp_mail_file_t *file, apr_pool_t *pool)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return system_why(errno, pool);
    }
    if (!S_ISREG(info.st_mode)) {
        return "is not a regular file";
    }
    if (info.st_size > (off_t)AUTHP_MAIL_TEMPLATE_MOST) {
        return apr_psprintf(pool, "is larger than %d KiB", (int)(AUTHP_MAIL_TEMPLATE_MOST / 1024));
    }
    char *bytes = apr_pcalloc(pool, (size_t)info.st_size + 1);
    if (!authp_file_read(fd, bytes, (size_t)info.st_size, &file->len)) {
        return system_why(errno, pool);
    }
    file->bytes = bytes;
    return NULL;
}

/* Reads the file. The flags prevent openat() from blocking on a FIFO, which is then refused. */
static const char *read_file(int folder, authp_mail_file_t *file, apr_pool_t *pool)
{
    int fd = openat(folder, file->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return system_why(errno, pool);
    }
    const char *why = read_open(fd, file, pool);
    (void)close(fd);
    return why;
}

/* --- the folder ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const authp_mail_file_t *left = a;
    const authp_mail_file_t *right = b;
    return strcmp(left->name, right->name);
}

static void read_entries(const authp_settings_t *settings, DIR *folder, apr_array_header_t *files,
                         apr_array_header_t *errors)
{
    apr_pool_t *pool = files->pool;
    struct dirent *entry = NULL;
    int count = 0;
    while ((entry = readdir(folder)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        authp_mail_file_t file = {.name = entry->d_name};
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (++count > FILES_MOST) {
            authp_mail_files_blame(settings, NULL, "has more than 1000 files", errors, pool);
            return;
        }
        const char *why = read_name(entry->d_name, &file, pool);
        if (why == NULL) {
            why = read_file(dirfd(folder), &file, pool);
        }
        if (why != NULL) {
            authp_mail_files_blame(settings, entry->d_name, why, errors, pool);
        } else {
            APR_ARRAY_PUSH(files, authp_mail_file_t) = file;
        }
    }
}

apr_array_header_t *authp_mail_files_read(const authp_settings_t *settings,
                                          apr_array_header_t *errors, apr_pool_t *pool)
{
    apr_array_header_t *files = apr_array_make(pool, 32, sizeof(authp_mail_file_t));
    DIR *folder = opendir(settings->mail_template_dir);
    if (folder == NULL) {
        authp_mail_files_blame(settings, NULL, system_why(errno, pool), errors, pool);
        return files;
    }
    read_entries(settings, folder, files, errors);
    (void)closedir(folder);
    if (files->nelts > 1) {
        qsort(files->elts, (size_t)files->nelts, sizeof(authp_mail_file_t), compare);
    }
    return files;
}

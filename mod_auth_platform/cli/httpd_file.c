/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/httpd_file.h"

#include "base/text.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 16
#define LINE_MOST 8192

/* A file that is being read, or is to be read. */
typedef struct source_t {
    const char *path; /* of a folder with a slash at its end */
    apr_file_t *file; /* NULL until it is opened */
    int number;       /* of the line that was read last */
    int depth;        /* how many files include it */
    bool wanted;      /* it is noted if the file cannot be read */
} source_t;

typedef struct reading_t {
    apr_array_header_t *sources; /* source_t: the last one is read until its end, then the others */
    apr_array_header_t *lines;
    apr_array_header_t *missed;
    apr_table_t *defined;
    const char *root; /* where relative paths count from */
    apr_pool_t *pool;
} reading_t;

const char *authp_httpd_file_word(const char **args, apr_pool_t *pool)
{
    const char *at = *args;
    while (apr_isspace(*at)) {
        at++;
    }
    char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
    const char *end = at;
    while (*end != '\0' && (quote != '\0' ? *end != quote : !apr_isspace(*end))) {
        end++;
    }
    *args = quote != '\0' && *end != '\0' ? end + 1 : end;
    return apr_pstrmemdup(pool, at, (apr_size_t)(end - at));
}

/* The text with each ${NAME} replaced that is known. */
static const char *expand(const reading_t *reading, const char *text)
{
    apr_pool_t *pool = reading->pool;
    const char *out = "";
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(text, "${")) {
        const char *end = strchr(at, '}');
        if (end == NULL) {
            break;
        }
        const char *name = apr_pstrmemdup(pool, at + 2, (apr_size_t)(end - at - 2));
        const char *value = apr_table_get(reading->defined, name);
        value = value != NULL ? value : getenv(name);
        out = apr_pstrcat(
            pool, out, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)),
            value != NULL ? value : apr_pstrmemdup(pool, at, (apr_size_t)(end + 1 - at)), NULL);
        text = end + 1;
    }
    return apr_pstrcat(pool, out, text, NULL);
}

static source_t *last_of(const reading_t *reading)
{
    return &APR_ARRAY_IDX(reading->sources, reading->sources->nelts - 1, source_t);
}

/* The files are read next, in the order of their names. `depth` is that of the file that has the
 * Include line. */
static void push_all(reading_t *reading, const char *pattern, int depth, bool wanted)
{
    glob_t found;
    if (depth == DEPTH_MOST || glob(pattern, GLOB_MARK, NULL, &found) != 0) {
        if (wanted) {
            APR_ARRAY_PUSH(reading->missed, const char *) = pattern;
        }
        return;
    }
    for (size_t i = found.gl_pathc; i > 0; i--) {
        APR_ARRAY_PUSH(reading->sources, source_t) =
            (source_t){.path = apr_pstrdup(reading->pool, found.gl_pathv[i - 1]),
                       .depth = depth + 1,
                       .wanted = wanted};
    }
    globfree(&found);
}

static void include(reading_t *reading, const char *args, bool wanted)
{
    const char *pattern = authp_httpd_file_word(&args, reading->pool);
    if (pattern[0] != '/') {
        pattern = apr_pstrcat(reading->pool, reading->root, "/", pattern, NULL);
    }
    push_all(reading, pattern, last_of(reading)->depth, wanted);
}

static void take(reading_t *reading, const char *text, const char *at)
{
    const char *args = expand(reading, text);
    char *name = apr_pstrdup(reading->pool, authp_httpd_file_word(&args, reading->pool));
    authp_text_lower(name);
    char *rest = authp_text_trim(args, reading->pool);
    size_t len = strlen(rest);
    if (name[0] == '<' && len > 0 && rest[len - 1] == '>') {
        rest[len - 1] = '\0';
    }
    name[strcspn(name, ">")] = '\0';
    if (strcmp(name, "include") == 0 || strcmp(name, "includeoptional") == 0) {
        include(reading, rest, name[7] == '\0');
        return;
    }
    const char *words = rest;
    if (strcmp(name, "serverroot") == 0) {
        reading->root = authp_httpd_file_word(&words, reading->pool);
    } else if (strcmp(name, "define") == 0) {
        const char *variable = authp_httpd_file_word(&words, reading->pool);
        apr_table_set(reading->defined, variable, authp_httpd_file_word(&words, reading->pool));
    }
    APR_ARRAY_PUSH(reading->lines, authp_httpd_line_t) =
        (authp_httpd_line_t){.at = at, .name = name, .args = rest};
}

/* Reads a line, and those that follow a backslash at its end. False at the end of the file. */
static bool next_line(apr_file_t *file, char *line, int *number)
{
    size_t len = 0;
    line[0] = '\0';
    while (len < LINE_MOST - 1 &&
           apr_file_gets(line + len, (int)(LINE_MOST - len), file) == APR_SUCCESS) {
        (*number)++;
        len = strlen(line);
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
            line[--len] = '\0';
        }
        if (len == 0 || line[len - 1] != '\\') {
            return true;
        }
        line[--len] = '\0';
    }
    return len > 0;
}

/* Opens the last source. If that cannot be read, it is dropped; a folder is replaced by what is in
 * it. */
static void open_last(reading_t *reading)
{
    source_t *source = last_of(reading);
    const source_t was = *source;
    size_t len = strlen(was.path);
    if (len > 0 && was.path[len - 1] == '/') {
        (void)apr_array_pop(reading->sources);
        push_all(reading, apr_pstrcat(reading->pool, was.path, "*", NULL), was.depth, false);
        return;
    }
    /* A folder or a FIFO is no configuration. */
    apr_finfo_t info;
    if (apr_stat(&info, was.path, APR_FINFO_TYPE, reading->pool) != APR_SUCCESS ||
        info.filetype != APR_REG ||
        apr_file_open(&source->file, was.path, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0,
                      reading->pool) != APR_SUCCESS) {
        (void)apr_array_pop(reading->sources);
        if (was.wanted) {
            APR_ARRAY_PUSH(reading->missed, const char *) = was.path;
        }
    }
}

/* Takes the next line of the last source, which is open. */
static void read_on(reading_t *reading)
{
    char line[LINE_MOST];
    source_t *source = last_of(reading);
    if (!next_line(source->file, line, &source->number)) {
        (void)apr_file_close(source->file);
        (void)apr_array_pop(reading->sources);
        return;
    }
    const char *text = authp_text_trim(line, reading->pool);
    if (text[0] != '\0' && text[0] != '#') {
        take(reading, text, apr_psprintf(reading->pool, "%s:%d", source->path, source->number));
    }
}

authp_err_t authp_httpd_file_read(const char *file, apr_array_header_t **lines,
                                  apr_array_header_t **missed, apr_pool_t *pool)
{
    const char *slash = strrchr(file, '/');
    reading_t reading = {
        .sources = apr_array_make(pool, 4, sizeof(source_t)),
        .lines = apr_array_make(pool, 64, sizeof(authp_httpd_line_t)),
        .missed = apr_array_make(pool, 2, sizeof(const char *)),
        .defined = apr_table_make(pool, 4),
        .root = slash == NULL ? "." : apr_pstrmemdup(pool, file, (apr_size_t)(slash - file)),
        .pool = pool};
    APR_ARRAY_PUSH(reading.sources, source_t) = (source_t){.path = file, .wanted = true};
    while (reading.sources->nelts > 0) {
        if (last_of(&reading)->file == NULL) {
            open_last(&reading);
        } else {
            read_on(&reading);
        }
    }
    *lines = reading.lines;
    *missed = reading.missed;
    return reading.missed->nelts > 0 &&
                   strcmp(APR_ARRAY_IDX(reading.missed, 0, const char *), file) == 0
               ? AUTHP_E_NOT_FOUND
               : AUTHP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/httpd_file.h"

#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 16
#define LINE_MOST 8192

typedef struct reading_t {
    apr_array_header_t *lines;
    apr_array_header_t *missed;
    apr_table_t *defined;
    const char *root; /* where relative paths count from */
    apr_pool_t *pool;
    int depth;
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

static void read_file(reading_t *reading, const char *path, bool wanted);

static void include(reading_t *reading, const char *args, bool wanted)
{
    glob_t found;
    const char *pattern = authp_httpd_file_word(&args, reading->pool);
    if (pattern[0] != '/') {
        pattern = apr_pstrcat(reading->pool, reading->root, "/", pattern, NULL);
    }
    if (reading->depth == DEPTH_MOST || glob(pattern, GLOB_MARK, NULL, &found) != 0) {
        if (wanted) {
            APR_ARRAY_PUSH(reading->missed, const char *) = pattern;
        }
        return;
    }
    reading->depth++;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = apr_pstrdup(reading->pool, found.gl_pathv[i]);
        if (path[strlen(path) - 1] == '/') {
            include(reading, apr_pstrcat(reading->pool, "\"", path, "*\"", NULL), false);
        } else {
            read_file(reading, path, wanted);
        }
    }
    reading->depth--;
    globfree(&found);
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
static bool next_line(FILE *file, char *line, int *number)
{
    size_t len = 0;
    line[0] = '\0';
    while (len < LINE_MOST - 1 && fgets(line + len, (int)(LINE_MOST - len), file) != NULL) {
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

static void read_file(reading_t *reading, const char *path, bool wanted)
{
    char line[LINE_MOST];
    int number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        if (wanted) {
            APR_ARRAY_PUSH(reading->missed, const char *) = path;
        }
        return;
    }
    while (next_line(file, line, &number)) {
        const char *text = authp_text_trim(line, reading->pool);
        if (text[0] != '\0' && text[0] != '#') {
            take(reading, text, apr_psprintf(reading->pool, "%s:%d", path, number));
        }
    }
    (void)fclose(file);
}

authp_err_t authp_httpd_file_read(const char *file, apr_array_header_t **lines,
                                  apr_array_header_t **missed, apr_pool_t *pool)
{
    const char *slash = strrchr(file, '/');
    reading_t reading = {
        .lines = apr_array_make(pool, 64, sizeof(authp_httpd_line_t)),
        .missed = apr_array_make(pool, 2, sizeof(const char *)),
        .defined = apr_table_make(pool, 4),
        .root = slash == NULL ? "." : apr_pstrmemdup(pool, file, (apr_size_t)(slash - file)),
        .pool = pool};
    read_file(&reading, file, true);
    *lines = reading.lines;
    *missed = reading.missed;
    return reading.missed->nelts > 0 &&
                   strcmp(APR_ARRAY_IDX(reading.missed, 0, const char *), file) == 0
               ? AUTHP_E_NOT_FOUND
               : AUTHP_OK;
}

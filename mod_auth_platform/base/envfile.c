/* SPDX-License-Identifier: Apache-2.0 */
#include "base/envfile.h"
#include "base/file.h"
#include "base/secret.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES (64 * 1024)

/* One line of the file, without its line end. */
typedef struct line_t {
    const char *at;
    const char *end;
} line_t;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(line_t *line)
{
    while (line->at < line->end && is_blank(*line->at)) {
        line->at++;
    }
}

static bool is_key_start(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_key(char c)
{
    return is_key_start(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static bool has_control(const line_t *line)
{
    for (const char *at = line->at; at < line->end; at++) {
        if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Skips `export `, unless "export" is itself the key ("export = x"). */
static void skip_export(line_t *line)
{
    static const char word[] = "export";
    const size_t len = sizeof(word) - 1;
    if ((size_t)(line->end - line->at) <= len || memcmp(line->at, word, len) != 0 ||
        !is_blank(line->at[len])) {
        return;
    }
    line_t rest = {line->at + len, line->end};
    skip_blanks(&rest);
    if (rest.at < rest.end && is_key_start(*rest.at)) {
        *line = rest;
    }
}

/* The functions below return NULL, or what is wrong with the line. They never quote a value. */
static const char *read_key(line_t *line, const char **key, apr_pool_t *pool)
{
    skip_export(line);
    const char *start = line->at;
    if (line->at < line->end && is_key_start(*line->at)) {
        while (line->at < line->end && is_key(*line->at)) {
            line->at++;
        }
    }
    size_t len = (size_t)(line->at - start);
    skip_blanks(line);
    if (len == 0 || line->at == line->end || *line->at != '=') {
        return "is not KEY=VALUE, a comment or empty";
    }
    line->at++;
    *key = apr_pstrmemdup(pool, start, len);
    return NULL;
}

static const char *read_single_quoted(line_t *line, char *out)
{
    while (line->at < line->end && *line->at != '\'') {
        *out++ = *line->at++;
    }
    *out = '\0';
    return line->at < line->end ? NULL : "has a single quote that is not closed in the line";
}

static const char *read_double_quoted(line_t *line, char *out)
{
    static const char letters[] = "nrt\"\\$";
    static const char meanings[] = "\n\r\t\"\\$";
    while (line->at < line->end && *line->at != '"') {
        char c = *line->at++;
        if (c == '\\') {
            const char *letter =
                line->at < line->end ? memchr(letters, *line->at, sizeof(letters) - 1) : NULL;
            if (letter == NULL) {
                return "has an unknown escape in double quotes (known: \\n \\r \\t \\\" \\\\ "
                       "\\$; single quotes take text as it is)";
            }
            c = meanings[letter - letters];
            line->at++;
        }
        *out++ = c;
    }
    *out = '\0';
    return line->at < line->end ? NULL : "has a double quote that is not closed in the line";
}

static void read_plain(line_t *line, const char *value, char *out)
{
    const char *end = line->at;
    /* `value` is the position after '=', so that white space before a '#' counts there too. */
    while (end < line->end && !(*end == '#' && end > value && is_blank(end[-1]))) {
        end++;
    }
    while (end > line->at && is_blank(end[-1])) {
        end--;
    }
    size_t len = (size_t)(end - line->at);
    memcpy(out, line->at, len);
    out[len] = '\0';
}

static const char *read_value(line_t *line, char *out)
{
    const char *value = line->at;
    skip_blanks(line);
    char quote = line->at < line->end ? *line->at : '\0';
    if (quote != '\'' && quote != '"') {
        read_plain(line, value, out);
        return NULL;
    }
    line->at++;
    const char *wrong =
        quote == '"' ? read_double_quoted(line, out) : read_single_quoted(line, out);
    if (wrong != NULL) {
        return wrong;
    }
    const char *behind = ++line->at;
    skip_blanks(line);
    if (line->at < line->end && (*line->at != '#' || line->at == behind)) {
        return "has text behind the closing quote";
    }
    return NULL;
}

/* Adds the line's pair to `table`. `seen` finds repeated keys: its look-up is case-sensitive, and
 * that of an apr_table_t is not. */
static const char *read_line(line_t line, apr_table_t *table, apr_hash_t *seen, apr_pool_t *pool)
{
    skip_blanks(&line);
    if (has_control(&line)) {
        return "has a control character";
    }
    if (line.at == line.end || *line.at == '#') {
        return NULL;
    }
    const char *key = NULL;
    const char *wrong = read_key(&line, &key, pool);
    if (wrong != NULL) {
        return wrong;
    }
    if (apr_hash_get(seen, key, APR_HASH_KEY_STRING) != NULL) {
        return apr_pstrcat(pool, "sets ", key, " a second time", NULL);
    }
    char *value = apr_palloc(pool, (size_t)(line.end - line.at) + 1);
    wrong = read_value(&line, value);
    if (wrong != NULL) {
        return apr_pstrcat(pool, "(", key, ") ", wrong, NULL);
    }
    apr_hash_set(seen, key, APR_HASH_KEY_STRING, key);
    apr_table_addn(table, key, value);
    return NULL;
}

static authp_err_t refuse(authp_err_t err, const char *name, const char *why, const char **error,
                          apr_pool_t *pool)
{
    *error = apr_pstrcat(pool, name, ": ", why, NULL);
    return err;
}

authp_err_t authp_envfile_parse(const char *name, const char *text, size_t len, apr_table_t **out,
                                const char **error, apr_pool_t *pool)
{
    static const char bom[] = "\xEF\xBB\xBF";
    if (len > SIZE_MAX_BYTES) {
        return refuse(AUTHP_E_TOO_LARGE, name, "is over 64 KiB", error, pool);
    }
    if (len > 0 && memchr(text, '\0', len) != NULL) {
        return refuse(AUTHP_E_MALFORMED, name, "has a NUL byte", error, pool);
    }
    const char *end = text + len;
    if (len >= 3 && memcmp(text, bom, 3) == 0) {
        text += 3;
    }
    apr_table_t *table = apr_table_make(pool, 32);
    apr_hash_t *seen = apr_hash_make(pool);
    for (int number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        line_t line = {text, newline != NULL ? newline : end};
        text = newline != NULL ? newline + 1 : end;
        if (line.end > line.at && line.end[-1] == '\r') {
            line.end--;
        }
        const char *wrong = read_line(line, table, seen, pool);
        if (wrong != NULL) {
            *error = apr_psprintf(pool, "%s: line %d %s", name, number, wrong);
            return AUTHP_E_MALFORMED;
        }
    }
    *out = table;
    return AUTHP_OK;
}

/* NULL, or the reason why the file is refused. */
static const char *check_kind(const struct stat *info)
{
    const char *refusal = authp_file_refusal(info);
    if (refusal != NULL) {
        return refusal;
    }
    if ((info->st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
        return "is readable or writable by its group or by others; make it private with "
               "`chmod 600`";
    }
    return NULL;
}

static authp_err_t read_open(const char *path, int fd, apr_table_t **out, const char **error,
                             apr_pool_t *pool)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return refuse(AUTHP_E_MALFORMED, path, "cannot be read", error, pool);
    }
    const char *wrong = check_kind(&info);
    if (wrong != NULL) {
        return refuse(AUTHP_E_MALFORMED, path, wrong, error, pool);
    }
    /* The buffer has one byte more than the limit, so that a larger file is noticed. */
    char *buffer = apr_palloc(pool, SIZE_MAX_BYTES + 1);
    size_t len = 0;
    if (!authp_file_read(fd, buffer, SIZE_MAX_BYTES + 1, &len)) {
        return refuse(AUTHP_E_MALFORMED, path, "cannot be read", error, pool);
    }
    authp_err_t err = authp_envfile_parse(path, buffer, len, out, error, pool);
    authp_secret_wipe(buffer, len);
    return err;
}

authp_err_t authp_envfile_read(const char *path, apr_table_t **out, const char **error,
                               apr_pool_t *pool)
{
    /* With these flags a FIFO does not block the start, and root does not follow a link to another
     * file. */
    int fd = open(path, O_RDONLY | AUTHP_FILE_FLAGS);
    if (fd < 0 && errno == ELOOP) {
        return refuse(AUTHP_E_MALFORMED, path,
                      "is a symbolic link, not a regular file; name the file that it points at",
                      error, pool);
    }
    if (fd < 0) {
        int why = errno;
        char text[128];
        apr_strerror(APR_FROM_OS_ERROR(why), text, sizeof(text));
        *error = apr_psprintf(pool, "%s: cannot be opened: %s", path, text);
        return why == ENOENT ? AUTHP_E_NOT_FOUND : AUTHP_E_MALFORMED;
    }
    authp_err_t err = read_open(path, fd, out, error, pool);
    (void)close(fd);
    return err;
}

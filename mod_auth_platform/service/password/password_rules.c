/* SPDX-License-Identifier: Apache-2.0 */
#include "service/password/password_rules.h"

#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/password/bcrypt.h"
#include "service/password/common_passwords.h"

#include <apr_errno.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((off_t)16 * 1024 * 1024)

struct authp_refused_t {
    const char **sorted; /* in lower case */
    size_t count;
};

static int compare(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static void add_line(apr_array_header_t *lines, const char *line, size_t len)
{
    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    if (len == 0 || len > AUTHP_BCRYPT_MAX_BYTES) {
        return;
    }
    char *copy = apr_pstrmemdup(lines->pool, line, len);
    authp_text_lower(copy);
    APR_ARRAY_PUSH(lines, const char *) = copy;
}

const authp_refused_t *authp_password_rules_parse(const char *text, size_t len, apr_pool_t *pool)
{
    static const char bom[] = "\xEF\xBB\xBF";
    size_t at = len >= 3 && strncmp(text, bom, 3) == 0 ? 3 : 0;
    apr_array_header_t *lines = apr_array_make(pool, 256, sizeof(const char *));
    while (at < len) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line = end != NULL ? (size_t)(end - text) - at : len - at;
        add_line(lines, text + at, line);
        at += line + 1;
    }
    authp_refused_t *refused = apr_pcalloc(pool, sizeof(*refused));
    refused->sorted = (const char **)(void *)lines->elts;
    refused->count = (size_t)lines->nelts;
    if (refused->count > 0) {
        qsort(refused->sorted, refused->count, sizeof(*refused->sorted), compare);
    }
    return refused;
}

/* Reads a regular file. The flags prevent open() from blocking on a FIFO, which is then refused. */
static apr_status_t read_all(const char *path, char **text, size_t *len, apr_pool_t *pool)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    apr_status_t rv = fstat(fd, &info) == 0 ? APR_SUCCESS : errno;
    if (rv == APR_SUCCESS && (!S_ISREG(info.st_mode) || info.st_size > FILE_MAX)) {
        rv = APR_EINVAL;
    }
    if (rv == APR_SUCCESS) {
        *text = apr_palloc(pool, (size_t)info.st_size + 1);
        rv = authp_file_read(fd, *text, (size_t)info.st_size, len) ? APR_SUCCESS : errno;
    }
    (void)close(fd);
    return rv;
}

authp_err_t authp_password_rules_load(const char *path, const authp_refused_t **out,
                                      const char **error, apr_pool_t *pool)
{
    char *text = NULL;
    size_t len = 0;
    apr_pool_t *scratch = NULL;
    if (apr_pool_create(&scratch, pool) != APR_SUCCESS) {
        *error = "out of memory";
        return AUTHP_E_INTERNAL;
    }
    apr_status_t rv = read_all(path, &text, &len, scratch);
    if (rv == APR_SUCCESS) {
        *out = authp_password_rules_parse(text, len, pool);
    } else if (rv == APR_EINVAL) {
        *error = apr_psprintf(pool, "%s is not a regular file of at most 16 MiB", path);
    } else {
        char why[120];
        *error = apr_psprintf(pool, "cannot read %s: %s", path, apr_strerror(rv, why, sizeof(why)));
    }
    apr_pool_destroy(scratch);
    return rv == APR_SUCCESS ? AUTHP_OK : AUTHP_E_VALIDATION_FAILED;
}

static int compare_common(const void *key, const void *element)
{
    return strcmp(key, authp_common_passwords_text + *(const uint32_t *)element);
}

/* Makes a copy in lower case that ends with a NUL. False if the password is too long. The caller
 * wipes the copy. */
static bool fold(const char *password, size_t len, char out[AUTHP_BCRYPT_MAX_BYTES + 1])
{
    if (len > AUTHP_BCRYPT_MAX_BYTES) {
        return false;
    }
    memcpy(out, password, len);
    out[len] = '\0';
    authp_text_lower(out);
    return true;
}

/* The search does not take constant time. That tells nothing: the lists are public, and the
 * password is not in use yet. */
bool authp_password_rules_common(const char *password, size_t len)
{
    char lower[AUTHP_BCRYPT_MAX_BYTES + 1] = "";
    bool found = fold(password, len, lower) &&
                 bsearch(lower, authp_common_passwords_at, authp_common_passwords_count,
                         sizeof(authp_common_passwords_at[0]), compare_common) != NULL;
    authp_secret_wipe(lower, sizeof(lower));
    return found;
}

bool authp_password_rules_refused(const authp_refused_t *refused, const char *password, size_t len)
{
    char lower[AUTHP_BCRYPT_MAX_BYTES + 1];
    if (refused == NULL || refused->count == 0 || !fold(password, len, lower)) {
        return false;
    }
    const char *key = lower;
    bool found =
        bsearch(&key, refused->sorted, refused->count, sizeof(*refused->sorted), compare) != NULL;
    authp_secret_wipe(lower, sizeof(lower));
    return found;
}

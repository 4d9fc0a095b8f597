/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/path.h"
#include "base/id.h"

#include <apr_strings.h>
#include <string.h>

#define WORD_MOST 64

static bool is_id(const char *text, size_t len)
{
    char id[AUTHP_ID_LEN + 1];
    if (len != AUTHP_ID_LEN) {
        return false;
    }
    memcpy(id, text, len);
    id[len] = '\0';
    return authp_id_valid(id);
}

/* True for the form of names that a configuration or a table of ours gives: lower-case and
 * short. */
static bool is_word(const char *text, size_t len)
{
    if (len == 0 || len > WORD_MOST || text[0] < 'a' || text[0] > 'z') {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        char c = text[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

#define WORD_PATTERN "^[a-z][a-z0-9_-]{0,63}$"

static const authp_path_kind_t kinds[] = {
    {"id", "^[0-9a-f]{24}$", "24 hex characters.", "65f0c0ffee00000000000a01", is_id},
    {"provider", WORD_PATTERN, "The name of an identity provider.", "google", is_word},
    {"role", WORD_PATTERN, "The name of a role.", "candidate", is_word},
    {"name", WORD_PATTERN, "A name: lower-case letters, digits, _ and -.", "example", is_word},
};

/* Returns the kind of the segment that begins at `brace`, which points at '{'. *end gets the
 * position after '}'. */
static const authp_path_kind_t *kind_at(const char *brace, const char **end)
{
    const char *close = strchr(brace, '}');
    for (size_t i = 0; close != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = strlen(kinds[i].name);
        if ((size_t)(close - brace - 1) == len && strncmp(brace + 1, kinds[i].name, len) == 0) {
            *end = close + 1;
            return &kinds[i];
        }
    }
    return NULL;
}

const authp_path_kind_t *authp_path_next(const char **pattern)
{
    const char *brace = strchr(*pattern, '{');
    return brace != NULL ? kind_at(brace, pattern) : NULL;
}

/* Keeps one value. Returns false if the path has more values than a call has room for. */
static bool keep(authp_path_values_t *values, const authp_path_kind_t *kind, const char *text,
                 size_t len, apr_pool_t *pool)
{
    if (values == NULL) {
        return true;
    }
    if (values->count == AUTHP_PATH_VALUES) {
        return false;
    }
    values->at[values->count].name = kind->name;
    values->at[values->count].text = apr_pstrmemdup(pool, text, len);
    values->count++;
    return true;
}

bool authp_path_matches(const char *pattern, const char *path, authp_path_values_t *values,
                        apr_pool_t *pool)
{
    if (values != NULL) {
        values->count = 0;
    }
    for (;;) {
        size_t fixed = strcspn(pattern, "{");
        if (strncmp(pattern, path, fixed) != 0) {
            return false;
        }
        pattern += fixed;
        path += fixed;
        if (*pattern == '\0') {
            return *path == '\0';
        }
        const authp_path_kind_t *kind = kind_at(pattern, &pattern);
        size_t len = strcspn(path, "/");
        if (kind == NULL || !kind->holds(path, len) || !keep(values, kind, path, len, pool)) {
            return false;
        }
        path += len;
    }
}

const char *authp_path_value(const authp_path_values_t *values, const char *name)
{
    for (int i = 0; i < values->count; i++) {
        if (strcmp(values->at[i].name, name) == 0) {
            return values->at[i].text;
        }
    }
    return NULL;
}

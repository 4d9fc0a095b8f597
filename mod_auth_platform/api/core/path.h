/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_PATH_H
#define AUTHP_API_CORE_PATH_H

#include <apr_pools.h>
#include <stdbool.h>

/* Paths of routes: "/users/{id}/sessions". A segment in braces stands for a value whose name says
 * what it may be; path.c has a row for each name. */
typedef struct authp_path_kind_t {
    const char *name;    /* "id" */
    const char *pattern; /* regular expression, for OpenAPI */
    const char *about;
    const char *example;
    bool (*holds)(const char *text, size_t len); /* true if these bytes are a valid value */
} authp_path_kind_t;

#define AUTHP_PATH_VALUES 2

/* The values of one request's path, in the order of the route's braces. */
typedef struct authp_path_values_t {
    int count;
    struct {
        const char *name;
        const char *text;
    } at[AUTHP_PATH_VALUES];
} authp_path_values_t;

/* True if `path` matches `pattern`. `values`, unless it is NULL, gets copies of the segments in the
 * place of the braces, made in `pool`. A pattern with a name that path.c does not have matches
 * nothing. */
bool authp_path_matches(const char *pattern, const char *path, authp_path_values_t *values,
                        apr_pool_t *pool);

/* The value called `name`, NULL if the path has none. */
const char *authp_path_value(const authp_path_values_t *values, const char *name);

/* Returns the kind of the first brace in `pattern`, and moves *pattern behind it. NULL if there is
 * no further one. */
const authp_path_kind_t *authp_path_next(const char **pattern);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of accounts. A list is in the order of ids, so that a page begins where the last one ended.
 * What a list costs must not grow with the number of accounts:
 *   - A prefix that few accounts have is looked up in the index on email, and what is found is
 *     sorted. With a prefix that more than FEW accounts have, the accounts are read in the order of
 *     their ids until the page is full.
 *   - A role is looked up in the index on (roles, id). `roles` is a list, so first the different
 *     lists that contain the role are found. There are few of them. A page is read for each of
 *     them, and what comes first on these pages is the page of the role. */
#include "store/model.h"
#include "store/sql/sql_columns.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* The most accounts that are read and sorted for one page. */
#define FEW 1000
/* Greater than each character of an address. It ends the range of a prefix. */
#define LAST_CHARACTER "\xf4\x8f\xbf\xbf"

/* An expression, so that the planner does not use the index on id, or that on email. */
#define ID "coalesce(id, '')"
#define EMAIL "coalesce(email, '')"
#define LISTED "{absent:deleted_at} AND ({?int} = 1 OR disabled = {no})"

/* What all statements of one list bind. */
typedef struct listing_t {
    const char *after;
    const char *from; /* the range of the prefix */
    const char *to;
    const char *role; /* ",name,"; "" = any */
    const apr_int64_t *disabled_too;
    apr_int64_t limit;
} listing_t;

static authp_err_t is_rare(authp_sql_t *sql, const listing_t *listing, bool *rare)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list count of a prefix",
        .text = "SELECT count(*) FROM (SELECT 1 FROM users WHERE email >= {?text} AND "
                "email < {?text} LIMIT {?int}) AS found"};
    int64_t found = 0;
    apr_int64_t most = FEW + 1;
    const void *values[] = {listing->from, listing->to, &most};
    authp_err_t err = authp_sql_run(sql, &statement, values, authp_sql_rows_number, &found);
    if (err == AUTHP_OK) {
        *rare = found <= FEW;
    }
    return err;
}

static authp_err_t list_rare(authp_sql_t *sql, const listing_t *listing, apr_array_header_t **out,
                             apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list of a rare prefix",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM users WHERE email >= {?text} AND email < {?text} "
                "AND " ID " > {?id} AND " LISTED " "
                "AND ({?text} = '' OR replace(roles, {?text}, '') <> roles) "
                "ORDER BY " ID " LIMIT {?int}"};
    const void *values[] = {listing->from, listing->to,   listing->after, listing->disabled_too,
                            listing->role, listing->role, &listing->limit};
    return authp_sql_columns_list(sql, &statement, values, out, pool);
}

static authp_err_t list_all(authp_sql_t *sql, const listing_t *listing, apr_array_header_t **out,
                            apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM users WHERE id > {?id} AND " LISTED " "
                "AND " EMAIL " >= {?text} AND " EMAIL " < {?text} ORDER BY id LIMIT {?int}"};
    const void *values[] = {listing->after, listing->disabled_too, listing->from, listing->to,
                            &listing->limit};
    return authp_sql_columns_list(sql, &statement, values, out, pool);
}

/* Finds the different lists of roles that contain the role, and stores them in *out. Each
 * statement finds the next different list in the index, so the accounts with the same list are
 * not read. */
static authp_err_t find_lists(authp_sql_t *sql, const listing_t *listing, apr_array_header_t **out,
                              apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list lists of roles",
        .text = "SELECT list FROM (WITH RECURSIVE lists (list) AS (SELECT min(roles) FROM users "
                "UNION ALL SELECT (SELECT min(roles) FROM users WHERE roles > list) FROM lists "
                "WHERE list IS NOT NULL) SELECT list FROM lists) AS found "
                "WHERE replace(list, {?text}, '') <> list"};
    authp_sql_rows_texts_t found = {.texts = apr_array_make(pool, 8, sizeof(const char *)),
                                    .pool = pool};
    const void *values[] = {listing->role};
    authp_err_t err = authp_sql_run(sql, &statement, values, authp_sql_rows_texts, &found);
    if (err == AUTHP_OK) {
        *out = found.texts;
    }
    return err;
}

static authp_err_t list_with(authp_sql_t *sql, const listing_t *listing, const char *roles,
                             apr_array_header_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list of a list of roles",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM users WHERE roles = {?text} AND id > {?id} AND " LISTED " "
                "AND " EMAIL " >= {?text} AND " EMAIL " < {?text} ORDER BY id LIMIT {?int}"};
    const void *values[] = {roles,         listing->after, listing->disabled_too,
                            listing->from, listing->to,    &listing->limit};
    return authp_sql_columns_list(sql, &statement, values, out, pool);
}

static int compare_ids(const void *one, const void *other)
{
    const authp_user_t *const *a = one;
    const authp_user_t *const *b = other;
    return strcmp((*a)->id.hex, (*b)->id.hex);
}

static authp_err_t list_role(authp_sql_t *sql, const listing_t *listing, apr_array_header_t **out,
                             apr_pool_t *pool)
{
    apr_array_header_t *lists = NULL;
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(authp_user_t *));
    authp_err_t err = find_lists(sql, listing, &lists, pool);
    for (int i = 0; err == AUTHP_OK && i < lists->nelts; i++) {
        apr_array_header_t *found = NULL;
        err = list_with(sql, listing, APR_ARRAY_IDX(lists, i, const char *), &found, pool);
        if (err == AUTHP_OK) {
            apr_array_cat(all, found);
        }
    }
    if (err != AUTHP_OK) {
        return err;
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(authp_user_t *), compare_ids);
    all->nelts = all->nelts < listing->limit ? all->nelts : (int)listing->limit;
    *out = all;
    return AUTHP_OK;
}

authp_err_t authp_sql_user_list(void *self, const authp_user_filter_t *filter,
                                apr_array_header_t **out, apr_pool_t *pool)
{
    const char *prefix = filter->email_prefix != NULL ? filter->email_prefix : "";
    const listing_t listing = {
        .after = filter->after_id != NULL ? filter->after_id : "",
        .from = prefix,
        .to = apr_pstrcat(pool, prefix, LAST_CHARACTER, NULL),
        .role = filter->role != NULL ? apr_pstrcat(pool, ",", filter->role, ",", NULL) : "",
        .disabled_too = authp_sql_bool(!filter->enabled_only),
        .limit = filter->limit};
    bool rare = false;
    authp_err_t err = *prefix != '\0' ? is_rare(self, &listing, &rare) : AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    if (rare) {
        return list_rare(self, &listing, out, pool);
    }
    return filter->role != NULL ? list_role(self, &listing, out, pool)
                                : list_all(self, &listing, out, pool);
}

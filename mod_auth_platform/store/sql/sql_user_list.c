/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of accounts. A list is in the order of ids, so that a page begins where the last one ended.
 * What a list costs must not grow with the number of accounts:
 *   - A prefix that few accounts have is looked up in the index on email or username, and what is
 *     found is sorted. With a prefix that more than FEW accounts have, the accounts are read in the
 *     order of their ids until the page is full.
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
/* Greater than each character of an address or username. It ends the range of a prefix. */
#define LAST_CHARACTER "\xf4\x8f\xbf\xbf"

/* Expressions, so that the planner does not use the indexes on id, email and username. */
#define ID "coalesce(id, '')"
#define EMAIL "coalesce(email, '')"
#define USERNAME "coalesce(username, '')"
#define IN_RANGE(what) what " >= {?text} AND " what " < {?text}"
/* In a form that PostgreSQL takes for true of nearly every row. It takes the plain conditions for
 * true of very few rows, and then it reads all of a million accounts and sorts what it finds,
 * instead of reading in order until the page is full. */
#define IN_RANGES "CASE WHEN " IN_RANGE(EMAIL) " AND " IN_RANGE(USERNAME) " THEN 1 ELSE 0 END <> 0"
#define LISTED "{absent:deleted_at} AND ({?int} = 1 OR disabled = {no})"

/* The texts that begin with a prefix: all from `from` on, and before `to`. An account without a
 * text counts as one with an empty text. */
typedef struct range_t {
    const char *from;
    const char *to;
} range_t;

/* What all statements of one list bind. */
typedef struct listing_t {
    const char *after;
    range_t email;
    range_t username;
    const char *role; /* ",name,"; "" = any */
    const apr_int64_t *disabled_too;
    apr_int64_t limit;
} listing_t;

static authp_err_t is_rare(authp_sql_t *sql, const authp_sql_statement_t *count,
                           const range_t *range, bool *rare)
{
    int64_t found = 0;
    apr_int64_t most = FEW + 1;
    const void *values[] = {range->from, range->to, &most};
    authp_err_t err = AUTHP_OK;
    *rare = false;
    if (*range->from != '\0') {
        err = authp_sql_run(sql, count, values, authp_sql_rows_number, &found);
        *rare = err == AUTHP_OK && found <= FEW;
    }
    return err;
}

#define COUNT(column)                                                                              \
    "SELECT count(*) FROM (SELECT 1 FROM {table:users} WHERE " IN_RANGE(                           \
        column) " LIMIT {?int}) AS found"

/* Whether few accounts have the prefix of the address, or that of the username. *rare: the range
 * that is rare, which is in `listing`; NULL = none. */
static authp_err_t find_rare(authp_sql_t *sql, const listing_t *listing, const range_t **rare)
{
    static const authp_sql_statement_t by_email = {.name = "user_list count of a prefix",
                                                   .text = COUNT("email")};
    static const authp_sql_statement_t by_username = {
        .name = "user_list count of a prefix of usernames", .text = COUNT("username")};
    bool is = false;
    *rare = NULL;
    authp_err_t err = is_rare(sql, &by_email, &listing->email, &is);
    if (err == AUTHP_OK && is) {
        *rare = &listing->email;
        return err;
    }
    if (err == AUTHP_OK) {
        err = is_rare(sql, &by_username, &listing->username, &is);
    }
    *rare = err == AUTHP_OK && is ? &listing->username : NULL;
    return err;
}

#define RARE(column, other)                                                                        \
    "SELECT {columns} FROM {table:users} WHERE " IN_RANGE(column) " AND " IN_RANGE(                \
        other) " "                                                                                 \
               "AND " ID " > {?id} AND " LISTED " "                                                \
               "AND ({?text} = '' OR replace(roles, {?text}, '') <> roles) ORDER BY " ID           \
               " LIMIT {?int}"

static authp_err_t list_rare(authp_sql_t *sql, const listing_t *listing, const range_t *rare,
                             apr_array_header_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t by_email = {.name = "user_list of a rare prefix",
                                                   .columns = &authp_columns_user,
                                                   .text = RARE("email", USERNAME)};
    static const authp_sql_statement_t by_username = {.name =
                                                          "user_list of a rare prefix of usernames",
                                                      .columns = &authp_columns_user,
                                                      .text = RARE("username", EMAIL)};
    bool email = rare == &listing->email;
    const range_t *other = email ? &listing->username : &listing->email;
    const void *values[] = {rare->from,    rare->to,       other->from,
                            other->to,     listing->after, listing->disabled_too,
                            listing->role, listing->role,  &listing->limit};
    return authp_sql_columns_list(sql, email ? &by_email : &by_username, values, out, pool);
}

static authp_err_t list_all(authp_sql_t *sql, const listing_t *listing, apr_array_header_t **out,
                            apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE id > {?id} AND " LISTED " "
                "AND " IN_RANGES " ORDER BY id LIMIT {?int}"};
    const void *values[] = {listing->after,    listing->disabled_too,  listing->email.from,
                            listing->email.to, listing->username.from, listing->username.to,
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
        .text =
            "SELECT list FROM (WITH RECURSIVE lists (list) AS (SELECT min(roles) FROM {table:users} "
            "UNION ALL SELECT (SELECT min(roles) FROM {table:users} WHERE roles > list) FROM lists "
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

/* Reads a page of the accounts with one list of roles. The order is that of the index on (roles,
 * id) alone. With `roles = $1 ORDER BY id` PostgreSQL may read the primary key instead, which has
 * all accounts. */
static authp_err_t list_with(authp_sql_t *sql, const listing_t *listing, const char *roles,
                             apr_array_header_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "user_list of a list of roles",
        .columns = &authp_columns_user,
        .text = "SELECT {columns} FROM {table:users} WHERE (roles, id) > ({?text}, {?id}) "
                "AND roles <= {?text} AND " LISTED " AND " IN_RANGES
                " ORDER BY roles, id LIMIT {?int}"};
    const void *values[] = {roles,
                            listing->after,
                            roles,
                            listing->disabled_too,
                            listing->email.from,
                            listing->email.to,
                            listing->username.from,
                            listing->username.to,
                            &listing->limit};
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

static range_t range_of(const char *prefix, apr_pool_t *pool)
{
    const char *from = prefix != NULL ? prefix : "";
    return (range_t){.from = from, .to = apr_pstrcat(pool, from, LAST_CHARACTER, NULL)};
}

authp_err_t authp_sql_user_list(void *self, const authp_user_filter_t *filter,
                                apr_array_header_t **out, apr_pool_t *pool)
{
    const listing_t listing = {
        .after = filter->after_id != NULL ? filter->after_id : "",
        .email = range_of(filter->email_prefix, pool),
        .username = range_of(filter->username_prefix, pool),
        .role = filter->role != NULL ? apr_pstrcat(pool, ",", filter->role, ",", NULL) : "",
        .disabled_too = authp_sql_bool(!filter->enabled_only),
        .limit = filter->limit};
    const range_t *rare = NULL;
    authp_err_t err = find_rare(self, &listing, &rare);
    if (err != AUTHP_OK) {
        return err;
    }
    if (rare != NULL) {
        return list_rare(self, &listing, rare, out, pool);
    }
    return filter->role != NULL ? list_role(self, &listing, out, pool)
                                : list_all(self, &listing, out, pool);
}

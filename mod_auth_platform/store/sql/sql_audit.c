/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

authp_err_t authp_sql_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "audit_append",
        .columns = &authp_columns_audit,
        .text = "INSERT INTO {table:audit_log} ({names}) VALUES ({values}) RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_audit, entry, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_INTERNAL);
}

/* The most entries that are read and sorted for one page. */
#define FEW 2000

/* An expression, so that the planner does not use the index on id. */
#define ID "coalesce(id, '')"
/* An empty event means any. */
#define WANTED "({?text} = '' OR event = {?text})"

/* Entries in which this person is the actor or the subject. */
static const authp_sql_statement_t of_person = {
    .name = "audit_list of a person",
    .columns = &authp_columns_audit,
    .text =
        "SELECT {columns} FROM {table:audit_log} WHERE (actor_id = {?ref} OR subject_id = {?ref}) "
        "AND " ID " > {?id} AND at >= {?time} AND " WANTED " ORDER BY " ID " LIMIT {?int}"};

static const authp_sql_statement_t recent = {
    .name = "audit_list of a time",
    .columns = &authp_columns_audit,
    .text = "SELECT {columns} FROM {table:audit_log} WHERE " ID
            " > {?id} AND at >= {?time} AND " WANTED " ORDER BY " ID " LIMIT {?int}"};

static const authp_sql_statement_t any = {
    .name = "audit_list",
    .columns = &authp_columns_audit,
    .text = "SELECT {columns} FROM {table:audit_log} WHERE id > {?id} AND at >= {?time} AND " WANTED
            " ORDER BY id LIMIT {?int}"};

/* *recent is true if at most FEW entries are of that time or later. Then the index on `at` finds
 * them. Otherwise the entries are read in the order of their ids. */
static authp_err_t is_recent(authp_sql_t *sql, authp_ms_t since, bool *out)
{
    static const authp_sql_statement_t statement = {
        .name = "audit_list count",
        .text = "SELECT count(*) FROM (SELECT 1 FROM {table:audit_log} WHERE at >= {?time} "
                "LIMIT {?int}) AS found"};
    int64_t found = 0;
    apr_int64_t most = FEW + 1;
    const void *values[] = {&since, &most};
    authp_err_t err = authp_sql_run(sql, &statement, values, authp_sql_rows_number, &found);
    if (err == AUTHP_OK) {
        *out = found <= FEW;
    }
    return err;
}

authp_err_t authp_sql_audit_list(void *self, const authp_audit_filter_t *filter,
                                 apr_array_header_t **out, apr_pool_t *pool)
{
    const char *after = filter->after_id != NULL ? filter->after_id : "";
    const char *person = filter->person;
    const char *event = filter->event != NULL ? filter->event : "";
    apr_int64_t limit = filter->limit;
    bool few = false;
    if (person != NULL) {
        const void *values[] = {person, person, after, &filter->since, event, event, &limit};
        return authp_sql_columns_list(self, &of_person, values, out, pool);
    }
    authp_err_t err = filter->since > 0 ? is_recent(self, filter->since, &few) : AUTHP_OK;
    const void *values[] = {after, &filter->since, event, event, &limit};
    return err == AUTHP_OK ? authp_sql_columns_list(self, few ? &recent : &any, values, out, pool)
                           : err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"
#include "store/sql/sql_identities.h"

/* The statements of one table. */
typedef struct table_t {
    const authp_columns_t *columns;
    authp_sql_statement_t list;
    authp_sql_statement_t count;
    authp_sql_statement_t add;
} table_t;

#define TABLE(its_columns, its_name, list_also, count_where)                                       \
    {                                                                                              \
        .columns = &(its_columns),                                                                 \
        .list = {.name = "move_list of " its_name,                                                 \
                 .columns = &(its_columns),                                                        \
                 .text = "SELECT {columns} FROM {table} WHERE id > {?id}" list_also                \
                         " ORDER BY id LIMIT {?int}"},                                             \
        .count = {.name = "move_count of " its_name,                                               \
                  .columns = &(its_columns),                                                       \
                  .text = "SELECT count(*) FROM {table}" count_where},                             \
        .add = {                                                                                   \
            .name = "move_add to " its_name,                                                       \
            .columns = &(its_columns),                                                             \
            .text = "INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING "      \
                    "RETURNING id"                                                                 \
        }                                                                                          \
    }

static const table_t tables[] = {
    TABLE(authp_columns_user, "accounts", " AND {absent:deleted_at}", " WHERE {absent:deleted_at}"),
    TABLE(authp_columns_session, "sessions", "", ""),
    TABLE(authp_columns_invite, "invites", "", ""),
    TABLE(authp_columns_audit, "the audit", "", ""),
};

/* NULL: rows of that kind do not move. */
static const table_t *table_of(const authp_columns_t *columns)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (tables[i].columns == columns) {
            return &tables[i];
        }
    }
    return NULL;
}

authp_err_t authp_sql_move_list(void *self, const authp_columns_t *columns,
                                const authp_page_t *page, authp_rows_t *out, apr_pool_t *pool)
{
    const table_t *table = table_of(columns);
    apr_int64_t limit = page->limit;
    const void *values[] = {page->after_id != NULL ? page->after_id : "", &limit};
    return table != NULL ? authp_sql_columns_page(self, &table->list, values, out, pool)
                         : AUTHP_E_INTERNAL;
}

authp_err_t authp_sql_move_count(void *self, const authp_columns_t *columns, int64_t *count,
                                 apr_pool_t *pool)
{
    const table_t *table = table_of(columns);
    const void *values[] = {NULL};
    (void)pool;
    return table != NULL ? authp_sql_run(self, &table->count, values, authp_sql_rows_number, count)
                         : AUTHP_E_INTERNAL;
}

/* The steps that insert one row. False if no store keeps the row. */
static bool make_group(const table_t *table, const void *row, authp_sql_group_t *group,
                       apr_pool_t *pool)
{
    const void **values = apr_palloc(pool, AUTHP_COLUMNS_MOST * sizeof(*values));
    apr_array_header_t *steps = apr_array_make(pool, 1, sizeof(authp_sql_step_t));
    const bool account = table->columns == &authp_columns_user;
    if (account && authp_identities_check(((const authp_user_t *)row)->identities) != AUTHP_OK) {
        return false;
    }
    (void)authp_sql_columns_bind(table->columns, row, 0, values, pool);
    APR_ARRAY_PUSH(steps, authp_sql_step_t) =
        (authp_sql_step_t){.statement = &table->add, .values = values};
    if (account) {
        authp_sql_identities_take(row, steps);
    }
    *group =
        (authp_sql_group_t){.steps = (const authp_sql_step_t *)steps->elts, .count = steps->nelts};
    return true;
}

authp_err_t authp_sql_move_add(void *self, const authp_columns_t *columns, void *const *rows,
                               int count, bool *added, apr_pool_t *pool)
{
    const table_t *table = table_of(columns);
    authp_sql_group_t *groups = apr_palloc(pool, (size_t)count * sizeof(*groups));
    bool *done = apr_pcalloc(pool, (size_t)count * sizeof(*done));
    int *places = apr_palloc(pool, (size_t)count * sizeof(*places)); /* in `rows`, of each group */
    int kept = 0;
    if (table == NULL) {
        return AUTHP_E_INTERNAL;
    }
    for (int i = 0; i < count; i++) {
        if (make_group(table, rows[i], &groups[kept], pool)) {
            places[kept++] = i;
        }
    }
    authp_err_t err = kept > 0 ? authp_sql_change_groups(self, groups, kept, done) : AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < count; i++) {
        added[i] = false;
    }
    for (int i = 0; i < kept; i++) {
        added[places[i]] = done[i];
    }
    return AUTHP_OK;
}

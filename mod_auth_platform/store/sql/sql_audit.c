/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

authp_err_t authp_sql_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "audit_append",
        .columns = &authp_columns_audit,
        .text = "INSERT INTO audit_log ({names}) VALUES ({values}) RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_audit, entry, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_INTERNAL);
}

authp_err_t authp_sql_audit_list(void *self, const authp_audit_filter_t *filter,
                                 apr_array_header_t **out, apr_pool_t *pool)
{
    /* An empty person or event means any. */
    static const authp_sql_statement_t statement = {
        .name = "audit_list",
        .columns = &authp_columns_audit,
        .text = "SELECT {columns} FROM audit_log WHERE id > {?id} AND at >= {?time} "
                "AND ({?ref} = '' OR actor_id = {?ref} OR subject_id = {?ref}) "
                "AND ({?text} = '' OR event = {?text}) ORDER BY id LIMIT {?int}"};
    const char *after = filter->after_id != NULL ? filter->after_id : "";
    const char *person = filter->person != NULL ? filter->person : "";
    const char *event = filter->event != NULL ? filter->event : "";
    apr_int64_t limit = filter->limit;
    const void *values[] = {after, &filter->since, person, person, person, event, event, &limit};
    return authp_sql_columns_list(self, &statement, values, out, pool);
}

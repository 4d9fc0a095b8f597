/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <apr_strings.h>

typedef struct read_entries_t {
    apr_array_header_t *entries;
    apr_pool_t *pool;
} read_entries_t;

/* Reads columns in the order of AUTHP_SQL_AUDIT_LIST. */
static authp_err_t read_entries(authp_sql_rows_t *rows, void *ctx)
{
    read_entries_t *out = ctx;
    while (authp_sql_next(rows)) {
        authp_audit_t *entry = apr_pcalloc(out->pool, sizeof(*entry));
        const char *id = authp_sql_text(rows, 0, out->pool);
        apr_cpystrn(entry->id.hex, id != NULL ? id : "", sizeof(entry->id.hex));
        entry->at = authp_sql_int(rows, 1);
        entry->event = authp_sql_text(rows, 2, out->pool);
        entry->outcome = authp_sql_text(rows, 3, out->pool);
        entry->reason = authp_sql_text(rows, 4, out->pool);
        entry->actor_id = authp_sql_text(rows, 5, out->pool);
        entry->subject_id = authp_sql_text(rows, 6, out->pool);
        entry->session_id = authp_sql_text(rows, 7, out->pool);
        entry->ip = authp_sql_text(rows, 8, out->pool);
        entry->request_id = authp_sql_text(rows, 9, out->pool);
        APR_ARRAY_PUSH(out->entries, authp_audit_t *) = entry;
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_audit_list(void *self, const authp_audit_filter_t *filter,
                                 apr_array_header_t **out, apr_pool_t *pool)
{
    read_entries_t found = {.entries = apr_array_make(pool, filter->limit, sizeof(authp_audit_t *)),
                            .pool = pool};
    const char *after = filter->after_id != NULL ? filter->after_id : "";
    const char *person = filter->person != NULL ? filter->person : "";
    const char *event = filter->event != NULL ? filter->event : "";
    apr_int64_t since = filter->since;
    apr_int64_t limit = filter->limit;
    const void *values[] = {after, &since, person, person, person, event, event, &limit};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_AUDIT_LIST, values, read_entries, &found);
    if (err == AUTHP_OK) {
        *out = found.entries;
    }
    return err;
}

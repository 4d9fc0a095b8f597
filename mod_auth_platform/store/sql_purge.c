/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <apr_strings.h>

/* Removing the traces of a deleted account, and the purge. */

authp_err_t authp_sql_user_forget(void *self, const char *id, apr_pool_t *pool)
{
    static const authp_sql_label_t labels[] = {AUTHP_SQL_FORGET_SESSIONS, AUTHP_SQL_FORGET_AUDIT,
                                               AUTHP_SQL_FORGET_INVITES};
    const void *values[] = {id, id};
    authp_err_t err = AUTHP_OK;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(labels) / sizeof(labels[0]); i++) {
        int rows = 0;
        err = authp_sql_run(self, labels[i], values, authp_sql_count_rows, &rows);
    }
    return err;
}

authp_err_t authp_sql_read_ids(authp_sql_rows_t *rows, void *ctx)
{
    authp_sql_ids_t *out = ctx;
    while (authp_sql_next(rows)) {
        APR_ARRAY_PUSH(out->ids, const char *) = authp_sql_text(rows, 0, out->pool);
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_user_list_deleted(void *self, const authp_page_t *page,
                                        apr_array_header_t **out, apr_pool_t *pool)
{
    authp_sql_ids_t found = {.ids = apr_array_make(pool, page->limit, sizeof(const char *)),
                             .pool = pool};
    apr_int64_t limit = page->limit;
    const void *values[] = {page->after_id != NULL ? page->after_id : "", &limit};
    authp_err_t err =
        authp_sql_run(self, AUTHP_SQL_USER_LIST_DELETED, values, authp_sql_read_ids, &found);
    if (err == AUTHP_OK) {
        *out = found.ids;
    }
    return err;
}

authp_err_t authp_sql_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    apr_int64_t sessions = what->sessions_before;
    apr_int64_t users = what->users_before;
    apr_int64_t invites = what->invites_before;
    apr_int64_t audit = what->audit_before;
    apr_int64_t batch = what->batch;
    const void *session_values[] = {&sessions, &sessions, &batch};
    const void *user_values[] = {&users, &batch};
    const void *invite_values[] = {&invites, &batch};
    const void *audit_values[] = {&audit, &batch};
    apr_int64_t failures = what->failures_before;
    const void *failure_values[] = {&failures, &batch};
    const struct {
        authp_sql_label_t label;
        const void **values;
    } steps[] = {{AUTHP_SQL_PURGE_SESSIONS, session_values},
                 {AUTHP_SQL_PURGE_USERS, user_values},
                 {AUTHP_SQL_PURGE_INVITES, invite_values},
                 {AUTHP_SQL_PURGE_AUDIT, audit_values},
                 {AUTHP_SQL_PURGE_FAILURES, failure_values}};
    authp_err_t err = AUTHP_OK;
    int sum = 0;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
        int rows = 0;
        err = authp_sql_run(self, steps[i].label, steps[i].values, authp_sql_count_rows, &rows);
        sum += rows;
    }
    if (err == AUTHP_OK) {
        *removed = sum;
    }
    return err;
}

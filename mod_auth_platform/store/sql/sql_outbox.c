/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql_columns.h"

#define DAY_MS (24 * INT64_C(3600000))

/* The condition that the mail waits and its due_at is still the one that is bound. Binds id and
 * due_at. In some databases due_at is 0 in a row that does not wait, so a time of 0 must not match.
 */
#define STILL "id = {?id} AND {present:due_at} AND due_at = {?time}"

authp_err_t authp_sql_outbox_add(void *self, const authp_mail_row_t *mail, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_add",
        .columns = &authp_columns_outbox,
        .text = "INSERT INTO {table:outbox} ({names}) VALUES ({values}) "
                "ON CONFLICT DO NOTHING RETURNING id"};
    const void *values[AUTHP_COLUMNS_MOST];
    (void)authp_sql_columns_bind(&authp_columns_outbox, mail, 0, values, pool);
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

/* Lists rows, and leaves out those that cannot be read. */
static authp_err_t list(authp_sql_t *sql, const authp_sql_statement_t *statement,
                        const void **values, apr_array_header_t **out, apr_pool_t *pool)
{
    authp_rows_t page;
    authp_err_t err = authp_sql_columns_page(sql, statement, values, &page, pool);
    if (err == AUTHP_OK) {
        *out = page.list;
    }
    return err;
}

authp_err_t authp_sql_outbox_due(void *self, authp_ms_t now, int limit, apr_array_header_t **out,
                                 apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_due",
        .columns = &authp_columns_outbox,
        .text = "SELECT {columns} FROM {table:outbox} WHERE {present:due_at} AND "
                "due_at <= {?time} ORDER BY due_at, id LIMIT {?int}"};
    apr_int64_t most = limit;
    const void *values[] = {&now, &most};
    return list(self, &statement, values, out, pool);
}

authp_err_t authp_sql_outbox_claim(void *self, const char *id, authp_ms_t due_at, authp_ms_t until,
                                   apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_claim",
        .text = "UPDATE {table:outbox} SET due_at = {?time}, claim_until = {?time} WHERE " STILL
                " RETURNING id"};
    const void *values[] = {&until, &until, id, &due_at};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_outbox_sent(void *self, const char *id, authp_ms_t claim, authp_ms_t now,
                                  apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_sent",
        .text = "UPDATE {table:outbox} SET sent_at = {?time}, due_at = {none}, "
                "claim_until = {none}, sealed = NULL, error = NULL WHERE " STILL " RETURNING id"};
    const void *values[] = {&now, id, &claim};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_outbox_later(void *self, const char *id, authp_ms_t claim, authp_ms_t next,
                                   const char *error, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_later",
        .text = "UPDATE {table:outbox} SET due_at = {?time}, claim_until = {none}, "
                "tries = tries + 1, error = {?text} WHERE " STILL " RETURNING id"};
    const void *values[] = {&next, error, id, &claim};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_outbox_fail(void *self, const char *id, authp_ms_t claim, authp_ms_t now,
                                  const char *error, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_fail",
        .text = "UPDATE {table:outbox} SET failed_at = {?time}, due_at = {none}, "
                "claim_until = {none}, error = {?text} WHERE " STILL " RETURNING id"};
    const void *values[] = {&now, error, id, &claim};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_outbox_by_token(void *self, const char *token_hash, authp_mail_row_t **out,
                                      apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_by_token",
        .columns = &authp_columns_outbox,
        .text = "SELECT {columns} FROM {table:outbox} WHERE token_hash = {?text}"};
    void *row = NULL;
    const void *values[] = {token_hash};
    authp_err_t err = authp_sql_columns_one(self, &statement, values, &row, pool);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_sql_outbox_use(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_use",
        .text = "UPDATE {table:outbox} SET used_at = {?time} WHERE id = {?id} AND "
                "{absent:used_at} AND link_until > {?time} RETURNING id"};
    const void *values[] = {&now, id, &now};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_outbox_unuse(void *self, const char *id, authp_ms_t used_at, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "outbox_unuse",
        .text = "UPDATE {table:outbox} SET used_at = {none} WHERE id = {?id} AND "
                "{present:used_at} AND used_at = {?time} RETURNING id"};
    const void *values[] = {id, &used_at};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_OK);
}

/* Reads (number, time, time) into the first three members. */
static authp_err_t read_waiting(authp_sql_rows_t *rows, void *ctx)
{
    authp_mail_figures_t *out = ctx;
    if (!authp_sql_rows_next(rows)) {
        return AUTHP_E_INTERNAL;
    }
    out->waiting = authp_sql_rows_int(rows, 0);
    out->oldest_at = authp_sql_rows_int(rows, 1);
    out->next_at = authp_sql_rows_int(rows, 2);
    return AUTHP_OK;
}

authp_err_t authp_sql_outbox_figures(void *self, authp_mail_figures_t *out, apr_pool_t *pool)
{
    static const authp_sql_statement_t waiting = {
        .name = "outbox_figures of waiting mails",
        .text = "SELECT count(*), {time:min(created_at)}, {time:min(due_at)} FROM {table:outbox} "
                "WHERE {present:due_at}"};
    static const authp_sql_statement_t failed = {
        .name = "outbox_figures of failed mails",
        .text = "SELECT count(*) FROM {table:outbox} WHERE {present:failed_at}"};
    static const authp_sql_statement_t sent = {
        .name = "outbox_figures of sent mails",
        .text = "SELECT count(*) FROM {table:outbox} WHERE {present:sent_at}"};
    authp_mail_figures_t found = {.waiting = 0};
    const void *values[] = {NULL};
    (void)pool;
    authp_err_t err = authp_sql_run(self, &waiting, values, read_waiting, &found);
    if (err == AUTHP_OK) {
        err = authp_sql_run(self, &failed, values, authp_sql_rows_number, &found.failed);
    }
    if (err == AUTHP_OK) {
        err = authp_sql_run(self, &sent, values, authp_sql_rows_number, &found.sent);
    }
    if (err == AUTHP_OK) {
        *out = found;
    }
    return err;
}

/* coalesce() keeps the planner from reading all mails in the order of ids. */
#define LIST(state)                                                                                \
    "SELECT {columns} FROM {table:outbox} WHERE {present:" state "} AND coalesce(id, '') > {?id} " \
    "ORDER BY coalesce(id, '') LIMIT {?int}"

authp_err_t authp_sql_outbox_list(void *self, authp_mail_state_t state, const authp_page_t *page,
                                  apr_array_header_t **out, apr_pool_t *pool)
{
    static const authp_sql_statement_t statements[] = {
        [AUTHP_MAIL_STATE_WAITING] = {.name = "outbox_list of waiting mails",
                                      .columns = &authp_columns_outbox,
                                      .text = LIST("due_at")},
        [AUTHP_MAIL_STATE_FAILED] = {.name = "outbox_list of failed mails",
                                     .columns = &authp_columns_outbox,
                                     .text = LIST("failed_at")}};
    apr_int64_t limit = page->limit;
    const void *values[] = {page->after_id != NULL ? page->after_id : "", &limit};
    return list(self, &statements[state], values, out, pool);
}

/* Binds the times of due_at and give_up_at, and the present time twice. */
#define RETRY                                                                                      \
    "UPDATE {table:outbox} SET due_at = {?time}, give_up_at = {?time}, failed_at = {none}, "       \
    "claim_until = {none} WHERE ({present:due_at} OR {present:failed_at}) AND "                    \
    "({absent:claim_until} OR claim_until <= {?time}) AND "                                        \
    "({absent:link_until} OR link_until > {?time})"

authp_err_t authp_sql_outbox_retry(void *self, const char *id, authp_ms_t now, int *count,
                                   apr_pool_t *pool)
{
    static const authp_sql_statement_t one = {.name = "outbox_retry of one mail",
                                              .text = RETRY " AND id = {?id} RETURNING id"};
    static const authp_sql_statement_t all = {.name = "outbox_retry",
                                              .text = RETRY " RETURNING id"};
    apr_int64_t give_up_at = now + DAY_MS;
    const void *values[] = {&now, &give_up_at, &now, &now, id};
    (void)pool;
    return authp_sql_change_all(self, id != NULL ? &one : &all, values, count);
}

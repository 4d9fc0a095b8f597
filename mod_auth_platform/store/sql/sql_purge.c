/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql.h"

#define DELETE_FROM(table, condition)                                                              \
    "DELETE FROM {table:" table "} WHERE id IN (SELECT id FROM {table:" table "} WHERE " condition \
    " LIMIT {?int}) RETURNING id"

/* A statement of the purge. It binds the times of its condition, and then the size of a batch. */
#define PURGE(of, table, condition)                                                                \
    {                                                                                              \
        .name = "purge of " of, .text = DELETE_FROM(table, condition)                              \
    }

static const authp_sql_statement_t ended =
    PURGE("ended sessions", "refresh_tokens", "{present:ended_at} AND ended_at < {?time}");

/* A batch of rows is looked at, in the order in which they expire. Binds the time, the size of a
 * batch, and the time again. */
#define EXPIRED(column)                                                                                \
    "DELETE FROM {table:refresh_tokens} WHERE id IN (SELECT id FROM (SELECT id, expires_at, ended_at " \
    "FROM {table:refresh_tokens} WHERE " column " < {?time} ORDER BY " column                          \
    " LIMIT {?int}) AS old "                                                                           \
    "WHERE expires_at < {?time} AND {absent:ended_at}) RETURNING id"

/* In PostgreSQL the index is on expires_at rounded down to four hours (postgresql_schema.c). So
 * a batch may begin with rows that expire later in the same four hours. These rows are read, and
 * are not removed. */
static const authp_sql_statement_t expired = {.name = "purge of expired sessions",
                                              .text = EXPIRED("expires_at"),
                                              .variants = {{"postgresql", EXPIRED("expires_bin")}}};

static const authp_sql_statement_t users =
    PURGE("users", "users", "{present:deleted_at} AND deleted_at < {?time}");
static const authp_sql_statement_t invites =
    PURGE("invites", "recruiter_invites", "expires_at < {?time}");
static const authp_sql_statement_t audit = PURGE("the audit", "audit_log", "at < {?time}");
static const authp_sql_statement_t failures =
    PURGE("failures", "login_failures", "expires_at < {?time}");

static const authp_sql_statement_t tokens =
    PURGE("used tokens", "used_tokens", "expires_at < {?time}");
static const authp_sql_statement_t codes =
    PURGE("login codes", "login_codes", "expires_at < {?time}");
static const authp_sql_statement_t otp_codes =
    PURGE("one-time codes", "otp_codes", "expires_at < {?time}");
static const authp_sql_statement_t tallies = PURGE("tallies", "tallies", "expires_at < {?time}");
static const authp_sql_statement_t pending =
    PURGE("pending administrators", "pending_admins", "expires_at < {?time}");
static const authp_sql_statement_t mails =
    PURGE("mails", "outbox", "({absent:due_at} OR give_up_at < {?time}) AND expires_at < {?time}");

authp_err_t authp_sql_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    apr_int64_t batch = what->batch;
    const void *of_ended[] = {&what->sessions_before, &batch};
    const void *of_expired[] = {&what->sessions_before, &batch, &what->sessions_before};
    const void *of_users[] = {&what->users_before, &batch};
    const void *of_invites[] = {&what->invites_before, &batch};
    const void *of_audit[] = {&what->audit_before, &batch};
    const void *of_failures[] = {&what->failures_before, &batch};
    const void *of_tokens[] = {&what->tokens_before, &batch};
    const void *of_otp_codes[] = {&what->codes_before, &batch};
    const void *of_mails[] = {&what->mails_before, &what->mails_before, &batch};
    const struct {
        const authp_sql_statement_t *statement;
        const void **values;
    } steps[] = {{&ended, of_ended},     {&expired, of_expired}, {&users, of_users},
                 {&invites, of_invites}, {&audit, of_audit},     {&failures, of_failures},
                 {&tokens, of_tokens},   {&codes, of_tokens},    {&otp_codes, of_otp_codes},
                 {&tallies, of_tokens},  {&pending, of_tokens},  {&mails, of_mails}};
    authp_err_t err = AUTHP_OK;
    int sum = 0;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
        int rows = 0;
        err = authp_sql_change_all(self, steps[i].statement, steps[i].values, &rows);
        sum += rows;
    }
    if (err == AUTHP_OK) {
        *removed = sum;
    }
    return err;
}

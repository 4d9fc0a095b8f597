/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql.h"

/* A statement of the purge. It binds a time (for sessions the same time twice), and then the size
 * of a batch. */
#define PURGE(of, table, condition)                                                                \
    {                                                                                              \
        .name = "purge of " of, .text = "DELETE FROM " table " WHERE id IN (SELECT id FROM " table \
                                        " WHERE " condition " LIMIT {?int}) RETURNING id"          \
    }

static const authp_sql_statement_t sessions =
    PURGE("sessions", "refresh_tokens",
          "({present:ended_at} AND ended_at < {?time}) OR "
          "({absent:ended_at} AND expires_at < {?time})");
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

authp_err_t authp_sql_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool)
{
    apr_int64_t batch = what->batch;
    const void *of_sessions[] = {&what->sessions_before, &what->sessions_before, &batch};
    const void *of_users[] = {&what->users_before, &batch};
    const void *of_invites[] = {&what->invites_before, &batch};
    const void *of_audit[] = {&what->audit_before, &batch};
    const void *of_failures[] = {&what->failures_before, &batch};
    const void *of_tokens[] = {&what->tokens_before, &batch};
    const struct {
        const authp_sql_statement_t *statement;
        const void **values;
    } steps[] = {{&sessions, of_sessions}, {&users, of_users},       {&invites, of_invites},
                 {&audit, of_audit},       {&failures, of_failures}, {&tokens, of_tokens},
                 {&codes, of_tokens}};
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "plans.h"
#include "store/sql/sql_expand.h"
#include "store/sql/sql_impl.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name of statements, or the beginning of names, and why they need no index. */
static const char *const excused[][2] = {
    {"ping", "counts the steps of the schema, of which there are few"},
    {"move_count of ", "counts all rows, for an export and not for a request"},
    {"data_key_list", "reads all data keys, of which there are few"},
    {"outbox_figures of sent mails", "counts rows for the tool, and not for a request"},
};

static const char *const tables[] = {"users",
                                     "refresh_tokens",
                                     "audit_log",
                                     "recruiter_invites",
                                     "login_failures",
                                     "user_identities",
                                     "used_tokens",
                                     "login_codes",
                                     "schema_migrations",
                                     "otp_codes",
                                     "tallies",
                                     "pending_admins",
                                     "data_keys",
                                     "outbox"};

/* Indexes that have few rows. To read all of them is fine. */
static const char *const small[] = {" using users_deleted ", " on users_deleted",
                                    " using outbox_due ",    " on outbox_due",
                                    " using outbox_failed ", " on outbox_failed"};

static bool is_excused(const char *name)
{
    for (size_t i = 0; i < sizeof(excused) / sizeof(excused[0]); i++) {
        if (strncmp(name, excused[i][0], strlen(excused[i][0])) == 0) {
            return true;
        }
    }
    return false;
}

/* Runs a text. Returns column `column` of all rows, one line for each. */
static const char *ask(authp_sql_conn_t *conn, const char *text, int column, apr_pool_t *pool)
{
    const apr_dbd_driver_t *driver = conn->sql->driver;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    const char *lines = "";
    int rc = apr_dbd_select(driver, pool, conn->handle, &results, text, 1);
    ck_assert_msg(rc == 0, "%s: %s", text, apr_dbd_error(driver, conn->handle, rc));
    for (int at = 1; results != NULL && apr_dbd_get_row(driver, pool, results, &row, at) == 0;
         at++) {
        const char *entry = apr_dbd_get_entry(driver, row, column);
        lines = apr_pstrcat(pool, lines, entry != NULL ? entry : "", "\n", NULL);
    }
    return lines;
}

/* Replaces the placeholders of apr_dbd: by $1, $2 and so on, or by ?. *count: how many. */
static const char *with_parameters(const char *text, bool numbered, int *count, apr_pool_t *pool)
{
    const char *out = "";
    *count = 0;
    for (const char *at = strchr(text, '%'); at != NULL; at = strchr(text, '%')) {
        const char *name = numbered ? apr_psprintf(pool, "$%d", *count + 1) : "?";
        out =
            apr_pstrcat(pool, out, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), name, NULL);
        text = at + (strncmp(at, "%lld", 4) == 0 ? 4 : 2);
        (*count)++;
    }
    return apr_pstrcat(pool, out, text, NULL);
}

/* The plan does not depend on the values, because none are known when it is made. */
static const char *plan_postgresql(authp_sql_conn_t *conn, const char *text, apr_pool_t *pool)
{
    int count = 0;
    const char *values = "";
    text = with_parameters(text, true, &count, pool);
    for (int i = 0; i < count; i++) {
        values = apr_pstrcat(pool, values, i > 0 ? ", NULL" : "NULL", NULL);
    }
    (void)ask(conn, "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan", 0, pool);
    (void)ask(conn, apr_pstrcat(pool, "PREPARE explained AS ", text, NULL), 0, pool);
    const char *plan =
        ask(conn,
            count > 0 ? apr_psprintf(pool, "EXPLAIN (COSTS OFF) EXECUTE explained(%s)", values)
                      : "EXPLAIN (COSTS OFF) EXECUTE explained",
            0, pool);
    (void)ask(conn, "DEALLOCATE explained", 0, pool);
    return plan;
}

static const char *plan(authp_sql_conn_t *conn, const authp_sql_statement_t *statement,
                        apr_pool_t *pool)
{
    int count = 0;
    const char *text = authp_sql_expand(conn->sql->dialect, conn->sql->schema, statement, pool);
    if (strcmp(conn->sql->dialect->name, "postgresql") == 0) {
        return plan_postgresql(conn, text, pool);
    }
    text = with_parameters(text, false, &count, pool);
    return ask(conn, apr_pstrcat(pool, "EXPLAIN QUERY PLAN ", text, NULL), 3, pool);
}

/* "SCAN users": SQLite reads all of it, by whatever index. "SEARCH users USING ..." is fine, unless
 * what it looks for is the value 0 that nearly all rows have there. */
static bool scans(const char *line)
{
    if (strstr(line, "(ended_at=?") != NULL || strstr(line, "(deleted_at=?") != NULL) {
        return true;
    }
    if (strncmp(line, "SCAN ", 5) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        size_t len = strlen(tables[i]);
        if (strncmp(line + 5, tables[i], len) == 0 && strchr(" \n", line[5 + len]) != NULL) {
            return true;
        }
    }
    return false;
}

/* PostgreSQL reads all of a table, or an index without a condition, which is in the next line. */
static bool scans_postgresql(const char *line, const char *next)
{
    bool by_index = strstr(line, "Index Scan ") != NULL || strstr(line, "Index Only Scan ") != NULL;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        by_index = by_index && strstr(line, small[i]) == NULL;
    }
    return strstr(line, "Seq Scan ") != NULL || (by_index && strstr(next, "Index Cond:") == NULL);
}

static const char *first_scan(const char *lines, apr_pool_t *pool)
{
    char *last = NULL;
    char *copy = apr_pstrdup(pool, lines);
    for (char *line = apr_strtok(copy, "\n", &last); line != NULL;) {
        char *next = apr_strtok(NULL, "\n", &last);
        if (scans(line) || scans_postgresql(line, next != NULL ? next : "")) {
            return line;
        }
        line = next;
    }
    return NULL;
}

typedef void visit_fn(authp_sql_conn_t *conn, const authp_sql_statement_t *statement, void *ctx);

/* Visits the statements of all connections, which nobody else uses now. The connections of a store
 * behind a pooler keep none. */
static void visit_all(authp_sql_t *sql, visit_fn *visit, void *ctx, apr_pool_t *pool)
{
    int count = 0;
    int most = sql->config.max_connections;
    authp_sql_conn_t **conns = apr_pcalloc(pool, (size_t)most * sizeof(authp_sql_conn_t *));
    while (!sql->wraps && count < most && authp_sql_conn_acquire(sql, &conns[count]) == AUTHP_OK) {
        authp_sql_conn_t *conn = conns[count++];
        if (conn->handle == NULL) {
            break; /* a new one: all others have been seen */
        }
        for (apr_hash_index_t *at = apr_hash_first(pool, conn->statements); at != NULL;
             at = apr_hash_next(at)) {
            visit(conn, *(const authp_sql_statement_t *const *)apr_hash_this_key(at), ctx);
        }
    }
    for (int i = 0; i < count; i++) {
        authp_sql_conn_release(conns[i]);
    }
}

static void check_one(authp_sql_conn_t *conn, const authp_sql_statement_t *statement, void *ctx)
{
    const char *lines = plan(conn, statement, ctx);
    const char *scan = first_scan(lines, ctx);
    if (getenv("AUTHP_PLANS") != NULL) {
        printf("%s: %s\n%s", conn->sql->dialect->name, statement->name, lines);
    }
    ck_assert_msg(scan == NULL || is_excused(statement->name), "%s uses no index: %s\n%s",
                  statement->name, scan, lines);
}

void plans_check(authp_store_t *store)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    visit_all(store->self, check_one, pool, pool);
    apr_pool_destroy(pool);
}

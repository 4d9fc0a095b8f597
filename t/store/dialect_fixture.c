/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect_fixture.h"
#include "store/sql.h"

#include <apr_strings.h>
#include <string.h>

static const authp_sql_migration_t migrations[] = {
    {"all",
     "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE, username TEXT UNIQUE, "
     "phone TEXT UNIQUE, name TEXT, password_hash TEXT, roles TEXT, is_recruiter_verified TEXT, "
     "recruiter_requested_at TEXT, email_verified TEXT, disabled TEXT, ver INTEGER, "
     "min_ver INTEGER, auth_changed_at TEXT, created_at TEXT, updated_at TEXT, "
     "deleted_at TEXT NOT NULL DEFAULT '000000000000000');"
     "CREATE TABLE refresh_tokens (id TEXT PRIMARY KEY, user_id TEXT, ver INTEGER, salt TEXT, "
     "generation INTEGER, rotated_at TEXT, auth_time TEXT, created_at TEXT, last_used_at TEXT, "
     "expires_at TEXT, absolute_expires_at TEXT, ended_at TEXT, end_reason TEXT, device_id TEXT, "
     "ip TEXT, user_agent TEXT)"},
    {"the rest",
     "CREATE TABLE recruiter_invites (id TEXT PRIMARY KEY, email TEXT, code_hash TEXT UNIQUE, "
     "created_at TEXT, expires_at TEXT, created_by TEXT, used_at TEXT, used_by TEXT, "
     "used_ver INTEGER, revoked_at TEXT);"
     "CREATE TABLE audit_log (id TEXT PRIMARY KEY, at TEXT, event TEXT, outcome TEXT, reason TEXT, "
     "actor_id TEXT, subject_id TEXT, session_id TEXT, ip TEXT, request_id TEXT);"
     "CREATE TABLE login_failures (id TEXT PRIMARY KEY, failures INTEGER, last_at TEXT, "
     "expires_at TEXT)"}};

static const authp_sql_statement_t clock_statement = {
    .name = "clock", .text = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"};

static const char *params(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)pool;
    return config->uri + strlen("fake:");
}

static const char *const *session(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char **statements = apr_pcalloc(pool, 3 * sizeof(*statements));
    statements[0] = "PRAGMA journal_mode=WAL";
    statements[1] = apr_psprintf(pool, "PRAGMA busy_timeout=%d", config->timeout_ms);
    return statements;
}

static authp_sql_fault_t classify(int rc, const char *text)
{
    (void)text;
    return rc == 5 || rc == 6 ? AUTHP_SQL_LOCKED : rc == 1 ? AUTHP_SQL_WRONG : AUTHP_SQL_BROKEN;
}

const authp_sql_dialect_t dialect_fixture = {
    .name = "fake",
    .driver = "sqlite3",
    .migrations = migrations,
    .nmigrations = sizeof(migrations) / sizeof(migrations[0]),
    .begin = "BEGIN IMMEDIATE",
    .kinds = {[AUTHP_COLUMN_TIME] = {.value = "substr('000000000000000' || %lld, -15)",
                                     .column = "CAST({} AS INTEGER)",
                                     .absent = "'000000000000000'"},
              [AUTHP_COLUMN_BOOL] = {.value = "CASE WHEN %lld THEN 'yes' ELSE 'no' END",
                                     .column = "({} = 'yes')",
                                     .absent = "'no'"}},
    .clock = &clock_statement,
    .params = params,
    .session = session,
    .classify = classify};

static const char *check(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config, (void)pool;
    return NULL;
}

static authp_err_t prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool)
{
    (void)config, (void)uid, (void)gid, (void)pool;
    return AUTHP_OK;
}

static authp_err_t open_store(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    authp_sql_t *sql = NULL;
    authp_err_t err = authp_sql_open(&dialect_fixture, config, pool, &sql);
    if (err == AUTHP_OK) {
        *self = sql;
    }
    return err;
}

const authp_store_ops_t dialect_fixture_ops = {
    .version = AUTHP_STORE_VERSION,
    .name = "fake",
    .check = check,
    .prepare = prepare,
    .open = open_store,
    .migrate = authp_sql_upgrade,
    .ping = authp_sql_ping,
    .maintain = authp_sql_maintain,
#define OPERATION(name, params, args) .name = authp_sql_##name,
#include "store/operations.def"
};

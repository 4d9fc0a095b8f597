/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect_fixture.h"
#include "store/sql/sql.h"

#include <apr_strings.h>
#include <string.h>

/* The statements are made from the tables of columns, so that a new column needs no change here. */
static authp_sql_migration_t migrations[2] = {
    {"rows", NULL,
     "DROP TABLE users; DROP TABLE refresh_tokens; DROP TABLE audit_log; "
     "DROP TABLE recruiter_invites; DROP TABLE login_codes; DROP TABLE otp_codes; "
     "DROP TABLE pending_admins; DROP TABLE data_keys; DROP TABLE outbox",
     "SELECT 'users' WHERE EXISTS (SELECT 1 FROM users)"},
    {"more",
     "CREATE TABLE login_failures (id TEXT PRIMARY KEY, failures INTEGER, last_at TEXT, "
     "expires_at TEXT);"
     "CREATE TABLE user_identities (issuer TEXT, sub TEXT, user_id TEXT, "
     "PRIMARY KEY (issuer, sub));"
     "CREATE TABLE used_tokens (id TEXT PRIMARY KEY, expires_at TEXT);"
     "CREATE TABLE tallies (id TEXT PRIMARY KEY, count INTEGER, began_at TEXT, expires_at TEXT)",
     "DROP TABLE login_failures; DROP TABLE user_identities; DROP TABLE used_tokens; "
     "DROP TABLE tallies",
     "SELECT 'user_identities' WHERE EXISTS (SELECT 1 FROM user_identities)"}};

static bool is_unique(const char *name)
{
    return strcmp(name, "email") == 0 || strcmp(name, "username") == 0 ||
           strcmp(name, "phone") == 0;
}

static const char *table_of(const authp_columns_t *columns, const char *unique, const char *more,
                            apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, "CREATE TABLE ", columns->table, " (", NULL);
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        text = apr_pstrcat(pool, text, i > 0 ? ", " : "", column->name,
                           column->kind == AUTHP_COLUMN_INT ? " INTEGER" : " TEXT",
                           i == 0                    ? " PRIMARY KEY"
                           : is_unique(column->name) ? unique
                                                     : "",
                           NULL);
    }
    return apr_pstrcat(pool, text, more, ");", NULL);
}

static void make_tables(apr_pool_t *pool)
{
    migrations[0].sql =
        apr_pstrcat(pool,
                    table_of(&authp_columns_user, " UNIQUE",
                             ", deleted_at TEXT NOT NULL DEFAULT '000000000000000'", pool),
                    table_of(&authp_columns_session, "", "", pool),
                    table_of(&authp_columns_audit, "", "", pool),
                    /* Two invites may be for one address. */
                    table_of(&authp_columns_invite, "", ", UNIQUE (code_hash)", pool),
                    table_of(&authp_columns_login_code, "", ", UNIQUE (code_hash)", pool),
                    table_of(&authp_columns_otp_code, "", ", UNIQUE (phone)", pool),
                    table_of(&authp_columns_pending_admin, "", ", UNIQUE (phone)", pool),
                    table_of(&authp_columns_data_key, "", "", pool),
                    table_of(&authp_columns_outbox, "", ", UNIQUE (token_hash)", pool), NULL);
}

static const authp_sql_statement_t clock_statement = {
    .name = "clock", .text = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"};

static const char *begin(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config, (void)pool;
    return "BEGIN IMMEDIATE";
}

static const char *params(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)pool;
    return config->uri + strlen("fake:");
}

static const char *const *session(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char **statements = apr_pcalloc(pool, 3 * sizeof(*statements));
    statements[0] = "PRAGMA journal_mode=WAL";
    statements[1] = apr_psprintf(pool, "PRAGMA cache_size=-%d", config->timeout_ms);
    return statements;
}

static authp_sql_fault_t classify(int rc, const char *text)
{
    (void)text;
    return rc == 5 || rc == 6 ? AUTHP_SQL_LOCKED : rc == 1 ? AUTHP_SQL_WRONG : AUTHP_SQL_BROKEN;
}

static const char *has_migrations(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config, (void)pool;
    return "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'";
}

const authp_sql_dialect_t dialect_fixture = {
    .name = "fake",
    .driver = "sqlite3",
    .migrations = migrations,
    .nmigrations = sizeof(migrations) / sizeof(migrations[0]),
    .begin = begin,
    .has_migrations = has_migrations,
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
    make_tables(pool);
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
    .place = check,
    .prepare = prepare,
    .open = open_store,
    .migrate = authp_sql_upgrade,
    .ping = authp_sql_ping,
    .maintain = authp_sql_maintain,
#define OPERATION(name, params, args) .name = authp_sql_##name,
#include "store/operations.def"
};

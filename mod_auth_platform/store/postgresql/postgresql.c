/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql/postgresql.h"
#include "store/postgresql/postgresql_error.h"
#include "store/postgresql/postgresql_guard.h"
#include "store/postgresql/postgresql_native.h"
#include "store/postgresql/postgresql_schema.h"
#include "store/postgresql/postgresql_url.h"
#include "store/sql/sql.h"

#include <apr_strings.h>

/* The server ends a statement itself before the guard breaks the connection. */
#define STATEMENT_SHARE(timeout_ms) ((timeout_ms) - (timeout_ms) / 10)
/* A process that stops in the middle of a transaction holds its locks no longer than this. */
#define IDLE_IN_TRANSACTION_MS 10000

static const authp_sql_statement_t clock_statement = {
    .name = "clock", .text = "SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint"};

/* The settings of a session, or with `local` of one transaction. The URI may set statement_timeout
 * itself. search_path is not among them: each statement names the schema of its tables. */
static const char *settings(const authp_store_config_t *config, const char *local, apr_pool_t *pool)
{
    const char *timeout = authp_postgresql_url_sets(config, "statement_timeout", pool)
                              ? ""
                              : apr_psprintf(pool, "; SET %sstatement_timeout = %d", local,
                                             STATEMENT_SHARE(config->timeout_ms));
    return apr_psprintf(pool,
                        "SET %sclient_min_messages = warning; "
                        "SET %sidle_in_transaction_session_timeout = %d%s",
                        local, local, IDLE_IN_TRANSACTION_MS, timeout);
}

/* A statement outside a transaction has the default isolation. Changes rely on READ COMMITTED: one
 * that waited for another change looks at the row again, and does nothing if its condition does not
 * hold any more. */
static const char *const *session(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char **statements = apr_pcalloc(pool, 2 * sizeof(*statements));
    statements[0] =
        config->unprepared
            ? NULL
            : apr_pstrcat(pool, settings(config, "", pool),
                          "; SET default_transaction_isolation = 'read committed'", NULL);
    return statements;
}

/* The isolation is named, because the database's default may be another one. */
static const char *begin(const authp_store_config_t *config, apr_pool_t *pool)
{
    static const char start[] = "BEGIN ISOLATION LEVEL READ COMMITTED";
    return config->unprepared
               ? apr_pstrcat(pool, start, "; ", settings(config, "LOCAL ", pool), NULL)
               : start;
}

/* Through a pooler each statement may reach another session of the server: so prepared statements
 * are not found again, and settings hold for one transaction only. */
static bool is_pooled(const authp_store_config_t *config)
{
    return config->unprepared;
}

static bool names_prepared(const authp_store_config_t *config)
{
    return !config->unprepared;
}

/* Other encodings lack characters that a text may have. The number is ours alone. With
 * AUTH_DB_SCHEMA, and where the schema is not there, search_path is the name of one schema and
 * current_schema() is NULL. */
static const char lock_text[] =
    "SELECT pg_advisory_xact_lock(7141938524); SET LOCAL statement_timeout = 0; "
    "SET LOCAL lock_timeout = 5000; DO $$ BEGIN "
    "IF current_setting('server_encoding') <> 'UTF8' THEN "
    "RAISE 'the encoding of the database is %, it must be UTF8', current_setting('server_encoding'); "
    "END IF; "
    "IF current_schema() IS NULL AND current_setting('search_path') NOT LIKE '%,%' THEN "
    "EXECUTE 'CREATE SCHEMA ' || current_setting('search_path'); END IF; END $$";

static const char *migrate_lock(const authp_store_config_t *config, apr_pool_t *pool)
{
    return config->schema == NULL ? lock_text
                                  : apr_pstrcat(pool, "SET LOCAL search_path = \"", config->schema,
                                                "\"; ", lock_text, NULL);
}

/* to_regclass() is not used: after waiting for the lock it may still find a table that another
 * process has dropped. */
static const char *has_migrations(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char *schema = config->schema == NULL ? "current_schema()"
                                                : apr_pstrcat(pool, "'", config->schema, "'", NULL);
    return apr_pstrcat(pool,
                       "SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'schema_migrations' AND "
                       "relnamespace = to_regnamespace(quote_ident(",
                       schema, "))", NULL);
}

/* All tables of the schema that have a name of ours. */
static const char undo_lock[] =
    "DO $$ DECLARE ours regclass; BEGIN FOR ours IN SELECT c.oid::regclass FROM pg_class c WHERE "
    "c.relkind = 'r' AND c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relname IN "
    "('users', 'refresh_tokens', 'audit_log', 'recruiter_invites', 'login_failures', "
    "'user_identities', 'used_tokens', 'login_codes', 'otp_codes', 'tallies', 'pending_admins', "
    "'data_keys', 'outbox') ORDER BY c.relname LOOP "
    "EXECUTE 'LOCK TABLE ' || ours || ' IN ACCESS EXCLUSIVE MODE'; END LOOP; END $$";

static const authp_sql_dialect_t dialect = {
    .name = "postgresql",
    .driver = "pgsql",
    .migrations = authp_postgresql_schema_steps,
    .nmigrations = AUTHP_POSTGRESQL_SCHEMA_STEPS,
    .begin = begin,
    .wraps = is_pooled,
    .names_prepared = names_prepared,
    .has_schemas = true,
    .absent_is_null = true,
    .migrate_lock = migrate_lock,
    .undo_lock = undo_lock,
    .has_migrations = has_migrations,
    .kinds = AUTHP_POSTGRESQL_SCHEMA_KINDS,
    .clock = &clock_statement,
    .params = authp_postgresql_url_params,
    .session = session,
    .classify = authp_postgresql_error_classify,
    .advice = authp_postgresql_error_advice,
    .open_reason = authp_postgresql_error_open_reason,
    .link = {.opened = authp_postgresql_native_set_up,
             .is_closed = authp_postgresql_native_is_closed,
             .guard_open = authp_postgresql_guard_open,
             .guard_begin = authp_postgresql_guard_begin,
             .guard_end = authp_postgresql_guard_end},
};

static authp_err_t prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool)
{
    (void)config, (void)uid, (void)gid, (void)pool;
    return AUTHP_OK;
}

static authp_err_t open_store(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    authp_sql_t *sql = NULL;
    if (authp_postgresql_native_load(pool) != NULL) {
        return AUTHP_E_INTERNAL;
    }
    authp_err_t err = authp_sql_open(&dialect, config, pool, &sql);
    if (err == AUTHP_OK) {
        *self = sql;
    }
    return err;
}

const authp_store_ops_t authp_postgresql_ops = {
    .version = AUTHP_STORE_VERSION,
    .name = "postgresql",
    .check = authp_postgresql_url_refusal,
    .place = authp_postgresql_url_place,
    .prepare = prepare,
    .open = open_store,
    .migrate = authp_sql_upgrade,
    .ping = authp_sql_ping,
    .maintain = authp_sql_maintain,
#define OPERATION(name, params, args) .name = authp_sql_##name,
#include "store/operations.def"
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/sqlite.h"
#include "store/sql/sql.h"
#include "store/sqlite/sqlite_files.h"
#include "store/sqlite/sqlite_lock.h"

#include <string.h>

/* Result codes of SQLite: the database is in use, or the statement is wrong. */
#define SQLITE_CODE_ERROR 1
#define SQLITE_CODE_BUSY 5
#define SQLITE_CODE_LOCKED 6
#define SQLITE_CODE_CONSTRAINT 19
#define SQLITE_CODE_MISMATCH 20

/* A released step is never edited. A change of the schema is a new step. */
static const authp_sql_migration_t migrations[] = {
    {"accounts and sessions",
     "CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT UNIQUE, username TEXT UNIQUE, phone TEXT UNIQUE, name TEXT, "
     "password_hash TEXT, roles TEXT NOT NULL, is_recruiter_verified INTEGER NOT NULL, "
     "recruiter_requested_at INTEGER NOT NULL, email_verified INTEGER NOT NULL, disabled INTEGER NOT NULL, "
     "ver INTEGER NOT NULL, min_ver INTEGER NOT NULL, auth_changed_at INTEGER NOT NULL, created_at INTEGER NOT NULL, "
     "updated_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE refresh_tokens (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, ver INTEGER NOT NULL, salt TEXT NOT NULL, "
     "generation INTEGER NOT NULL, rotated_at INTEGER NOT NULL, auth_time INTEGER NOT NULL, created_at INTEGER NOT NULL, "
     "last_used_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, absolute_expires_at INTEGER NOT NULL, "
     "ended_at INTEGER NOT NULL, end_reason TEXT, device_id TEXT, ip TEXT, user_agent TEXT) WITHOUT ROWID;"
     "CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);"
     "CREATE TABLE audit_log (id TEXT PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, outcome TEXT NOT NULL, "
     "reason TEXT, actor_id TEXT, subject_id TEXT, session_id TEXT, ip TEXT, request_id TEXT) WITHOUT ROWID;"
     "CREATE INDEX audit_log_at ON audit_log (at)",
     "DROP TABLE audit_log; DROP TABLE refresh_tokens; DROP TABLE users",
     "SELECT 'users' WHERE EXISTS (SELECT 1 FROM users) UNION ALL "
     "SELECT 'refresh_tokens' WHERE EXISTS (SELECT 1 FROM refresh_tokens) UNION ALL "
     "SELECT 'audit_log' WHERE EXISTS (SELECT 1 FROM audit_log)"},
    {"invites and deletion",
     "ALTER TABLE users ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;"
     "CREATE INDEX users_deleted ON users (deleted_at);"
     "CREATE INDEX audit_log_subject ON audit_log (subject_id);"
     "CREATE INDEX audit_log_actor ON audit_log (actor_id);"
     "CREATE TABLE recruiter_invites (id TEXT PRIMARY KEY, email TEXT NOT NULL, code_hash TEXT NOT NULL UNIQUE, "
     "created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, created_by TEXT, used_at INTEGER NOT NULL, used_by TEXT, "
     "used_ver INTEGER NOT NULL, revoked_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX recruiter_invites_used_by ON recruiter_invites (used_by)",
     /* Without deleted_at the rest of a deleted account would count as an account. */
     "DROP TABLE recruiter_invites; DROP INDEX audit_log_actor; DROP INDEX audit_log_subject; "
     "DROP INDEX users_deleted; DELETE FROM users WHERE deleted_at <> 0; "
     "ALTER TABLE users DROP COLUMN deleted_at",
     "SELECT 'recruiter_invites' WHERE EXISTS (SELECT 1 FROM recruiter_invites) UNION ALL "
     "SELECT 'users.deleted_at' WHERE EXISTS (SELECT 1 FROM users WHERE deleted_at <> 0)"},
    {"what changed when",
     "CREATE INDEX users_auth_changed ON users (auth_changed_at);"
     "CREATE INDEX refresh_tokens_ended ON refresh_tokens (ended_at)",
     "DROP INDEX refresh_tokens_ended; DROP INDEX users_auth_changed", NULL},
    {"failed sign-ins",
     "CREATE TABLE login_failures (id TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at INTEGER NOT NULL, "
     "expires_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX login_failures_expires ON login_failures (expires_at)",
     "DROP TABLE login_failures",
     "SELECT 'login_failures' WHERE EXISTS (SELECT 1 FROM login_failures)"},
    {"identities",
     "ALTER TABLE users ADD COLUMN identities TEXT;"
     "CREATE TABLE user_identities (issuer TEXT NOT NULL, sub TEXT NOT NULL, user_id TEXT NOT NULL, "
     "PRIMARY KEY (issuer, sub)) WITHOUT ROWID;"
     "CREATE INDEX recruiter_invites_email ON recruiter_invites (email)",
     "DROP INDEX recruiter_invites_email; DROP TABLE user_identities; "
     "ALTER TABLE users DROP COLUMN identities",
     "SELECT 'user_identities' WHERE EXISTS (SELECT 1 FROM user_identities) UNION ALL "
     "SELECT 'users.identities' WHERE EXISTS (SELECT 1 FROM users WHERE identities IS NOT NULL)"},
    {"used tokens and login codes",
     "CREATE TABLE used_tokens (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX used_tokens_expires ON used_tokens (expires_at);"
     "CREATE TABLE login_codes (id TEXT PRIMARY KEY, code_hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, "
     "ver INTEGER NOT NULL, challenge TEXT NOT NULL, device_id TEXT, created_at INTEGER NOT NULL, "
     "expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX login_codes_expires ON login_codes (expires_at)",
     "DROP TABLE login_codes; DROP TABLE used_tokens",
     "SELECT 'used_tokens' WHERE EXISTS (SELECT 1 FROM used_tokens) UNION ALL "
     "SELECT 'login_codes' WHERE EXISTS (SELECT 1 FROM login_codes)"},
    /* If nearly all rows have the value 0 in an index, SQLite's planner may choose it although
     * it finds nothing quickly: it did so for the sessions of one user. So the indexes on
     * columns that are mostly absent have only the rows with a value. */
    {"many rows",
     "DROP INDEX users_deleted; CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at > 0;"
     "DROP INDEX users_auth_changed; CREATE INDEX users_auth_changed ON users (auth_changed_at) WHERE auth_changed_at > 0;"
     "DROP INDEX refresh_tokens_ended; CREATE INDEX refresh_tokens_ended ON refresh_tokens (ended_at) WHERE ended_at > 0;"
     "CREATE INDEX users_roles ON users (roles);"
     "CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_at);"
     "CREATE INDEX recruiter_invites_expires ON recruiter_invites (expires_at)",
     "DROP INDEX recruiter_invites_expires; DROP INDEX refresh_tokens_expires; DROP INDEX users_roles; "
     "DROP INDEX refresh_tokens_ended; CREATE INDEX refresh_tokens_ended ON refresh_tokens (ended_at); "
     "DROP INDEX users_auth_changed; CREATE INDEX users_auth_changed ON users (auth_changed_at); "
     "DROP INDEX users_deleted; CREATE INDEX users_deleted ON users (deleted_at)",
     NULL},
    {"phone numbers",
     "ALTER TABLE users ADD COLUMN profiles TEXT;"
     "ALTER TABLE users ADD COLUMN phone_used_at INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE recruiter_invites ADD COLUMN role TEXT;"
     "CREATE TABLE otp_codes (id TEXT PRIMARY KEY, phone TEXT NOT NULL UNIQUE, code_id TEXT NOT NULL, "
     "purpose TEXT NOT NULL, code_hmac TEXT, provider TEXT, attempts INTEGER NOT NULL, bound_ip TEXT, bound_device TEXT, "
     "created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX otp_codes_expires ON otp_codes (expires_at);"
     "CREATE TABLE tallies (id TEXT PRIMARY KEY, count INTEGER NOT NULL, began_at INTEGER NOT NULL, "
     "expires_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX tallies_expires ON tallies (expires_at);"
     "CREATE TABLE pending_admins (id TEXT PRIMARY KEY, email TEXT NOT NULL, phone TEXT NOT NULL UNIQUE, name TEXT, "
     "password_hash TEXT NOT NULL, invite_id TEXT, created_by TEXT, created_at INTEGER NOT NULL, "
     "expires_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX pending_admins_expires ON pending_admins (expires_at)",
     /* Without its role an invite would make a recruiter. */
     "DROP TABLE pending_admins; DROP TABLE tallies; DROP TABLE otp_codes; "
     "DELETE FROM recruiter_invites WHERE role IS NOT NULL; ALTER TABLE recruiter_invites DROP COLUMN role; "
     "ALTER TABLE users DROP COLUMN phone_used_at; ALTER TABLE users DROP COLUMN profiles",
     "SELECT 'users.profiles' WHERE EXISTS (SELECT 1 FROM users WHERE profiles IS NOT NULL) UNION ALL "
     "SELECT 'users.phone_used_at' WHERE EXISTS (SELECT 1 FROM users WHERE phone_used_at <> 0) UNION ALL "
     "SELECT 'recruiter_invites.role' WHERE EXISTS (SELECT 1 FROM recruiter_invites WHERE role IS NOT NULL) UNION ALL "
     "SELECT 'otp_codes' WHERE EXISTS (SELECT 1 FROM otp_codes) UNION ALL "
     "SELECT 'tallies' WHERE EXISTS (SELECT 1 FROM tallies) UNION ALL "
     "SELECT 'pending_admins' WHERE EXISTS (SELECT 1 FROM pending_admins)"},
    {"mail",
     "CREATE TABLE data_keys (id TEXT PRIMARY KEY, wrapped TEXT NOT NULL, wrapped_by TEXT NOT NULL, "
     "created_at INTEGER NOT NULL, rewrapped_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE outbox (id TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT, token_hash TEXT UNIQUE, box TEXT, "
     "min_ver INTEGER NOT NULL, link_until INTEGER NOT NULL, used_at INTEGER NOT NULL, sealed TEXT, "
     "due_at INTEGER NOT NULL, claim_until INTEGER NOT NULL, tries INTEGER NOT NULL, sent_at INTEGER NOT NULL, "
     "failed_at INTEGER NOT NULL, error TEXT, created_at INTEGER NOT NULL, give_up_at INTEGER NOT NULL, "
     "expires_at INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at > 0;"
     "CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at > 0;"
     "CREATE INDEX outbox_user ON outbox (user_id);"
     "CREATE INDEX outbox_expires ON outbox (expires_at)",
     "DROP TABLE outbox; DROP TABLE data_keys",
     "SELECT 'data_keys' WHERE EXISTS (SELECT 1 FROM data_keys) UNION ALL "
     "SELECT 'outbox' WHERE EXISTS (SELECT 1 FROM outbox)"},
};

/* With FULL, what was answered with success survives a power cut. There is no busy_timeout, because
 * apr_dbd holds one mutex of the whole process while it waits, and every other reader of the child
 * would wait, too. */
static const char *const *session(const authp_store_config_t *config, apr_pool_t *pool)
{
    static const char *const statements[] = {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                                             "PRAGMA foreign_keys=ON", NULL};
    /* For an import. New rows change pages everywhere in the indexes. With 64 MiB of cache, and
     * as much log between checkpoints, a page that changes often is written once instead of many
     * times. */
    static const char *const many[] = {
        "PRAGMA journal_mode=WAL",  "PRAGMA synchronous=FULL",         "PRAGMA foreign_keys=ON",
        "PRAGMA cache_size=-65536", "PRAGMA wal_autocheckpoint=16384", NULL};
    (void)pool;
    return config->bulk ? many : statements;
}

static const char *begin(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config, (void)pool;
    return "BEGIN IMMEDIATE";
}

static const char *params(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)pool;
    return config->file;
}

/* The driver prepares statements with SQLite's old function, which returns the general code 1 for
 * most errors. So only the text shows which error it is. */

/* True if another program has locked the database, a table or the schema. */
static bool is_locked(const char *text)
{
    return strstr(text, "is locked") != NULL;
}

/* Error texts that mean a fault of the file or its disk. */
static const char *const disk_faults[] = {"is full",        "disk I/O error", "readonly database",
                                          "unable to open", "malformed",      "not a database"};

static bool is_disk_fault(const char *text)
{
    for (size_t i = 0; text != NULL && i < sizeof(disk_faults) / sizeof(disk_faults[0]); i++) {
        if (strstr(text, disk_faults[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* True if the connection must be opened again. The driver prepares statements with
 * sqlite3_prepare(), so after a change of the schema they cannot be used again. If the schema
 * was set back, a table or a column is missing until the schema is up to date again. */
static bool is_stale(const char *text)
{
    static const char *const texts[] = {"schema", "no such table", "no such column",
                                        "has no column named"};
    bool found = false;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        found = found || strstr(text, texts[i]) != NULL;
    }
    return found;
}

static authp_sql_fault_t classify(int rc, const char *text)
{
    if (rc == SQLITE_CODE_BUSY || rc == SQLITE_CODE_LOCKED || (text != NULL && is_locked(text))) {
        return AUTHP_SQL_LOCKED;
    }
    bool stale = text != NULL && is_stale(text);
    bool wrong =
        rc == SQLITE_CODE_ERROR || rc == SQLITE_CODE_CONSTRAINT || rc == SQLITE_CODE_MISMATCH;
    return wrong && !stale && !is_disk_fault(text) ? AUTHP_SQL_WRONG : AUTHP_SQL_BROKEN;
}

static authp_err_t before_open(const authp_store_config_t *config, apr_pool_t *pool)
{
    return authp_sqlite_files_open(config->file, pool);
}

static authp_err_t lock_open(const authp_store_config_t *config, void **lock, apr_pool_t *pool)
{
    authp_sqlite_lock_t *made = NULL;
    authp_err_t err = authp_sqlite_lock_open(config->file, &made, pool);
    if (err == AUTHP_OK) {
        *lock = made;
    }
    return err;
}

static authp_err_t lock_take(void *lock, int timeout_ms)
{
    return authp_sqlite_lock_take(lock, timeout_ms);
}

static void lock_give(void *lock)
{
    authp_sqlite_lock_give(lock);
}

static const char *has_migrations(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config, (void)pool;
    return "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'";
}

static const authp_sql_dialect_t dialect = {
    .name = "sqlite",
    .driver = "sqlite3",
    .migrations = migrations,
    .nmigrations = sizeof(migrations) / sizeof(migrations[0]),
    .begin = begin,
    .has_migrations = has_migrations,
    .params = params,
    .session = session,
    .before_open = before_open,
    .classify = classify,
    .write_lock = lock_take,
    .write_unlock = lock_give,
    .lock_open = lock_open,
};

static const char *check(const authp_store_config_t *config, apr_pool_t *pool)
{
    if (config->file == NULL || config->file[0] != '/') {
        return "the SQLite file needs an absolute path";
    }
    if (strlen(config->file) > 4000) {
        return "the SQLite file's path is too long";
    }
    return authp_sqlite_files_refusal(config->file, pool);
}

static const char *place(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)pool;
    return config->file;
}

static authp_err_t prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool)
{
    return authp_sqlite_files_prepare(config->file, uid, gid, pool);
}

static void sweep(const authp_store_config_t *config, uid_t uid, apr_pool_t *pool)
{
    authp_sqlite_lock_sweep(config->file, uid, pool);
}

static authp_err_t open_store(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    authp_sql_t *sql = NULL;
    authp_err_t err = authp_sql_open(&dialect, config, pool, &sql);
    if (err == AUTHP_OK) {
        *self = sql;
    }
    return err;
}

const authp_store_ops_t authp_sqlite_ops = {
    .version = AUTHP_STORE_VERSION,
    .name = "sqlite",
    .check = check,
    .place = place,
    .prepare = prepare,
    .sweep = sweep,
    .open = open_store,
    .migrate = authp_sql_upgrade,
    .ping = authp_sql_ping,
    .maintain = authp_sql_maintain,
#define OPERATION(name, params, args) .name = authp_sql_##name,
#include "store/operations.def"
};

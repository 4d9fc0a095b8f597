/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql/postgresql_schema.h"

#define ID "char(24) COLLATE \"C\""
#define TEXT "text COLLATE \"C\""

/* A released step is never edited. A change of the schema is a new step.
 *
 * refresh_tokens has free space in its pages, and no index on a column that each rotation changes:
 * then a rotation writes into the page of its row and into no index. */
const authp_sql_migration_t authp_postgresql_schema_steps[AUTHP_POSTGRESQL_SCHEMA_STEPS] = {
    {"accounts and sessions",
     "CREATE TABLE users (id " ID " PRIMARY KEY, email " TEXT " UNIQUE, username " TEXT
     " UNIQUE, phone " TEXT " UNIQUE, name " TEXT ", password_hash " TEXT ", roles " TEXT
     " NOT NULL, is_recruiter_verified boolean NOT NULL, recruiter_requested_at timestamptz, "
     "email_verified boolean NOT NULL, disabled boolean NOT NULL, ver bigint NOT NULL, "
     "min_ver bigint NOT NULL, auth_changed_at timestamptz, created_at timestamptz, "
     "updated_at timestamptz NOT NULL) WITH (fillfactor = 90);"
     "CREATE TABLE refresh_tokens (id " ID " PRIMARY KEY, user_id " ID
     " NOT NULL, ver bigint NOT NULL, salt bytea NOT NULL, generation bigint NOT NULL, "
     "rotated_at timestamptz, auth_time timestamptz, created_at timestamptz NOT NULL, "
     "last_used_at timestamptz, expires_at timestamptz NOT NULL, "
     "absolute_expires_at timestamptz NOT NULL, ended_at timestamptz, end_reason " TEXT
     ", device_id " TEXT ", ip " TEXT ", user_agent " TEXT ") WITH (fillfactor = 85);"
     "CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);"
     "CREATE TABLE audit_log (id " ID " PRIMARY KEY, at timestamptz NOT NULL, event " TEXT
     " NOT NULL, outcome " TEXT " NOT NULL, reason " TEXT ", actor_id " TEXT ", subject_id " TEXT
     ", session_id " TEXT ", ip " TEXT ", request_id " TEXT ");"
     "CREATE INDEX audit_log_at ON audit_log (at)",
     "DROP TABLE audit_log; DROP TABLE refresh_tokens; DROP TABLE users",
     "SELECT 'users' WHERE EXISTS (SELECT 1 FROM users) UNION ALL "
     "SELECT 'refresh_tokens' WHERE EXISTS (SELECT 1 FROM refresh_tokens) UNION ALL "
     "SELECT 'audit_log' WHERE EXISTS (SELECT 1 FROM audit_log)"},
    {"invites and deletion",
     "ALTER TABLE users ADD COLUMN deleted_at timestamptz;"
     "CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;"
     "CREATE INDEX audit_log_subject ON audit_log (subject_id);"
     "CREATE INDEX audit_log_actor ON audit_log (actor_id);"
     "CREATE TABLE recruiter_invites (id " ID " PRIMARY KEY, email " TEXT
     " NOT NULL, code_hash " TEXT " NOT NULL UNIQUE, created_at timestamptz NOT NULL, "
     "expires_at timestamptz NOT NULL, created_by " TEXT ", used_at timestamptz, used_by " TEXT
     ", used_ver bigint NOT NULL, revoked_at timestamptz);"
     "CREATE INDEX recruiter_invites_used_by ON recruiter_invites (used_by)",
     /* Without deleted_at the rest of a deleted account would count as an account. */
     "DROP TABLE recruiter_invites; DROP INDEX audit_log_actor; DROP INDEX audit_log_subject; "
     "DROP INDEX users_deleted; DELETE FROM users WHERE deleted_at IS NOT NULL; "
     "ALTER TABLE users DROP COLUMN deleted_at",
     "SELECT 'recruiter_invites' WHERE EXISTS (SELECT 1 FROM recruiter_invites) UNION ALL "
     "SELECT 'users.deleted_at' WHERE EXISTS "
     "(SELECT 1 FROM users WHERE deleted_at IS NOT NULL)"},
    {"what changed when",
     "CREATE INDEX users_auth_changed ON users (auth_changed_at) "
     "WHERE auth_changed_at IS NOT NULL;"
     "CREATE INDEX refresh_tokens_ended ON refresh_tokens (ended_at) WHERE ended_at IS NOT NULL",
     "DROP INDEX refresh_tokens_ended; DROP INDEX users_auth_changed", NULL},
    {"failed sign-ins",
     "CREATE TABLE login_failures (id " TEXT
     " PRIMARY KEY, failures bigint NOT NULL, last_at timestamptz NOT NULL, "
     "expires_at timestamptz NOT NULL);"
     "CREATE INDEX login_failures_expires ON login_failures (expires_at)",
     "DROP TABLE login_failures",
     "SELECT 'login_failures' WHERE EXISTS (SELECT 1 FROM login_failures)"},
    {"identities",
     "ALTER TABLE users ADD COLUMN identities jsonb;"
     "CREATE TABLE user_identities (issuer " TEXT " NOT NULL, sub " TEXT " NOT NULL, user_id " ID
     " NOT NULL, PRIMARY KEY (issuer, sub));"
     "CREATE INDEX recruiter_invites_email ON recruiter_invites (email)",
     "DROP INDEX recruiter_invites_email; DROP TABLE user_identities; "
     "ALTER TABLE users DROP COLUMN identities",
     "SELECT 'user_identities' WHERE EXISTS (SELECT 1 FROM user_identities) UNION ALL "
     "SELECT 'users.identities' WHERE EXISTS (SELECT 1 FROM users WHERE identities IS NOT NULL)"},
    {"used tokens and login codes",
     "CREATE TABLE used_tokens (id " TEXT " PRIMARY KEY, expires_at timestamptz NOT NULL);"
     "CREATE INDEX used_tokens_expires ON used_tokens (expires_at);"
     "CREATE TABLE login_codes (id " ID " PRIMARY KEY, code_hash " TEXT
     " NOT NULL UNIQUE, user_id " ID " NOT NULL, ver bigint NOT NULL, challenge " TEXT
     " NOT NULL, device_id " TEXT ", created_at timestamptz NOT NULL, "
     "expires_at timestamptz NOT NULL, used_at timestamptz);"
     "CREATE INDEX login_codes_expires ON login_codes (expires_at)",
     "DROP TABLE login_codes; DROP TABLE used_tokens",
     "SELECT 'used_tokens' WHERE EXISTS (SELECT 1 FROM used_tokens) UNION ALL "
     "SELECT 'login_codes' WHERE EXISTS (SELECT 1 FROM login_codes)"},
    /* expires_bin is expires_at rounded down to four hours. A rotation that does not change
     * expires_bin writes into no index. See sql_purge.c. */
    {"many rows",
     "CREATE INDEX users_roles ON users (roles, id);"
     "ALTER TABLE refresh_tokens ADD COLUMN expires_bin timestamptz GENERATED ALWAYS AS "
     "(date_bin('4 hours', expires_at, to_timestamp(0))) STORED;"
     "CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_bin);"
     "CREATE INDEX recruiter_invites_expires ON recruiter_invites (expires_at)",
     "DROP INDEX recruiter_invites_expires; DROP INDEX refresh_tokens_expires; "
     "ALTER TABLE refresh_tokens DROP COLUMN expires_bin; DROP INDEX users_roles",
     NULL},
    /* profiles is text, because jsonb has no \u0000, and another order of the members. */
    {"phone numbers",
     "ALTER TABLE users ADD COLUMN profiles " TEXT ";"
     "ALTER TABLE users ADD COLUMN phone_used_at timestamptz;"
     "ALTER TABLE recruiter_invites ADD COLUMN role " TEXT ";"
     "CREATE TABLE otp_codes (id " ID " PRIMARY KEY, phone " TEXT " NOT NULL UNIQUE, code_id " ID
     " NOT NULL, purpose " TEXT " NOT NULL, code_hmac " TEXT ", provider " TEXT
     ", attempts bigint NOT NULL, bound_ip " TEXT ", bound_device " TEXT
     ", created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, used_at timestamptz) "
     "WITH (fillfactor = 85);"
     "CREATE INDEX otp_codes_expires ON otp_codes (expires_at);"
     "CREATE TABLE tallies (id " TEXT " PRIMARY KEY, count bigint NOT NULL, "
     "began_at timestamptz NOT NULL, expires_at timestamptz NOT NULL) WITH (fillfactor = 85);"
     "CREATE INDEX tallies_expires ON tallies (expires_at);"
     "CREATE TABLE pending_admins (id " ID " PRIMARY KEY, email " TEXT " NOT NULL, phone " TEXT
     " NOT NULL UNIQUE, name " TEXT ", password_hash " TEXT " NOT NULL, invite_id " TEXT
     ", created_by " TEXT ", created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);"
     "CREATE INDEX pending_admins_expires ON pending_admins (expires_at)",
     /* Without its role an invite would make a recruiter. */
     "DROP TABLE pending_admins; DROP TABLE tallies; DROP TABLE otp_codes; "
     "DELETE FROM recruiter_invites WHERE role IS NOT NULL; "
     "ALTER TABLE recruiter_invites DROP COLUMN role; "
     "ALTER TABLE users DROP COLUMN phone_used_at; ALTER TABLE users DROP COLUMN profiles",
     "SELECT 'users.profiles' WHERE EXISTS (SELECT 1 FROM users WHERE profiles IS NOT NULL) "
     "UNION ALL SELECT 'users.phone_used_at' WHERE EXISTS "
     "(SELECT 1 FROM users WHERE phone_used_at IS NOT NULL) "
     "UNION ALL SELECT 'recruiter_invites.role' WHERE EXISTS "
     "(SELECT 1 FROM recruiter_invites WHERE role IS NOT NULL) "
     "UNION ALL SELECT 'otp_codes' WHERE EXISTS (SELECT 1 FROM otp_codes) "
     "UNION ALL SELECT 'tallies' WHERE EXISTS (SELECT 1 FROM tallies) "
     "UNION ALL SELECT 'pending_admins' WHERE EXISTS (SELECT 1 FROM pending_admins)"},
    {"mail",
     "CREATE TABLE data_keys (id " ID " PRIMARY KEY, wrapped " TEXT " NOT NULL, wrapped_by " TEXT
     " NOT NULL, created_at timestamptz NOT NULL, rewrapped_at timestamptz);"
     "CREATE TABLE outbox (id " ID " PRIMARY KEY, kind " TEXT " NOT NULL, user_id " TEXT
     ", token_hash " TEXT " UNIQUE, box " TEXT ", min_ver bigint NOT NULL, link_until timestamptz, "
     "used_at timestamptz, sealed " TEXT ", due_at timestamptz, claim_until timestamptz, "
     "tries bigint NOT NULL, sent_at timestamptz, failed_at timestamptz, error " TEXT
     ", created_at timestamptz NOT NULL, give_up_at timestamptz NOT NULL, "
     "expires_at timestamptz NOT NULL) WITH (fillfactor = 85);"
     "CREATE INDEX outbox_due ON outbox (due_at, id) WHERE due_at IS NOT NULL;"
     "CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;"
     "CREATE INDEX outbox_user ON outbox (user_id);"
     "CREATE INDEX outbox_expires ON outbox (expires_at)",
     "DROP TABLE outbox; DROP TABLE data_keys",
     "SELECT 'data_keys' WHERE EXISTS (SELECT 1 FROM data_keys) UNION ALL "
     "SELECT 'outbox' WHERE EXISTS (SELECT 1 FROM outbox)"},
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* All statements of the SQL store. %s is text, %lld a 64-bit integer. The columns of each table are
 * listed once, in the order in which sql_user.c, sql_session.c and sql_invite.c read and bind them.
 */
#define USER_COLUMNS                                                                                          \
    "id, email, username, phone, name, password_hash, roles, is_recruiter_verified, recruiter_requested_at, " \
    "email_verified, disabled, ver, min_ver, auth_changed_at, created_at, updated_at"
#define SESSION_COLUMNS                                                                                 \
    "id, user_id, ver, salt, generation, rotated_at, auth_time, created_at, last_used_at, expires_at, " \
    "absolute_expires_at, ended_at, end_reason, device_id, ip, user_agent"
#define INVITE_COLUMNS                                                                             \
    "id, email, code_hash, created_at, expires_at, created_by, used_at, used_by, used_ver, revoked_at"
/* Finds a user only if it has not changed since it was read. */
#define UNCHANGED_USER "id = %s AND ver = %lld AND updated_at = %lld AND deleted_at = 0"

const authp_sql_statement_t authp_sql_statements[AUTHP_SQL_LABELS] = {
    [AUTHP_SQL_PING] = {"SELECT count(*) FROM schema_migrations", false},

    /* If a unique value is taken, no row is returned. */
    [AUTHP_SQL_USER_CREATE] =
        {"INSERT INTO users (" USER_COLUMNS ") VALUES (%s, %s, %s, %s, %s, %s, %s, %lld, %lld, "
         "%lld, %lld, %lld, %lld, %lld, %lld, %lld) ON CONFLICT DO NOTHING RETURNING id",
         true},
    [AUTHP_SQL_USER_BY_ID] = {"SELECT " USER_COLUMNS " FROM users WHERE id = %s AND deleted_at = 0",
                              false},
    [AUTHP_SQL_USER_BY_EMAIL] = {"SELECT " USER_COLUMNS " FROM users WHERE email = %s", false},
    [AUTHP_SQL_USER_BY_USERNAME] = {"SELECT " USER_COLUMNS " FROM users WHERE username = %s",
                                    false},
    /* A prefix is compared by >= (for the index on email) and substr(). With LIKE some of its
     * characters would be wildcards. An empty prefix or role means no condition. Roles are stored
     * as ",candidate,admin,". */
    [AUTHP_SQL_USER_LIST] =
        {"SELECT " USER_COLUMNS " FROM users WHERE id > %s AND deleted_at = 0 AND disabled <= %lld "
         "AND (%s = '' OR (email >= %s AND substr(email, 1, length(%s)) = %s)) "
         "AND (%s = '' OR replace(roles, %s, '') <> roles) ORDER BY id LIMIT %lld",
         false},
    [AUTHP_SQL_USER_UPGRADE_HASH] =
        {"UPDATE users SET password_hash = %s, updated_at = %lld WHERE id = %s AND "
         "password_hash = %s RETURNING id",
         true},
    [AUTHP_SQL_USER_UPDATE] =
        {"UPDATE users SET name = %s, password_hash = %s, roles = %s, is_recruiter_verified = %lld, "
         "recruiter_requested_at = %lld, email_verified = %lld, disabled = %lld, ver = %lld, "
         "min_ver = %lld, auth_changed_at = %lld, updated_at = %lld WHERE " UNCHANGED_USER
         " RETURNING id",
         true},
    [AUTHP_SQL_USER_DELETE] =
        {"UPDATE users SET email = NULL, username = NULL, phone = NULL, name = NULL, "
         "password_hash = NULL, roles = ',', is_recruiter_verified = 0, recruiter_requested_at = 0, "
         "email_verified = 0, disabled = 1, ver = ver + 1, min_ver = ver + 1, auth_changed_at = %lld, "
         "created_at = 0, updated_at = %lld, deleted_at = %lld WHERE " UNCHANGED_USER
         " RETURNING id",
         true},
    [AUTHP_SQL_USER_DISCARD] = {"DELETE FROM users WHERE " UNCHANGED_USER " RETURNING id", true},
    [AUTHP_SQL_USER_LIST_DELETED] =
        {"SELECT id FROM users WHERE deleted_at > 0 AND id > %s ORDER BY id LIMIT %lld", false},
    [AUTHP_SQL_USER_CHANGED] = {"SELECT " USER_COLUMNS " FROM users WHERE auth_changed_at >= %lld "
                                "ORDER BY auth_changed_at LIMIT %lld",
                                false},
    [AUTHP_SQL_FORGET_SESSIONS] =
        {"UPDATE refresh_tokens SET device_id = NULL, ip = NULL, user_agent = NULL WHERE "
         "user_id = %s RETURNING id",
         true},
    [AUTHP_SQL_FORGET_AUDIT] =
        {"UPDATE audit_log SET ip = NULL WHERE actor_id = %s OR (subject_id = %s AND actor_id IS NULL) "
         "RETURNING id",
         true},
    [AUTHP_SQL_FORGET_INVITES] = {"DELETE FROM recruiter_invites WHERE used_by = %s RETURNING id",
                                  true},

    [AUTHP_SQL_SESSION_CREATE] =
        {"INSERT INTO refresh_tokens (" SESSION_COLUMNS ") VALUES (%s, %s, %lld, %s, %lld, %lld, "
         "%lld, %lld, %lld, %lld, %lld, %lld, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
         true},
    [AUTHP_SQL_SESSION_BY_ID] = {"SELECT " SESSION_COLUMNS " FROM refresh_tokens WHERE id = %s",
                                 false},
    [AUTHP_SQL_SESSION_ROTATE] =
        {"UPDATE refresh_tokens SET generation = generation + 1, rotated_at = %lld, last_used_at = %lld, "
         "expires_at = %lld WHERE id = %s AND generation = %lld AND ended_at = 0 AND "
         "expires_at > %lld RETURNING id",
         true},
    [AUTHP_SQL_SESSION_SLIDE] =
        {"UPDATE refresh_tokens SET last_used_at = %lld, expires_at = %lld WHERE id = %s AND "
         "generation = %lld AND ended_at = 0 AND expires_at > %lld RETURNING id",
         true},
    [AUTHP_SQL_SESSION_END] =
        {"UPDATE refresh_tokens SET ended_at = %lld, end_reason = %s WHERE id = %s AND ended_at = 0 "
         "RETURNING id",
         true},
    [AUTHP_SQL_SESSION_END_USER] =
        {"UPDATE refresh_tokens SET ended_at = %lld, end_reason = %s WHERE user_id = %s AND id <> %s "
         "AND ended_at = 0 RETURNING id",
         true},
    [AUTHP_SQL_SESSION_LIST] = {"SELECT " SESSION_COLUMNS
                                " FROM refresh_tokens WHERE user_id = %s AND id > %s AND "
                                "ended_at = 0 AND expires_at > %lld ORDER BY id LIMIT %lld",
                                false},
    [AUTHP_SQL_SESSION_SET_VER] =
        {"UPDATE refresh_tokens SET ver = %lld WHERE id = %s AND ended_at = 0 RETURNING id", true},

    [AUTHP_SQL_SESSION_ENDED_OF] =
        {"SELECT id FROM refresh_tokens WHERE user_id = %s AND ended_at >= %lld", false},
    [AUTHP_SQL_SESSION_ENDED] = {"SELECT id, ended_at FROM refresh_tokens WHERE ended_at >= %lld "
                                 "ORDER BY ended_at LIMIT %lld",
                                 false},

    [AUTHP_SQL_INVITE_CREATE] = {"INSERT INTO recruiter_invites (" INVITE_COLUMNS
                                 ") VALUES (%s, %s, %s, %lld, %lld, %s, "
                                 "%lld, %s, %lld, %lld) ON CONFLICT DO NOTHING RETURNING id",
                                 true},
    [AUTHP_SQL_INVITE_BY_ID] = {"SELECT " INVITE_COLUMNS " FROM recruiter_invites WHERE id = %s",
                                false},
    [AUTHP_SQL_INVITE_BY_CODE] = {"SELECT " INVITE_COLUMNS
                                  " FROM recruiter_invites WHERE code_hash = %s",
                                  false},
    [AUTHP_SQL_INVITE_LIST] = {"SELECT " INVITE_COLUMNS
                               " FROM recruiter_invites WHERE id > %s ORDER BY id LIMIT %lld",
                               false},
    [AUTHP_SQL_INVITE_CLAIM] =
        {"UPDATE recruiter_invites SET used_at = %lld, used_by = %s, used_ver = %lld WHERE id = %s "
         "AND used_at = 0 AND revoked_at = 0 AND expires_at > %lld RETURNING id",
         true},
    [AUTHP_SQL_INVITE_REVOKE] =
        {"UPDATE recruiter_invites SET revoked_at = %lld WHERE id = %s AND used_at = 0 AND "
         "revoked_at = 0 RETURNING id",
         true},

    [AUTHP_SQL_AUDIT_APPEND] =
        {"INSERT INTO audit_log (id, at, event, outcome, reason, actor_id, subject_id, session_id, ip, "
         "request_id) VALUES (%s, %lld, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
         true},

    [AUTHP_SQL_AUDIT_LIST] =
        {"SELECT id, at, event, outcome, reason, actor_id, subject_id, session_id, ip, request_id "
         "FROM audit_log WHERE id > %s AND at >= %lld AND (%s = '' OR actor_id = %s OR "
         "subject_id = %s) AND (%s = '' OR event = %s) ORDER BY id LIMIT %lld",
         false},

    [AUTHP_SQL_PURGE_SESSIONS] =
        {"DELETE FROM refresh_tokens WHERE id IN (SELECT id FROM refresh_tokens WHERE "
         "(ended_at > 0 AND ended_at < %lld) OR (ended_at = 0 AND expires_at < %lld) LIMIT %lld) "
         "RETURNING id",
         true},
    [AUTHP_SQL_PURGE_USERS] =
        {"DELETE FROM users WHERE id IN (SELECT id FROM users WHERE deleted_at > 0 AND "
         "deleted_at < %lld LIMIT %lld) RETURNING id",
         true},
    [AUTHP_SQL_PURGE_INVITES] =
        {"DELETE FROM recruiter_invites WHERE id IN (SELECT id FROM recruiter_invites WHERE "
         "expires_at < %lld LIMIT %lld) RETURNING id",
         true},
    [AUTHP_SQL_PURGE_AUDIT] =
        {"DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < %lld LIMIT %lld) "
         "RETURNING id",
         true},
    [AUTHP_SQL_PURGE_FAILURES] =
        {"DELETE FROM login_failures WHERE id IN (SELECT id FROM login_failures WHERE "
         "expires_at < %lld LIMIT %lld) RETURNING id",
         true},

    [AUTHP_SQL_FAILURE_GET] =
        {"SELECT failures, last_at FROM login_failures WHERE id = %s AND expires_at > %lld", false},
    [AUTHP_SQL_FAILURE_ADD] =
        {"INSERT INTO login_failures (id, failures, last_at, expires_at) VALUES (%s, 1, %lld, %lld) "
         "ON CONFLICT (id) DO UPDATE SET failures = CASE WHEN login_failures.last_at < %lld THEN 1 "
         "ELSE login_failures.failures + 1 END, last_at = excluded.last_at, "
         "expires_at = excluded.expires_at RETURNING failures",
         true},
    [AUTHP_SQL_FAILURE_CLEAR] = {"DELETE FROM login_failures WHERE id = %s RETURNING id", true},
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

/* Every statement the SQL store runs. %s text, %lld 64-bit integer. Columns are listed once for
 * each table, in the order that sql_user.c and sql_session.c read and bind them. */
#define USER_COLUMNS                                                                                          \
    "id, email, username, phone, name, password_hash, roles, is_recruiter_verified, recruiter_requested_at, " \
    "email_verified, disabled, ver, min_ver, auth_changed_at, created_at, updated_at"
#define SESSION_COLUMNS                                                                                 \
    "id, user_id, ver, salt, generation, rotated_at, auth_time, created_at, last_used_at, expires_at, " \
    "absolute_expires_at, ended_at, end_reason, device_id, ip, user_agent"

const authp_sql_statement_t authp_sql_statements[AUTHP_SQL_LABELS] = {
    [AUTHP_SQL_PING] = {"SELECT count(*) FROM schema_migrations", false},

    /* No row comes back if any unique value is taken. */
    [AUTHP_SQL_USER_CREATE] =
        {"INSERT INTO users (" USER_COLUMNS ") VALUES (%s, %s, %s, %s, %s, %s, %s, %lld, %lld, "
         "%lld, %lld, %lld, %lld, %lld, %lld, %lld) ON CONFLICT DO NOTHING RETURNING id",
         true},
    [AUTHP_SQL_USER_BY_ID] = {"SELECT " USER_COLUMNS " FROM users WHERE id = %s", false},
    [AUTHP_SQL_USER_BY_EMAIL] = {"SELECT " USER_COLUMNS " FROM users WHERE email = %s", false},
    [AUTHP_SQL_USER_BY_USERNAME] = {"SELECT " USER_COLUMNS " FROM users WHERE username = %s",
                                    false},
    /* Bounds instead of LIKE: a prefix is literal and the index on email serves it. An empty upper
     * bound is none. roles are stored as ",candidate,admin,". */
    [AUTHP_SQL_USER_LIST] =
        {"SELECT " USER_COLUMNS " FROM users WHERE id > %s "
         "AND (%s = '' OR (email >= %s AND substr(email, 1, length(%s)) = %s)) "
         "AND (%s = '' OR replace(roles, %s, '') <> roles) ORDER BY id LIMIT %lld",
         false},
    [AUTHP_SQL_USER_UPGRADE_HASH] =
        {"UPDATE users SET password_hash = %s, updated_at = %lld WHERE id = %s AND "
         "password_hash = %s RETURNING id",
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

    [AUTHP_SQL_AUDIT_APPEND] =
        {"INSERT INTO audit_log (id, at, event, outcome, reason, actor_id, subject_id, session_id, ip, "
         "request_id) VALUES (%s, %lld, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
         true},
};

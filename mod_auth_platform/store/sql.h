/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQL_H
#define AUTHP_STORE_SQL_H

#include "store/store.h"

#include <apr_dbd.h>

/* One SQL store over apr_dbd, for every database that it supports. What differs between them is
 * data in a dialect. */
typedef struct authp_sql_t authp_sql_t;

typedef struct authp_sql_migration_t {
    const char *name;
    const char *sql; /* one or more statements */
} authp_sql_migration_t;

/* What a return code of apr_dbd means for its connection. */
typedef enum authp_sql_fault_t {
    AUTHP_SQL_BROKEN, /* open the connection again and try once more */
    AUTHP_SQL_LOCKED, /* another process holds the database: try once more */
    AUTHP_SQL_WRONG   /* the statement is wrong: a fault of this program */
} authp_sql_fault_t;

typedef struct authp_sql_dialect_t {
    const char *driver; /* the name of the driver in apr_dbd */
    const authp_sql_migration_t *migrations;
    int nmigrations;
    const char *begin;          /* starts a transaction that may write */
    const char *const *session; /* statements for each new connection, NULL-terminated */
    /* Runs before the first connection, and makes what must exist. The writer lock is not held. */
    authp_err_t (*before_open)(const authp_store_config_t *config, apr_pool_t *pool);
    authp_sql_fault_t (*classify)(int rc, const char *text);
    /* The queue of writers. NULL if the database puts writers in order itself. */
    authp_err_t (*write_lock)(void *lock, int timeout_ms);
    void (*write_unlock)(void *lock);
    authp_err_t (*lock_open)(const authp_store_config_t *config, void **lock, apr_pool_t *pool);
} authp_sql_dialect_t;

/* Contacts nothing. The first operation migrates and connects. */
AUTHP_CHECKED authp_err_t authp_sql_open(const authp_sql_dialect_t *dialect,
                                         const authp_store_config_t *config, apr_pool_t *pool,
                                         authp_sql_t **out);
authp_err_t authp_sql_migrate(void *self, int *applied, apr_pool_t *pool);
authp_err_t authp_sql_ping(void *self, apr_pool_t *pool);
void authp_sql_maintain(void *self);

/* The statements that each connection prepares. Their texts are in sql_statements.c. */
typedef enum authp_sql_label_t {
    AUTHP_SQL_PING,
    AUTHP_SQL_USER_CREATE,
    AUTHP_SQL_USER_BY_ID,
    AUTHP_SQL_USER_BY_EMAIL,
    AUTHP_SQL_USER_BY_USERNAME,
    AUTHP_SQL_USER_LIST,
    AUTHP_SQL_USER_UPGRADE_HASH,
    AUTHP_SQL_USER_UPDATE,
    AUTHP_SQL_USER_DELETE,
    AUTHP_SQL_USER_DISCARD,
    AUTHP_SQL_USER_LIST_DELETED,
    AUTHP_SQL_USER_CHANGED,
    AUTHP_SQL_FORGET_SESSIONS,
    AUTHP_SQL_FORGET_AUDIT,
    AUTHP_SQL_FORGET_INVITES,
    AUTHP_SQL_SESSION_CREATE,
    AUTHP_SQL_SESSION_BY_ID,
    AUTHP_SQL_SESSION_ROTATE,
    AUTHP_SQL_SESSION_SLIDE,
    AUTHP_SQL_SESSION_END,
    AUTHP_SQL_SESSION_END_USER,
    AUTHP_SQL_SESSION_LIST,
    AUTHP_SQL_SESSION_SET_VER,
    AUTHP_SQL_SESSION_ENDED,
    AUTHP_SQL_SESSION_ENDED_OF,
    AUTHP_SQL_INVITE_CREATE,
    AUTHP_SQL_INVITE_BY_ID,
    AUTHP_SQL_INVITE_BY_CODE,
    AUTHP_SQL_INVITE_LIST,
    AUTHP_SQL_INVITE_CLAIM,
    AUTHP_SQL_INVITE_REVOKE,
    AUTHP_SQL_AUDIT_APPEND,
    AUTHP_SQL_AUDIT_LIST,
    AUTHP_SQL_PURGE_SESSIONS,
    AUTHP_SQL_PURGE_USERS,
    AUTHP_SQL_PURGE_INVITES,
    AUTHP_SQL_PURGE_AUDIT,
    AUTHP_SQL_PURGE_FAILURES,
    AUTHP_SQL_FAILURE_GET,
    AUTHP_SQL_FAILURE_ADD,
    AUTHP_SQL_FAILURE_CLEAR,
    AUTHP_SQL_LABELS
} authp_sql_label_t;

typedef struct authp_sql_statement_t {
    const char *text;
    bool writes;
} authp_sql_statement_t;

extern const authp_sql_statement_t authp_sql_statements[AUTHP_SQL_LABELS];

/* The result of one statement. Every statement returns rows (writing ones by RETURNING), because
 * the row counts of apr_dbd are not reliable. */
typedef struct authp_sql_rows_t {
    const apr_dbd_driver_t *driver;
    apr_dbd_results_t *results;
    apr_dbd_row_t *row;
    apr_pool_t *pool;
    int at;
} authp_sql_rows_t;

/* Reads the rows of one result. It is called while the connection is in use, so data must be copied
 * into another pool. */
typedef authp_err_t authp_sql_read_fn(authp_sql_rows_t *rows, void *ctx);

/* Runs one prepared statement and passes its rows to `read`. The values are bound in their order
 * (const char * for text, apr_int64_t * for integers, NULL for SQL null). It takes a connection,
 * and the writer lock if the statement writes. It tries once more on a new connection. */
AUTHP_CHECKED authp_err_t authp_sql_run(authp_sql_t *sql, authp_sql_label_t label,
                                        const void **values, authp_sql_read_fn *read, void *ctx);

/* Goes to the next row. False after the last one. */
bool authp_sql_next(authp_sql_rows_t *rows);
/* A column of the present row, copied into `pool`. NULL for SQL null. */
const char *authp_sql_text(const authp_sql_rows_t *rows, int column, apr_pool_t *pool);
int64_t authp_sql_int(const authp_sql_rows_t *rows, int column);
/* Reads only the number of rows. `ctx` is an int *. */
authp_err_t authp_sql_count_rows(authp_sql_rows_t *rows, void *ctx);

/* Reads the ids in the first column. */
typedef struct authp_sql_ids_t {
    apr_array_header_t *ids; /* const char * */
    apr_pool_t *pool;
} authp_sql_ids_t;

authp_err_t authp_sql_read_ids(authp_sql_rows_t *rows, void *ctx);

/* Runs a statement that changes exactly one row. Returns `otherwise` if it changed none. */
AUTHP_CHECKED authp_err_t authp_sql_change_one(authp_sql_t *sql, authp_sql_label_t label,
                                               const void **values, authp_err_t otherwise);

/* The operations of the store port (sql_user.c, sql_session.c, ...). */
authp_err_t authp_sql_user_create(void *self, const authp_user_t *user, apr_pool_t *pool);
authp_err_t authp_sql_user_by_id(void *self, const char *id, authp_user_t **out, apr_pool_t *pool);
authp_err_t authp_sql_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                                    authp_user_t **out, apr_pool_t *pool);
authp_err_t authp_sql_user_list(void *self, const authp_user_filter_t *filter,
                                apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_sql_user_upgrade_hash(void *self, const authp_user_t *user, const char *new_hash,
                                        authp_ms_t now, apr_pool_t *pool);
authp_err_t authp_sql_user_update(void *self, const authp_user_t *before, const authp_user_t *after,
                                  apr_pool_t *pool);
authp_err_t authp_sql_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                                  apr_pool_t *pool);
authp_err_t authp_sql_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool);
authp_err_t authp_sql_user_forget(void *self, const char *id, apr_pool_t *pool);
authp_err_t authp_sql_user_list_deleted(void *self, const authp_page_t *page,
                                        apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_sql_session_create(void *self, const authp_session_t *session, apr_pool_t *pool);
authp_err_t authp_sql_session_by_id(void *self, const char *sid, authp_session_t **out,
                                    apr_pool_t *pool);
authp_err_t authp_sql_session_rotate(void *self, const char *sid, int64_t generation,
                                     authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool);
authp_err_t authp_sql_session_slide(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                    authp_ms_t expires_at, apr_pool_t *pool);
authp_err_t authp_sql_session_end(void *self, const char *sid, const char *reason, authp_ms_t now,
                                  apr_pool_t *pool);
authp_err_t authp_sql_session_end_user(void *self, const char *user_id, const authp_end_t *end,
                                       int *count);
authp_err_t authp_sql_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                       apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_sql_session_list(void *self, const char *user_id, authp_ms_t now,
                                   const authp_page_t *page, apr_array_header_t **out,
                                   apr_pool_t *pool);
authp_err_t authp_sql_user_changed(void *self, authp_ms_t since, int limit,
                                   apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool);
authp_err_t authp_sql_session_ended(void *self, authp_ms_t since, int limit,
                                    apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool);
authp_err_t authp_sql_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool);
authp_err_t authp_sql_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool);
authp_err_t authp_sql_invite_by_id(void *self, const char *id, authp_invite_t **out,
                                   apr_pool_t *pool);
authp_err_t authp_sql_invite_by_code(void *self, const char *code, const char *code_hash,
                                     authp_invite_t **out, apr_pool_t *pool);
authp_err_t authp_sql_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                                  apr_pool_t *pool);
authp_err_t authp_sql_invite_claim(void *self, const char *id, const char *user_id,
                                   int64_t used_ver, authp_ms_t now, apr_pool_t *pool);
authp_err_t authp_sql_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool);
authp_err_t authp_sql_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool);
authp_err_t authp_sql_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool);
authp_err_t authp_sql_audit_list(void *self, const authp_audit_filter_t *filter,
                                 apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_sql_failure_get(void *self, const char *key, authp_ms_t now,
                                  authp_failures_t *out, apr_pool_t *pool);
authp_err_t authp_sql_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                                  apr_pool_t *pool);
authp_err_t authp_sql_failure_clear(void *self, const char *key, apr_pool_t *pool);

#endif

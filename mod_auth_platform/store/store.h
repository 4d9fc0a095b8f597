/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_STORE_H
#define AUTHP_STORE_STORE_H

#include "base/err.h"
#include "store/model.h"

#include <apr_pools.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* The interface of a store: one atomic operation for each use. Each race is decided by one insert
 * under a unique index, or by one conditional update of one record. No operation needs a
 * transaction. Every operation may also return AUTHP_E_UNAVAILABLE (the store is not reached, or
 * does not answer within timeout_ms) and AUTHP_E_INTERNAL (logged). Results are made in `pool`.
 * Many threads may call the operations at the same time. */
#define AUTHP_STORE_VERSION 4

typedef struct authp_store_config_t {
    const char *file;     /* sqlite: the database file */
    const char *uri;      /* mongodb, postgresql: how to reach it */
    const char *database; /* mongodb: database name */
    int timeout_ms;       /* time limit of one operation, 2000 */
    int max_connections;  /* for one process */
    /* Shared by all processes of a server. It is set once one of them has warned about optional
     * features that the store lacks. If it is set already, or NULL (the tool), that is logged at
     * level info only. */
    atomic_bool *told;
} authp_store_config_t;

/* What a person signs in with. */
typedef enum authp_login_kind_t { AUTHP_LOGIN_EMAIL, AUTHP_LOGIN_USERNAME } authp_login_kind_t;

/* The functions of a store. `self` is what its open() has made. */
typedef struct authp_store_ops_t {
    int version; /* the AUTHP_STORE_VERSION that the store was written for */
    const char *name;

    /* Checks the configuration. Contacts and creates nothing. NULL, or one line that says what is
     * wrong. */
    const char *(*check)(const authp_store_config_t *config, apr_pool_t *pool);
    /* Runs as root before there are children. Makes what must belong to `uid`:`gid` (-1 = the owner
     * does not change). */
    authp_err_t (*prepare)(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool);
    /* Runs as root after all children of one configuration have ended. Removes what killed children
     * have left, unless it is still in use. `uid` was their user. May be NULL. */
    void (*sweep)(const authp_store_config_t *config, uid_t uid, apr_pool_t *pool);
    /* Runs after fork, as httpd's User. Contacts nothing that may block. What is missing, also
     * migrations, is made at the first operation. */
    authp_err_t (*open)(const authp_store_config_t *config, apr_pool_t *pool, void **self);
    /* Brings the schema up to date now. *applied gets the number of steps that were made. */
    authp_err_t (*migrate)(void *self, int *applied, apr_pool_t *pool);
    authp_err_t (*ping)(void *self, apr_pool_t *pool);
    /* Drops connections that have been idle for long. Called every few seconds. May be NULL. */
    void (*maintain)(void *self);

    /* AUTHP_E_CONFLICT: e-mail, username or phone is taken. */
    authp_err_t (*user_create)(void *self, const authp_user_t *user, apr_pool_t *pool);
    /* AUTHP_E_NOT_FOUND */
    authp_err_t (*user_by_id)(void *self, const char *id, authp_user_t **out, apr_pool_t *pool);
    authp_err_t (*user_by_login)(void *self, authp_login_kind_t kind, const char *value,
                                 authp_user_t **out, apr_pool_t *pool);
    /* An array of authp_user_t *, at most filter->limit. */
    authp_err_t (*user_list)(void *self, const authp_user_filter_t *filter,
                             apr_array_header_t **out, apr_pool_t *pool);
    /* Replaces the hash by one of a higher cost for the same password, if the hash is still the one
     * of `user`. Only updated_at changes, too. AUTHP_E_CONFLICT: the hash has changed. */
    authp_err_t (*user_upgrade_hash)(void *self, const authp_user_t *user, const char *new_hash,
                                     authp_ms_t now, apr_pool_t *pool);
    /* The account becomes `after`, except for its id, e-mail, username, phone and created_at, if
     * its ver and updated_at are still those of `before`. after->updated_at is later.
     * AUTHP_E_CONFLICT: the account has changed or was deleted; read it again. Unknown fields, and
     * fields that are the same in both, are not written. */
    authp_err_t (*user_update)(void *self, const authp_user_t *before, const authp_user_t *after,
                               apr_pool_t *pool);
    /* Under the same condition the account becomes a tombstone {id, deleted_at, disabled, ver + 1,
     * min_ver = ver, auth_changed_at}. To every read by id, login or list it is absent. Its unique
     * values are free again. AUTHP_E_CONFLICT: see user_update. */
    authp_err_t (*user_delete)(void *self, const authp_user_t *before, authp_ms_t now,
                               apr_pool_t *pool);
    /* Removes an account whose creation nobody has seen yet. AUTHP_E_CONFLICT: it has changed. */
    authp_err_t (*user_discard)(void *self, const authp_user_t *user, apr_pool_t *pool);
    /* Removes personal data of a deleted account outside of users: the device information of its
     * sessions, invites that it used, and the address in audit entries. These are entries of what
     * it did, and of what an unknown person tried in its name. May be repeated. */
    authp_err_t (*user_forget)(void *self, const char *id, apr_pool_t *pool);
    /* Ids (const char *) of tombstones. */
    authp_err_t (*user_list_deleted)(void *self, const authp_page_t *page, apr_array_header_t **out,
                                     apr_pool_t *pool);

    authp_err_t (*session_create)(void *self, const authp_session_t *session, apr_pool_t *pool);
    /* Also finds ended and expired sessions, as long as they are kept. AUTHP_E_NOT_FOUND. */
    authp_err_t (*session_by_id)(void *self, const char *sid, authp_session_t **out,
                                 apr_pool_t *pool);
    /* If generation = `generation`, not ended, and expires_at > now: generation + 1, rotated_at =
     * last_used_at = now, expires_at = `expires_at`. Otherwise AUTHP_E_CONFLICT. */
    authp_err_t (*session_rotate)(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                  authp_ms_t expires_at, apr_pool_t *pool);
    /* The same condition. Only last_used_at and expires_at change (REFRESH_TOKEN_ROTATION=false).
     */
    authp_err_t (*session_slide)(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                 authp_ms_t expires_at, apr_pool_t *pool);
    /* If not ended: ended_at = now, end_reason = `reason`. AUTHP_E_NOT_FOUND: there is no such
     * session, or it has ended already. */
    authp_err_t (*session_end)(void *self, const char *sid, const char *reason, authp_ms_t now,
                               apr_pool_t *pool);
    /* Ends all live sessions of that user but end->except_sid. *count gets their number. */
    authp_err_t (*session_end_user)(void *self, const char *user_id, const authp_end_t *end,
                                    int *count);
    /* The sessions of that user that live at `now`: an array of authp_session_t *. */
    authp_err_t (*session_list)(void *self, const char *user_id, authp_ms_t now,
                                const authp_page_t *page, apr_array_header_t **out,
                                apr_pool_t *pool);
    /* If not ended: ver = `ver`. So the session in which a password was changed stays valid.
     * Otherwise AUTHP_E_NOT_FOUND. */
    authp_err_t (*session_set_ver)(void *self, const char *sid, int64_t ver, apr_pool_t *pool);

    /* AUTHP_E_CONFLICT: an invite with this code exists. */
    authp_err_t (*invite_create)(void *self, const authp_invite_t *invite, apr_pool_t *pool);
    authp_err_t (*invite_by_id)(void *self, const char *id, authp_invite_t **out, apr_pool_t *pool);
    /* Also finds used, revoked and expired invites. `code` is for stores in which an operator may
     * have added an invite with the plain code. Such a code is replaced by its hash when it is
     * found. */
    authp_err_t (*invite_by_code)(void *self, const char *code, const char *code_hash,
                                  authp_invite_t **out, apr_pool_t *pool);
    /* All invites: an array of authp_invite_t *. */
    authp_err_t (*invite_list)(void *self, const authp_page_t *page, apr_array_header_t **out,
                               apr_pool_t *pool);
    /* If unused, not revoked and expires_at > now: the invite is used. Otherwise AUTHP_E_CONFLICT.
     */
    authp_err_t (*invite_claim)(void *self, const char *id, const char *user_id, int64_t used_ver,
                                authp_ms_t now, apr_pool_t *pool);
    /* If unused and not revoked: the invite is revoked. Otherwise AUTHP_E_NOT_FOUND. */
    authp_err_t (*invite_revoke)(void *self, const char *id, authp_ms_t now, apr_pool_t *pool);

    authp_err_t (*audit_append)(void *self, const authp_audit_t *entry, apr_pool_t *pool);
    /* An array of authp_audit_t *, at most filter->limit, in the order of their ids. */
    authp_err_t (*audit_list)(void *self, const authp_audit_filter_t *filter,
                              apr_array_header_t **out, apr_pool_t *pool);

    /* For the poll of the live table (service/live.h): accounts, also tombstones, whose
     * auth_changed_at is not before `since` (authp_user_t *), and sessions that ended since then
     * (authp_ended_t *). They are the earliest `limit` ones, in the order of time, read from where
     * they are written. A row that cannot be used, such as a document of another program, is not in
     * *out, but it is counted in *seen. */
    authp_err_t (*user_changed)(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                authp_seen_t *seen, apr_pool_t *pool);
    authp_err_t (*session_ended)(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                 authp_seen_t *seen, apr_pool_t *pool);
    /* Ids (const char *) of that user's sessions that ended not before `since`. */
    authp_err_t (*session_ended_of)(void *self, const char *user_id, authp_ms_t since,
                                    apr_array_header_t **out, apr_pool_t *pool);
    /* The time of the store's own clock. */
    authp_err_t (*clock)(void *self, authp_ms_t *now, apr_pool_t *pool);

    /* Removes at most one batch of each kind. *removed gets the number of rows. */
    authp_err_t (*purge)(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool);

    /* AUTHP_E_NOT_FOUND: there are none, or they have expired at `now`. */
    authp_err_t (*failure_get)(void *self, const char *key, authp_ms_t now, authp_failures_t *out,
                               apr_pool_t *pool);
    /* Adds one failure. *count gets their number. */
    authp_err_t (*failure_add)(void *self, const authp_failure_t *what, int64_t *count,
                               apr_pool_t *pool);
    /* Removes the failures. AUTHP_OK also if there are none. */
    authp_err_t (*failure_clear)(void *self, const char *key, apr_pool_t *pool);
} authp_store_ops_t;

typedef struct authp_store_t {
    const authp_store_ops_t *ops;
    void *self;
    atomic_llong offset;  /* ms that the store's clock is ahead of this host's */
    atomic_bool measured; /* the offset is known */
} authp_store_t;

/* The store of that name. NULL if this build does not have it. */
const authp_store_ops_t *authp_store_find(const char *name);
/* The names of all stores, comma separated, for error lines. */
const char *authp_store_names(apr_pool_t *pool);

AUTHP_CHECKED authp_err_t authp_store_open(const authp_store_ops_t *ops,
                                           const authp_store_config_t *config, authp_store_t **out,
                                           apr_pool_t *pool);

/* Each function calls the store's function of the same name, so that callers do not use the table.
 */
AUTHP_CHECKED authp_err_t authp_store_migrate(authp_store_t *s, int *applied, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_ping(authp_store_t *s, apr_pool_t *pool);
void authp_store_maintain(authp_store_t *s);
/* Compares the store's clock with this host's. From then on authp_store_time() is the store's time,
 * and every time in these operations is in the store's time. So hosts whose clocks differ see each
 * other's changes in order, and agree about what has expired. */
AUTHP_CHECKED authp_err_t authp_store_measure_clock(authp_store_t *s, const authp_clock_t *clock,
                                                    apr_pool_t *pool);
/* If the clocks differ by more than this, times cannot be compared: /readyz fails, and nothing is
 * purged. */
#define AUTHP_STORE_CLOCKS_DIFFER_MS 20000
bool authp_store_offset_fine(int64_t offset_ms);
/* Sets the offset that another process of this host has measured. */
void authp_store_set_offset(authp_store_t *s, int64_t offset_ms);
/* `now` in the store's time. */
authp_ms_t authp_store_time(authp_store_t *s, authp_ms_t now);
/* False if the clocks were not compared yet. *offset_ms is how far the store's clock is ahead. */
bool authp_store_offset(authp_store_t *s, int64_t *offset_ms);
AUTHP_CHECKED authp_err_t authp_store_user_changed(authp_store_t *s, authp_ms_t since, int limit,
                                                   apr_array_header_t **out, authp_seen_t *seen,
                                                   apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_ended_of(authp_store_t *s, const char *user_id,
                                                       authp_ms_t since, apr_array_header_t **out,
                                                       apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_ended(authp_store_t *s, authp_ms_t since, int limit,
                                                    apr_array_header_t **out, authp_seen_t *seen,
                                                    apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_create(authp_store_t *s, const authp_user_t *user,
                                                  apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_by_id(authp_store_t *s, const char *id,
                                                 authp_user_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_by_login(authp_store_t *s, authp_login_kind_t kind,
                                                    const char *value, authp_user_t **out,
                                                    apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_list(authp_store_t *s, const authp_user_filter_t *filter,
                                                apr_array_header_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_upgrade_hash(authp_store_t *s, const authp_user_t *user,
                                                        const char *new_hash, authp_ms_t now,
                                                        apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_update(authp_store_t *s, const authp_user_t *before,
                                                  const authp_user_t *after, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_delete(authp_store_t *s, const authp_user_t *before,
                                                  authp_ms_t now, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_discard(authp_store_t *s, const authp_user_t *user,
                                                   apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_forget(authp_store_t *s, const char *id,
                                                  apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_user_list_deleted(authp_store_t *s, const authp_page_t *page,
                                                        apr_array_header_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_create(authp_store_t *s,
                                                     const authp_session_t *session,
                                                     apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_by_id(authp_store_t *s, const char *sid,
                                                    authp_session_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_rotate(authp_store_t *s, const char *sid,
                                                     int64_t generation, authp_ms_t now,
                                                     authp_ms_t expires_at, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_slide(authp_store_t *s, const char *sid,
                                                    int64_t generation, authp_ms_t now,
                                                    authp_ms_t expires_at, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_end(authp_store_t *s, const char *sid,
                                                  const char *reason, authp_ms_t now,
                                                  apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_end_user(authp_store_t *s, const char *user_id,
                                                       const authp_end_t *end, int *count);
AUTHP_CHECKED authp_err_t authp_store_session_list(authp_store_t *s, const char *user_id,
                                                   authp_ms_t now, const authp_page_t *page,
                                                   apr_array_header_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_session_set_ver(authp_store_t *s, const char *sid,
                                                      int64_t ver, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_invite_create(authp_store_t *s, const authp_invite_t *invite,
                                                    apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_invite_by_id(authp_store_t *s, const char *id,
                                                   authp_invite_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_invite_by_code(authp_store_t *s, const char *code,
                                                     const char *code_hash, authp_invite_t **out,
                                                     apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_invite_list(authp_store_t *s, const authp_page_t *page,
                                                  apr_array_header_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_invite_claim(authp_store_t *s, const char *id,
                                                   const char *user_id, int64_t used_ver,
                                                   authp_ms_t now, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_invite_revoke(authp_store_t *s, const char *id,
                                                    authp_ms_t now, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_purge(authp_store_t *s, const authp_purge_t *what,
                                            int *removed, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_audit_append(authp_store_t *s, const authp_audit_t *entry,
                                                   apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_audit_list(authp_store_t *s,
                                                 const authp_audit_filter_t *filter,
                                                 apr_array_header_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_failure_get(authp_store_t *s, const char *key, authp_ms_t now,
                                                  authp_failures_t *out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_failure_add(authp_store_t *s, const authp_failure_t *what,
                                                  int64_t *count, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_failure_clear(authp_store_t *s, const char *key,
                                                    apr_pool_t *pool);

#endif

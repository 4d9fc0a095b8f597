/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_STORE_H
#define AUTHP_STORE_STORE_H

#include "base/err.h"
#include "store/model.h"

#include <apr_pools.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* The store port: use-case sized, atomic operations. Each race is decided by one insert under a
 * unique index or one conditional update of one record; nothing here needs a transaction. Every
 * operation may also return AUTHP_E_UNAVAILABLE (not reached, or not answered within timeout_ms)
 * and AUTHP_E_INTERNAL (logged). Results are made in `pool`. Operations are safe to call from many
 * threads. */
#define AUTHP_STORE_VERSION 4

typedef struct authp_store_config_t {
    const char *file;     /* sqlite: the database file */
    const char *uri;      /* mongodb, postgresql: how to reach it */
    const char *database; /* mongodb: database name */
    int timeout_ms;       /* bound on one operation, 2000 */
    int max_connections;  /* for one process */
    /* Shared by all processes of a server: set after one of them has logged which optional features
     * the store lacks. NULL (the tool): nothing is logged. */
    atomic_bool *told;
} authp_store_config_t;

/* How a person names themselves at sign-in. */
typedef enum authp_login_kind_t { AUTHP_LOGIN_EMAIL, AUTHP_LOGIN_USERNAME } authp_login_kind_t;

/* The table a provider fills in. `self` is what its open() made. */
typedef struct authp_store_ops_t {
    int version; /* AUTHP_STORE_VERSION it was written for */
    const char *name;

    /* Checks the configuration without contacting or creating anything; NULL, or one line saying
     * what is wrong. */
    const char *(*check)(const authp_store_config_t *config, apr_pool_t *pool);
    /* Run as root before children exist: makes what must belong to `uid`:`gid` (-1 = leave as it
     * is). */
    authp_err_t (*prepare)(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool);
    /* Run as root after all children of one configuration: removes what those that were killed
     * left behind, if nobody uses it. `uid` was theirs. May be NULL. */
    void (*sweep)(const authp_store_config_t *config, uid_t uid, apr_pool_t *pool);
    /* After fork, as httpd's User. Contacts nothing that may block; what is missing is made lazily,
     * migrations included. */
    authp_err_t (*open)(const authp_store_config_t *config, apr_pool_t *pool, void **self);
    /* Brings the schema up to date now; *applied counts the steps made. */
    authp_err_t (*migrate)(void *self, int *applied, apr_pool_t *pool);
    authp_err_t (*ping)(void *self, apr_pool_t *pool);
    /* Drops what has been idle for long; called every few seconds. May be NULL. */
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
    /* A hash of higher cost for the same password: conditional on the old hash, changes nothing
     * else but updated_at. AUTHP_E_CONFLICT if the hash is another by now. */
    authp_err_t (*user_upgrade_hash)(void *self, const authp_user_t *user, const char *new_hash,
                                     authp_ms_t now, apr_pool_t *pool);
    /* The account becomes `after`, all but its id, e-mail, username, phone and created_at, if its
     * ver and updated_at are still those of `before`, which was read before; after->updated_at is
     * later. AUTHP_E_CONFLICT if it has changed or gone: read again. Fields that this program does
     * not know, and those that are the same in both, are left alone. */
    authp_err_t (*user_update)(void *self, const authp_user_t *before, const authp_user_t *after,
                               apr_pool_t *pool);
    /* Under the same condition the account becomes a tombstone {id, deleted_at, disabled, ver + 1,
     * min_ver = ver, auth_changed_at}, which every read takes for absent; its unique values are
     * free again. AUTHP_E_CONFLICT */
    authp_err_t (*user_delete)(void *self, const authp_user_t *before, authp_ms_t now,
                               apr_pool_t *pool);
    /* Takes back a user_create nobody has seen the result of. AUTHP_E_CONFLICT if it has changed.
     */
    authp_err_t (*user_discard)(void *self, const authp_user_t *user, apr_pool_t *pool);
    /* What is personal about a deleted account outside of users: device information of its
     * sessions, the address in audit entries of what it did, or of what was tried in its name by
     * nobody known, and invites it used. May be repeated. */
    authp_err_t (*user_forget)(void *self, const char *id, apr_pool_t *pool);
    /* Ids (const char *) of tombstones. */
    authp_err_t (*user_list_deleted)(void *self, const authp_page_t *page, apr_array_header_t **out,
                                     apr_pool_t *pool);

    authp_err_t (*session_create)(void *self, const authp_session_t *session, apr_pool_t *pool);
    /* Ended and expired ones too, as long as they are kept. AUTHP_E_NOT_FOUND */
    authp_err_t (*session_by_id)(void *self, const char *sid, authp_session_t **out,
                                 apr_pool_t *pool);
    /* generation = `generation` and not ended and expires_at > now -> generation + 1, rotated_at =
     * last_used_at = now, expires_at = `expires_at`. AUTHP_E_CONFLICT if the condition does not
     * hold. */
    authp_err_t (*session_rotate)(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                  authp_ms_t expires_at, apr_pool_t *pool);
    /* The same condition; only last_used_at and expires_at move (REFRESH_TOKEN_ROTATION=false). */
    authp_err_t (*session_slide)(void *self, const char *sid, int64_t generation, authp_ms_t now,
                                 authp_ms_t expires_at, apr_pool_t *pool);
    /* Not ended -> ended_at = now, end_reason. AUTHP_E_NOT_FOUND if there is none or it had ended
     * already. */
    authp_err_t (*session_end)(void *self, const char *sid, const char *reason, authp_ms_t now,
                               apr_pool_t *pool);
    /* All of that user's live sessions but end->except_sid; *count ended. */
    authp_err_t (*session_end_user)(void *self, const char *user_id, const authp_end_t *end,
                                    int *count);
    /* That user's sessions that live at `now`: an array of authp_session_t *. */
    authp_err_t (*session_list)(void *self, const char *user_id, authp_ms_t now,
                                const authp_page_t *page, apr_array_header_t **out,
                                apr_pool_t *pool);
    /* Not ended -> ver = `ver`: the session in which a password was changed outlives it.
     * AUTHP_E_NOT_FOUND */
    authp_err_t (*session_set_ver)(void *self, const char *sid, int64_t ver, apr_pool_t *pool);

    /* AUTHP_E_CONFLICT: there is one with this code. */
    authp_err_t (*invite_create)(void *self, const authp_invite_t *invite, apr_pool_t *pool);
    authp_err_t (*invite_by_id)(void *self, const char *id, authp_invite_t **out, apr_pool_t *pool);
    /* Used, revoked and expired ones too. `code` is for stores where somebody may have put one by
     * hand, with the plain code in it: found by it, it is kept hashed from then on. */
    authp_err_t (*invite_by_code)(void *self, const char *code, const char *code_hash,
                                  authp_invite_t **out, apr_pool_t *pool);
    /* All of them: an array of authp_invite_t *. */
    authp_err_t (*invite_list)(void *self, const authp_page_t *page, apr_array_header_t **out,
                               apr_pool_t *pool);
    /* Unused, not revoked and expires_at > now -> used. AUTHP_E_CONFLICT if that does not hold. */
    authp_err_t (*invite_claim)(void *self, const char *id, const char *user_id, int64_t used_ver,
                                authp_ms_t now, apr_pool_t *pool);
    /* Unused and not revoked -> revoked. AUTHP_E_NOT_FOUND if that does not hold. */
    authp_err_t (*invite_revoke)(void *self, const char *id, authp_ms_t now, apr_pool_t *pool);

    authp_err_t (*audit_append)(void *self, const authp_audit_t *entry, apr_pool_t *pool);
    /* An array of authp_audit_t *, at most filter->limit, in the order of their ids. */
    authp_err_t (*audit_list)(void *self, const authp_audit_filter_t *filter,
                              apr_array_header_t **out, apr_pool_t *pool);

    /* What the live table hears of others (service/live.h): accounts, tombstones among them, whose
     * auth_changed_at is `since` or later (authp_user_t *), and sessions that ended then
     * (authp_ended_t *): the earliest `limit` of them, in the order of time, from where it was
     * written. A row that cannot be used, such as a document of another program, is not in *out,
     * but is counted in *seen. */
    authp_err_t (*user_changed)(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                authp_seen_t *seen, apr_pool_t *pool);
    authp_err_t (*session_ended)(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                 authp_seen_t *seen, apr_pool_t *pool);
    /* Ids (const char *) of that user's sessions that ended then. */
    authp_err_t (*session_ended_of)(void *self, const char *user_id, authp_ms_t since,
                                    apr_array_header_t **out, apr_pool_t *pool);
    /* The store's own clock. */
    authp_err_t (*clock)(void *self, authp_ms_t *now, apr_pool_t *pool);

    /* Removes at most one batch of each kind; *removed counts the rows. */
    authp_err_t (*purge)(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool);

    /* AUTHP_E_NOT_FOUND: none, or all expired at `now`. */
    authp_err_t (*failure_get)(void *self, const char *key, authp_ms_t now, authp_failures_t *out,
                               apr_pool_t *pool);
    /* *count of them there are then. */
    authp_err_t (*failure_add)(void *self, const authp_failure_t *what, int64_t *count,
                               apr_pool_t *pool);
    /* None is fine. */
    authp_err_t (*failure_clear)(void *self, const char *key, apr_pool_t *pool);
} authp_store_ops_t;

typedef struct authp_store_t {
    const authp_store_ops_t *ops;
    void *self;
    atomic_llong offset;  /* ms that the store's clock is ahead of this host's */
    atomic_bool measured; /* it is known */
} authp_store_t;

/* The static table of providers in store.c; NULL if this build has none of that name. */
const authp_store_ops_t *authp_store_find(const char *name);
/* Their names, comma separated, for error lines. */
const char *authp_store_names(apr_pool_t *pool);

AUTHP_CHECKED authp_err_t authp_store_open(const authp_store_ops_t *ops,
                                           const authp_store_config_t *config, authp_store_t **out,
                                           apr_pool_t *pool);

/* One-line forwarders, so that callers need not know the table. */
AUTHP_CHECKED authp_err_t authp_store_migrate(authp_store_t *s, int *applied, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_store_ping(authp_store_t *s, apr_pool_t *pool);
void authp_store_maintain(authp_store_t *s);
/* Compares the store's clock with this host's. From then on authp_store_time() is the store's time,
 * in which every time of the operations here is: hosts whose clocks differ see each other's changes
 * in order, and agree about what has expired. */
AUTHP_CHECKED authp_err_t authp_store_measure_clock(authp_store_t *s, const authp_clock_t *clock,
                                                    apr_pool_t *pool);
/* If the clocks differ by more than this, times cannot be compared: /readyz fails, and nothing is
 * purged. */
#define AUTHP_STORE_CLOCKS_DIFFER_MS 20000
bool authp_store_offset_fine(int64_t offset_ms);
/* Somebody else of this host has done so. */
void authp_store_set_offset(authp_store_t *s, int64_t offset_ms);
/* `now` in the store's time. */
authp_ms_t authp_store_time(authp_store_t *s, authp_ms_t now);
/* False if nobody has compared the clocks; *offset_ms is how far the store's is ahead. */
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

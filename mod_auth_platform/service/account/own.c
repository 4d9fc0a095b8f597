/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/own.h"

#include "base/log.h"
#include "service/account/account_mail.h"
#include "service/account/admin.h"
#include "service/account/find.h"
#include "service/account/user_change.h"
#include "service/live/live_change.h"
#include "service/session/rotation.h"

#include <apr_strings.h>
#include <string.h>

#define RECENT_MS INT64_C(300000)

static void audit(const authp_realm_t *realm, const authp_self_t *self, const char *name,
                  authp_err_t err, apr_pool_t *pool)
{
    const authp_event_t event = {.event = name,
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? NULL : authp_err_name(err),
                                 .actor_id = self->user->id.hex,
                                 .subject_id = self->user->id.hex,
                                 .session_id = self->session->id.hex};
    authp_audit_write(realm, &event, self->client, pool);
}

/* Maps AUTHP_E_NOT_FOUND: the caller's own account was deleted after its token was checked. */
static authp_err_t gone_is_revoked(authp_err_t err)
{
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_TOKEN_REVOKED : err;
}

static authp_err_t edit_name(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const char *name = ctx;
    (void)pool;
    user->name = name != NULL && *name != '\0' ? name : NULL;
    return AUTHP_OK;
}

authp_err_t authp_own_rename(const authp_realm_t *realm, const authp_self_t *self, const char *name,
                             authp_user_t **out, apr_pool_t *pool)
{
    authp_user_edit_t edit = {.fn = edit_name,
                              .ctx = name != NULL ? apr_pstrdup(pool, name) : NULL};
    return gone_is_revoked(authp_user_change(realm, self->user->id.hex, &edit, out, pool));
}

authp_target_t authp_own_target(const authp_realm_t *realm, const authp_user_t *user,
                                apr_pool_t *pool)
{
    authp_login_kind_t kind = AUTHP_LOGIN_EMAIL;
    const char *login = user->email != NULL ? user->email : user->id.hex;
    if (user->email == NULL && user->username != NULL) {
        kind = AUTHP_LOGIN_USERNAME;
        login = user->username;
    } else if (user->email == NULL && user->phone != NULL) {
        kind = AUTHP_LOGIN_PHONE;
        login = user->phone;
    }
    return (authp_target_t){
        .kind = kind, .login = authp_find_normal(realm, kind, login, pool), .user = user};
}

bool authp_own_is_recent(const authp_realm_t *realm, const authp_self_t *self)
{
    authp_ms_t now = authp_realm_now(realm);
    return now - self->session->auth_time <= RECENT_MS && now - self->auth_time * 1000 <= RECENT_MS;
}

/* Proves that the request is from the account's owner: by the password, or by a recent sign-in if
 * the account has none. */
static authp_err_t prove(const authp_realm_t *realm, const authp_self_t *self, const char *password,
                         apr_pool_t *pool)
{
    const char *hash = self->user->password_hash;
    if (hash == NULL) {
        return authp_own_is_recent(realm, self) ? AUTHP_OK
                                                : AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION;
    }
    if (password == NULL) {
        return AUTHP_E_WRONG_PASSWORD;
    }
    const authp_target_t target = authp_own_target(realm, self->user, pool);
    return authp_attempt_password(realm, &target, password, self->client, pool);
}

authp_err_t authp_own_prove_now(const authp_realm_t *realm, const authp_self_t *self,
                                const char *password, apr_pool_t *pool)
{
    if (password != NULL && self->user->password_hash != NULL) {
        return prove(realm, self, password, pool);
    }
    return authp_own_is_recent(realm, self) ? AUTHP_OK : AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION;
}

typedef struct new_hash_t {
    const char *proven; /* the hash that the current password was checked against */
    const char *hash;
} new_hash_t;

/* AUTHP_E_WRONG_PASSWORD if the hash has changed since the current password was checked against it.
 */
static authp_err_t edit_hash(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const new_hash_t *wanted = ctx;
    (void)pool;
    bool same = user->password_hash == NULL || wanted->proven == NULL
                    ? user->password_hash == wanted->proven
                    : strcmp(user->password_hash, wanted->proven) == 0;
    user->password_hash = wanted->hash;
    return same ? AUTHP_OK : AUTHP_E_WRONG_PASSWORD;
}

/* Keeps this session valid after the change: its row gets the new ver, and it is rotated once. */
static authp_err_t carry_over(const authp_realm_t *realm, const authp_self_t *self,
                              authp_user_t *user, authp_grant_t *out, apr_pool_t *pool)
{
    const char *sid = self->session->id.hex;
    authp_session_t *session = NULL;
    authp_err_t err = authp_store_session_set_ver(realm->store, sid, user->ver, pool);
    if (err == AUTHP_OK) {
        err = authp_store_session_by_id(realm->store, sid, &session, pool);
    }
    for (int i = 0; err == AUTHP_OK && i < AUTHP_ROTATION_TRIES; i++) {
        err = authp_rotation_advance(realm, true, self->client, &session, pool);
        if (err == AUTHP_OK) {
            return authp_grant_make(realm, user, session, self->client, out, pool);
        }
        err = err == AUTHP_E_CONFLICT && session->ended_at == 0 ? AUTHP_OK : err;
    }
    return err == AUTHP_E_NOT_FOUND || err == AUTHP_E_CONFLICT ? AUTHP_E_TOKEN_REVOKED
           : err == AUTHP_OK                                   ? AUTHP_E_BUSY
                                                               : err;
}

authp_err_t authp_own_password(const authp_realm_t *realm, const authp_self_t *self,
                               const authp_password_change_t *change, authp_grant_t *out,
                               apr_pool_t *pool)
{
    authp_err_t err = prove(realm, self, change->current, pool);
    if (err != AUTHP_OK) {
        if (err == AUTHP_E_WRONG_PASSWORD) {
            audit(realm, self, "password_change", err, pool);
        }
        return err;
    }
    /* In the pool, because the account in *out has it. */
    char *hash = apr_palloc(pool, AUTHP_SCHEME_HASH_LEN + 1);
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    err = authp_hasher_hash(realm->hasher, AUTHP_HASH_KNOWN, change->wanted, strlen(change->wanted),
                            &scheme, hash);
    if (err != AUTHP_OK) {
        return err;
    }
    new_hash_t wanted = {.proven = self->user->password_hash, .hash = hash};
    authp_user_edit_t edit = {.fn = edit_hash, .ctx = &wanted};
    authp_user_t *user = NULL;
    err = authp_user_change(realm, self->user->id.hex, &edit, &user, pool);
    if (err != AUTHP_OK) {
        return gone_is_revoked(err);
    }
    audit(realm, self, "password_change", AUTHP_OK, pool);
    authp_account_mail_notice(realm, AUTHP_MAIL_PASSWORD_CHANGED, user, self->client, pool);
    err = carry_over(realm, self, user, out, pool);
    /* These sessions are invalid already, because they are older than min_ver. This marks them as
     * ended in lists of devices. */
    authp_err_t ended = authp_live_change_session_end_user(
        realm, user->id.hex, self->session->id.hex, "password_change", NULL, pool);
    if (ended != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0312",
                  "user %s: the sessions are invalid, but are not marked as ended: %s",
                  user->id.hex, authp_err_name(ended));
    }
    return err;
}

authp_err_t authp_own_delete(const authp_realm_t *realm, const authp_self_t *self,
                             const char *password, apr_pool_t *pool)
{
    authp_err_t err = prove(realm, self, password, pool);
    if (err == AUTHP_E_WRONG_PASSWORD) {
        audit(realm, self, "user_delete", err, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_actor_t actor = {.id = self->user->id.hex, .client = self->client};
    return gone_is_revoked(authp_admin_delete(realm, &actor, self->user->id.hex, pool));
}

authp_err_t authp_own_end_session(const authp_realm_t *realm, const authp_self_t *self,
                                  const char *sid, apr_pool_t *pool)
{
    authp_session_t *session = NULL;
    authp_err_t err = authp_store_session_by_id(realm->store, sid, &session, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (strcmp(session->user_id.hex, self->user->id.hex) != 0) {
        return AUTHP_E_NOT_FOUND; /* sessions of other accounts do not exist for this caller */
    }
    err = authp_live_change_session_end(realm, sid, "ended_by_user", pool);
    if (err == AUTHP_OK) {
        const authp_event_t event = {.event = "session_end",
                                     .outcome = "ok",
                                     .actor_id = self->user->id.hex,
                                     .subject_id = self->user->id.hex,
                                     .session_id = sid};
        authp_audit_write(realm, &event, self->client, pool);
    }
    return err;
}

authp_err_t authp_own_end_others(const authp_realm_t *realm, const authp_self_t *self,
                                 apr_pool_t *pool)
{
    int count = 0;
    authp_err_t err = authp_live_change_session_end_user(
        realm, self->user->id.hex, self->session->id.hex, "ended_by_user", &count, pool);
    if (err == AUTHP_OK && count > 0) {
        audit(realm, self, "sessions_end", AUTHP_OK, pool);
    }
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/admin.h"

#include "base/log.h"
#include "service/account/account.h"
#include "service/account/find.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/live/live_change.h"

#include <apr_strings.h>
#include <string.h>

/* The actor and the data of an edit. It is the ctx of the edit functions. */
typedef struct admin_edit_t {
    const authp_realm_t *realm;
    const authp_actor_t *actor;
    const authp_user_patch_t *patch;
    bool verified;
    const char *hash;
    const char *email;
} admin_edit_t;

static void audit(const authp_realm_t *realm, const authp_actor_t *actor, const char *name,
                  const char *subject_id, authp_err_t err, apr_pool_t *pool)
{
    const authp_event_t event = {.event = name,
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? NULL : authp_err_name(err),
                                 .actor_id = actor->id,
                                 .subject_id = subject_id};
    authp_audit_write(realm, &event, actor->client, pool);
}

authp_err_t authp_admin_spare(const authp_realm_t *realm, const authp_user_t *user,
                              apr_pool_t *pool)
{
    if (user->disabled || !authp_user_holds(user, "admin")) {
        return AUTHP_OK;
    }
    /* A limit of 2 is enough to find out whether there is another admin. */
    const authp_user_filter_t admins = {.role = "admin", .limit = 2, .enabled_only = true};
    apr_array_header_t *found = NULL;
    authp_err_t err = authp_store_user_list(realm->store, &admins, &found, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    return found->nelts > 1 ? AUTHP_OK : AUTHP_E_LAST_ADMIN;
}

static authp_err_t edit_patch(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const admin_edit_t *edit = ctx;
    const authp_user_patch_t *patch = edit->patch;
    authp_user_t before = *user;
    if (patch->has_roles) {
        user->roles = apr_array_copy(pool, patch->roles);
        /* The verification ends with the role. Otherwise it would count again when the role is
         * given back. */
        if (authp_user_holds(&before, "recruiter") != authp_user_holds(user, "recruiter")) {
            user->is_recruiter_verified = false;
        }
    }
    if (patch->has_disabled) {
        user->disabled = patch->disabled;
    }
    if (patch->has_name) {
        user->name = patch->name != NULL && *patch->name != '\0' ? patch->name : NULL;
    }
    if (patch->has_verified) {
        user->is_recruiter_verified = patch->verified;
    }
    bool leaves = user->disabled || !authp_user_holds(user, "admin");
    if (!leaves || strcmp(edit->actor->id, AUTHP_ACTOR_CLI) == 0) {
        return AUTHP_OK;
    }
    return authp_admin_spare(edit->realm, &before, pool);
}

/* Marks sessions as ended for the lists of devices. They are invalid before that, because min_ver
 * has moved. */
static void end_sessions(const authp_realm_t *realm, const char *id, const char *reason,
                         apr_pool_t *pool)
{
    authp_err_t err = authp_live_change_session_end_user(realm, id, NULL, reason, NULL, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0310",
                  "user %s: the sessions are invalid, but are not marked as ended: %s", id,
                  authp_err_name(err));
    }
}

/* The changed fields as text, such as "roles,disabled". NULL if there are none. */
static const char *patched(const authp_user_patch_t *patch, apr_pool_t *pool)
{
    const char *const parts[] = {
        patch->has_roles ? ",roles" : "", patch->has_name ? ",name" : "",
        patch->has_disabled ? (patch->disabled ? ",disabled" : ",enabled") : "",
        patch->has_verified ? (patch->verified ? ",verified" : ",not_verified") : ""};
    const char *all = apr_pstrcat(pool, parts[0], parts[1], parts[2], parts[3], NULL);
    return *all != '\0' ? all + 1 : NULL;
}

static void audit_patch(const admin_edit_t *edit, const char *id, authp_err_t err, apr_pool_t *pool)
{
    const authp_event_t event = {.event = "user_change",
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? patched(edit->patch, pool)
                                                           : authp_err_name(err),
                                 .actor_id = edit->actor->id,
                                 .subject_id = id};
    authp_audit_write(edit->realm, &event, edit->actor->client, pool);
}

authp_err_t authp_admin_patch(const authp_realm_t *realm, const authp_actor_t *actor,
                              const char *id, const authp_user_patch_t *patch, authp_user_t **out,
                              apr_pool_t *pool)
{
    admin_edit_t what = {.realm = realm, .actor = actor, .patch = patch};
    authp_user_edit_t edit = {.fn = edit_patch, .ctx = &what};
    authp_user_t *user = NULL;
    authp_err_t err = authp_user_change(realm, id, &edit, &user, pool);
    if (err == AUTHP_OK && edit.killed) {
        end_sessions(realm, id, user->disabled ? "disabled" : "admin", pool);
    }
    if (err == AUTHP_OK || err == AUTHP_E_LAST_ADMIN) {
        audit_patch(&what, id, err, pool);
    }
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err;
}

static authp_err_t edit_verified(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const admin_edit_t *edit = ctx;
    if (!authp_user_holds(user, "recruiter") && user->recruiter_requested_at == 0) {
        return AUTHP_E_CANNOT_VERIFY;
    }
    if (edit->verified) {
        authp_user_add_role(user, "recruiter", pool);
    }
    user->is_recruiter_verified = edit->verified;
    user->recruiter_requested_at = 0; /* the request has been answered */
    return AUTHP_OK;
}

authp_err_t authp_admin_verify(const authp_realm_t *realm, const authp_actor_t *actor,
                               const authp_verdict_t *verdict, authp_user_t **out, apr_pool_t *pool)
{
    admin_edit_t what = {.realm = realm, .actor = actor, .verified = verdict->verified};
    authp_user_edit_t edit = {.fn = edit_verified, .ctx = &what};
    authp_user_t *user = NULL;
    const char *id = verdict->id;
    if (id == NULL) {
        authp_err_t err =
            authp_find_by_login(realm, AUTHP_LOGIN_EMAIL, verdict->email, &user, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        id = user->id.hex;
    }
    authp_err_t err = authp_user_change(realm, id, &edit, &user, pool);
    if (err == AUTHP_OK || err == AUTHP_E_CANNOT_VERIFY) {
        audit(realm, actor, verdict->verified ? "recruiter_verify" : "recruiter_withdraw", id, err,
              pool);
    }
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err;
}

static authp_err_t edit_proven(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const admin_edit_t *edit = ctx;
    (void)pool;
    if (user->email == NULL || strcmp(user->email, edit->email) != 0) {
        return AUTHP_E_CONFLICT;
    }
    user->email_verified = true;
    return AUTHP_OK;
}

authp_err_t authp_admin_prove_email(const authp_realm_t *realm, const authp_actor_t *actor,
                                    const char *id, const char *email, authp_user_t **out,
                                    apr_pool_t *pool)
{
    admin_edit_t what = {.realm = realm, .actor = actor, .email = email};
    authp_user_edit_t edit = {.fn = edit_proven, .ctx = &what};
    authp_err_t err = authp_user_change(realm, id, &edit, out, pool);
    if (err == AUTHP_OK) {
        audit(realm, actor, "email_verify", id, err, pool);
    }
    return err;
}

/* Reads the account and deletes it, until both see the same row. */
static authp_err_t bury(const authp_realm_t *realm, const authp_actor_t *actor, const char *id,
                        apr_pool_t *pool)
{
    for (int i = 0; i < 8; i++) {
        authp_user_t *user = NULL;
        authp_err_t err = authp_store_user_by_id(realm->store, id, &user, pool);
        if (err == AUTHP_OK && strcmp(actor->id, AUTHP_ACTOR_CLI) != 0) {
            err = authp_admin_spare(realm, user, pool);
        }
        if (err == AUTHP_OK) {
            err = authp_live_change_user_delete(realm, user, pool);
        }
        if (err != AUTHP_E_CONFLICT) {
            return err;
        }
    }
    return AUTHP_E_BUSY;
}

authp_err_t authp_admin_delete(const authp_realm_t *realm, const authp_actor_t *actor,
                               const char *id, apr_pool_t *pool)
{
    authp_err_t err = bury(realm, actor, id, pool);
    if (err == AUTHP_OK || err == AUTHP_E_LAST_ADMIN) {
        audit(realm, actor, "user_delete", id, err, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    end_sessions(realm, id, "deleted", pool);
    /* The account cannot be found any more. The next purge removes what is left over. */
    err = authp_store_user_forget(realm->store, id, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0311",
                  "user %s is deleted; its device information waits for the next purge: %s", id,
                  authp_err_name(err));
    }
    return AUTHP_OK;
}

authp_err_t authp_admin_end_sessions(const authp_realm_t *realm, const authp_actor_t *actor,
                                     const char *id, int *count, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_id(realm->store, id, &user, pool);
    if (err == AUTHP_OK) {
        err = authp_live_change_session_end_user(realm, id, NULL, "admin", count, pool);
    }
    if (err == AUTHP_OK) {
        audit(realm, actor, "sessions_end", id, AUTHP_OK, pool);
    }
    return err;
}

authp_err_t authp_admin_end_session(const authp_realm_t *realm, const authp_actor_t *actor,
                                    const char *sid, apr_pool_t *pool)
{
    authp_session_t *session = NULL;
    authp_err_t err = authp_store_session_by_id(realm->store, sid, &session, pool);
    if (err == AUTHP_OK) {
        err = authp_live_change_session_end(realm, sid, "admin", pool);
    }
    if (err == AUTHP_OK) {
        const authp_event_t event = {.event = "session_end",
                                     .outcome = "ok",
                                     .actor_id = actor->id,
                                     .subject_id = session->user_id.hex,
                                     .session_id = sid};
        authp_audit_write(realm, &event, actor->client, pool);
    }
    return err;
}

static authp_err_t edit_hash(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const admin_edit_t *edit = ctx;
    (void)pool;
    user->password_hash = edit->hash;
    return AUTHP_OK;
}

void authp_admin_end_reset(const authp_realm_t *realm, const authp_actor_t *actor, const char *id,
                           apr_pool_t *pool)
{
    end_sessions(realm, id, "password_reset", pool);
    audit(realm, actor, "password_reset", id, AUTHP_OK, pool);
}

authp_err_t authp_admin_reset_password(const authp_realm_t *realm, const authp_actor_t *actor,
                                       const char *id, const char *password, apr_pool_t *pool)
{
    char hash[AUTHP_SCHEME_HASH_LEN + 1];
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    authp_err_t err = authp_hasher_hash(realm->hasher, AUTHP_HASH_KNOWN, password, strlen(password),
                                        &scheme, hash);
    if (err != AUTHP_OK) {
        return err;
    }
    admin_edit_t what = {.realm = realm, .actor = actor, .hash = hash};
    authp_user_edit_t edit = {.fn = edit_hash, .ctx = &what};
    authp_user_t *user = NULL;
    err = authp_user_change(realm, id, &edit, &user, pool);
    if (err == AUTHP_OK) {
        authp_admin_end_reset(realm, actor, id, pool);
    }
    return err;
}

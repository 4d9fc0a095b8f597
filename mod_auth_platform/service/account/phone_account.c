/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/phone_account.h"

#include "base/log.h"
#include "base/text.h"
#include "service/account/account_mail.h"
#include "service/account/attempt.h"
#include "service/account/profile_document.h"
#include "service/account/user.h"
#include "service/account/user_change.h"

#include <apr_strings.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

bool authp_phone_account_may_open(const authp_user_t *user)
{
    return !user->disabled && !authp_user_holds(user, "admin");
}

static authp_ms_t last_use(const authp_user_t *user)
{
    return user->phone_used_at > user->created_at ? user->phone_used_at : user->created_at;
}

static bool is_idle(const authp_realm_t *realm, const authp_user_t *user)
{
    authp_ms_t most = realm->settings->phone_idle_days * DAY_MS;
    return most > 0 && authp_realm_now(realm) - last_use(user) > most;
}

authp_err_t authp_phone_account_prove(const authp_realm_t *realm, const authp_user_t *user,
                                      const char *password, const authp_client_t *client,
                                      apr_pool_t *pool)
{
    if (user->password_hash == NULL || !is_idle(realm, user)) {
        return AUTHP_OK;
    }
    if (password == NULL) {
        return AUTHP_E_PASSWORD_REQUIRED;
    }
    const authp_target_t target = {.kind = AUTHP_LOGIN_PHONE, .login = user->phone, .user = user};
    authp_err_t err = authp_attempt_password(realm, &target, password, client, pool);
    return err == AUTHP_E_WRONG_PASSWORD ? AUTHP_E_INVALID_CREDENTIALS : err;
}

/* --- changes ---------------------------------------------------------------------------------- */

static void audit(const authp_realm_t *realm, const authp_actor_t *actor, const char *subject_id,
                  const char *fields, apr_pool_t *pool)
{
    const authp_event_t event = {.event = "user_change",
                                 .outcome = "ok",
                                 .reason = fields,
                                 .actor_id = actor->id,
                                 .subject_id = subject_id};
    authp_audit_write(realm, &event, actor->client, pool);
}

/* `ctx` is the time. */
static authp_err_t edit_used(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const authp_ms_t *now = ctx;
    (void)pool;
    if (user->phone_used_at < *now) {
        user->phone_used_at = *now;
    }
    return AUTHP_OK;
}

void authp_phone_account_used(const authp_realm_t *realm, const authp_user_t *user,
                              apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    if (now - last_use(user) < DAY_MS) {
        return;
    }
    authp_user_edit_t edit = {.fn = edit_used, .ctx = &now};
    authp_user_t *after = NULL;
    authp_err_t err = authp_user_change(realm, user->id.hex, &edit, &after, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0318", "user %s: the use of the number was not noted: %s",
                  user->id.hex, authp_err_name(err));
    }
}

typedef struct roles_edit_t {
    const authp_realm_t *realm;
    const apr_array_header_t *roles;
} roles_edit_t;

/* Brings the roles into the order of ROLES. Those that are not configured come last. */
static void sort_roles(const authp_realm_t *realm, authp_user_t *user, apr_pool_t *pool)
{
    apr_array_header_t *all =
        authp_roles_names(realm->roles, authp_roles_mask(realm->roles, user->roles), pool);
    for (int i = 0; i < user->roles->nelts; i++) {
        const char *name = APR_ARRAY_IDX(user->roles, i, const char *);
        if (authp_roles_bit(realm->roles, name) == 0) {
            APR_ARRAY_PUSH(all, const char *) = name;
        }
    }
    user->roles = all;
}

/* The owner of an account with a password has chosen its first role at its registration, so that
 * role stays first. Without a password nobody has chosen one. */
static authp_err_t edit_add(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const roles_edit_t *edit = ctx;
    int before = user->roles->nelts;
    if (!authp_phone_account_may_open(user)) {
        return AUTHP_E_INSUFFICIENT_ROLE;
    }
    for (int i = 0; i < edit->roles->nelts; i++) {
        authp_user_add_role(user, APR_ARRAY_IDX(edit->roles, i, const char *), pool);
    }
    if (user->roles->nelts != before && user->password_hash == NULL) {
        sort_roles(edit->realm, user, pool);
    }
    return AUTHP_OK;
}

authp_err_t authp_phone_account_add_roles(const authp_realm_t *realm, const char *id,
                                          const apr_array_header_t *roles,
                                          const authp_client_t *client, authp_user_t **out,
                                          apr_pool_t *pool)
{
    for (int i = 0; i < roles->nelts; i++) {
        if (!authp_text_listed(APR_ARRAY_IDX(roles, i, const char *),
                               realm->settings->self_service_roles)) {
            return AUTHP_E_VALIDATION_FAILED;
        }
    }
    roles_edit_t wanted = {.realm = realm, .roles = roles};
    authp_user_edit_t edit = {.fn = edit_add, .ctx = &wanted};
    authp_user_t *user = NULL;
    authp_err_t err = authp_user_change(realm, id, &edit, &user, pool);
    if (err == AUTHP_OK) {
        *out = user;
    }
    if (err == AUTHP_OK && edit.changed) {
        const authp_actor_t self = {.id = id, .client = client};
        audit(realm, &self, id, "roles", pool);
    }
    return err;
}

typedef struct removal_t {
    const authp_realm_t *realm;
    const char *role;
} removal_t;

static authp_err_t edit_remove(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const removal_t *edit = ctx;
    if (!authp_user_holds(user, edit->role)) {
        return AUTHP_E_NOT_FOUND;
    }
    authp_err_t err =
        strcmp(edit->role, "admin") == 0 ? authp_admin_spare(edit->realm, user, pool) : AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    authp_user_remove_role(user, edit->role, pool);
    if (strcmp(edit->role, "recruiter") == 0) {
        user->is_recruiter_verified = false; /* else it would count again with the role */
    }
    return authp_profile_document_remove(user, edit->role, pool);
}

authp_err_t authp_phone_account_remove_role(const authp_realm_t *realm, const authp_user_t *self,
                                            const char *role, const authp_client_t *client,
                                            apr_pool_t *pool)
{
    removal_t wanted = {.realm = realm, .role = role};
    authp_user_edit_t edit = {.fn = edit_remove, .ctx = &wanted};
    authp_user_t *user = NULL;
    authp_err_t err = authp_user_change(realm, self->id.hex, &edit, &user, pool);
    if (err == AUTHP_OK) {
        const authp_actor_t actor = {.id = self->id.hex, .client = client};
        audit(realm, &actor, self->id.hex, "roles", pool);
    }
    return err;
}

/* --- the password ----------------------------------------------------------------------------- */

typedef struct reset_t {
    int64_t ver; /* of the account when the code was checked */
    const char *hash;
} reset_t;

static authp_err_t edit_reset(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const reset_t *wanted = ctx;
    (void)pool;
    if (user->ver != wanted->ver || !authp_phone_account_may_open(user)) {
        return AUTHP_E_INVALID_OTP;
    }
    user->password_hash = wanted->hash;
    return AUTHP_OK;
}

authp_err_t authp_phone_account_reset_password(const authp_realm_t *realm, const authp_user_t *user,
                                               const char *hash, const authp_client_t *client,
                                               apr_pool_t *pool)
{
    reset_t wanted = {.ver = user->ver, .hash = hash};
    authp_user_edit_t edit = {.fn = edit_reset, .ctx = &wanted};
    authp_user_t *after = NULL;
    authp_err_t err = authp_user_change(realm, user->id.hex, &edit, &after, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_E_INVALID_OTP : err;
    }
    const authp_actor_t self = {.id = user->id.hex, .client = client};
    authp_admin_end_reset(realm, &self, user->id.hex, pool);
    authp_account_mail_notice(realm, AUTHP_MAIL_PASSWORD_CHANGED, after, client, pool);
    return AUTHP_OK;
}

/* --- the number ------------------------------------------------------------------------------- */

typedef struct number_t {
    const char *phone;
    authp_ms_t now;
} number_t;

static authp_err_t edit_phone(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const number_t *wanted = ctx;
    (void)pool;
    bool same = user->phone == NULL || wanted->phone == NULL
                    ? user->phone == wanted->phone
                    : strcmp(user->phone, wanted->phone) == 0;
    if (!same) {
        user->phone = wanted->phone;
        user->phone_used_at = wanted->phone != NULL ? wanted->now : 0;
    }
    return AUTHP_OK;
}

/* AUTHP_E_USER_EXISTS: an account other than `id` has the number. */
static authp_err_t check_free(const authp_realm_t *realm, const char *id, const char *phone,
                              apr_pool_t *pool)
{
    authp_user_t *holder = NULL;
    if (phone == NULL) {
        return AUTHP_OK;
    }
    authp_err_t err =
        authp_store_user_by_login(realm->store, AUTHP_LOGIN_PHONE, phone, &holder, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
    }
    return strcmp(holder->id.hex, id) == 0 ? AUTHP_OK : AUTHP_E_USER_EXISTS;
}

authp_err_t authp_phone_account_set(const authp_realm_t *realm, const authp_actor_t *actor,
                                    const char *id, const char *phone, authp_user_t **out,
                                    apr_pool_t *pool)
{
    number_t wanted = {.phone = phone, .now = authp_realm_now(realm)};
    authp_user_edit_t edit = {.fn = edit_phone, .ctx = &wanted};
    authp_err_t err = check_free(realm, id, phone, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_user_t *user = NULL;
    err = authp_user_change(realm, id, &edit, &user, pool);
    if (err == AUTHP_E_BUSY) {
        /* The store also reports a conflict if another account has got the number meanwhile. */
        authp_err_t taken = check_free(realm, id, phone, pool);
        return taken == AUTHP_OK ? err : taken;
    }
    if (err == AUTHP_OK) {
        *out = user;
    }
    if (err == AUTHP_OK && edit.changed) {
        audit(realm, actor, id, "phone", pool);
    }
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/invite/invite.h"

#include "base/b64url.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "service/account/account_mail.h"
#include "service/account/account_rules.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/mail/mail.h"

#include <apr_strings.h>
#include <string.h>

#define CODE_BYTES 18
#define HOUR_MS INT64_C(3600000)
#define TRIES 2

/* `subject_id` is the id of an invite, or of an account for "register". */
static void audit(const authp_realm_t *realm, const char *name, const char *actor_id,
                  const char *subject_id, const authp_client_t *client, apr_pool_t *pool)
{
    const authp_event_t event = {
        .event = name, .outcome = "ok", .actor_id = actor_id, .subject_id = subject_id};
    authp_audit_write(realm, &event, client, pool);
}

static void audit_refused(const authp_realm_t *realm, authp_err_t err, const authp_client_t *client,
                          apr_pool_t *pool)
{
    const authp_event_t event = {
        .event = "register", .outcome = "denied", .reason = authp_err_name(err)};
    authp_audit_write(realm, &event, client, pool);
}

/* There is no such invite, or the account that wants it is gone. */
static authp_err_t missing_is_invalid(authp_err_t err)
{
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_INVITE_INVALID : err;
}

static authp_err_t send_code(const authp_realm_t *realm, const authp_actor_t *actor,
                             const authp_invite_t *invite, const char *code, apr_pool_t *pool)
{
    const authp_mail_post_t post = {.kind = AUTHP_MAIL_INVITE,
                                    .to = invite->email,
                                    .code = code,
                                    .language =
                                        actor->client != NULL ? actor->client->language : NULL};
    authp_err_t err = authp_mail_notice(realm, &post, NULL, pool);
    if (err == AUTHP_OK) {
        return AUTHP_OK;
    }
    authp_err_t undone =
        authp_store_invite_revoke(realm->store, invite->id.hex, authp_realm_now(realm), pool);
    if (undone != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0397",
                  "invite %s: it stays open, although its mail was not written and nobody has the "
                  "code: %s",
                  invite->id.hex, authp_err_name(undone));
    }
    return err;
}

authp_err_t authp_invite_make(const authp_realm_t *realm, const authp_actor_t *actor,
                              const authp_new_invite_t *in, authp_invite_t **out, const char **code,
                              apr_pool_t *pool)
{
    unsigned char bytes[CODE_BYTES];
    if (in->send && !authp_mail_available(realm)) {
        return AUTHP_E_MAIL_UNAVAILABLE;
    }
    authp_random_fill(realm->random, bytes, sizeof(bytes));
    const char *text = authp_b64url_encode(bytes, sizeof(bytes), pool);
    authp_invite_t *invite = apr_pcalloc(pool, sizeof(*invite));
    authp_err_t err = authp_digest_sha256_hex(text, strlen(text), &invite->code_hash, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    invite->id = authp_id_new(realm->clock, realm->random);
    invite->email = authp_account_rules_normal_email(in->email, pool);
    invite->role = in->role != NULL ? apr_pstrdup(pool, in->role) : NULL;
    invite->created_at = authp_realm_now(realm);
    invite->expires_at = invite->created_at + in->hours * HOUR_MS;
    invite->created_by = apr_pstrdup(pool, actor->id);
    err = authp_store_invite_create(realm->store, invite, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_CONFLICT ? AUTHP_E_INTERNAL : err;
    }
    err = in->send ? send_code(realm, actor, invite, text, pool) : AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    audit(realm, "invite_create", actor->id, invite->id.hex, actor->client, pool);
    *out = invite;
    *code = text;
    return AUTHP_OK;
}

authp_err_t authp_invite_revoke(const authp_realm_t *realm, const authp_actor_t *actor,
                                const char *id, apr_pool_t *pool)
{
    authp_err_t err = authp_store_invite_revoke(realm->store, id, authp_realm_now(realm), pool);
    if (err == AUTHP_OK) {
        audit(realm, "invite_revoke", actor->id, id, actor->client, pool);
    }
    return err;
}

static bool is_for(const authp_invite_t *invite, const char *role)
{
    return invite->role == NULL || role == NULL ? invite->role == role
                                                : strcmp(invite->role, role) == 0;
}

authp_err_t authp_invite_find(const authp_realm_t *realm, const authp_invite_wanted_t *wanted,
                              authp_invite_t **out, apr_pool_t *pool)
{
    const char *hash = NULL;
    const char *code = wanted->code;
    authp_invite_t *invite = NULL;
    authp_err_t err = authp_digest_sha256_hex(code, strlen(code), &hash, pool);
    if (err == AUTHP_OK) {
        err = authp_store_invite_by_code(realm->store, code, hash, &invite, pool);
    }
    if (err != AUTHP_OK) {
        return missing_is_invalid(err);
    }
    if (wanted->email == NULL || strcmp(invite->email, wanted->email) != 0 ||
        invite->revoked_at != 0 || !is_for(invite, wanted->role)) {
        return AUTHP_E_INVITE_INVALID;
    }
    *out = invite;
    return AUTHP_OK;
}

/* An invite for recruiters. */
static authp_err_t find(const authp_realm_t *realm, const char *code, const char *email,
                        authp_invite_t **out, apr_pool_t *pool)
{
    const authp_invite_wanted_t wanted = {.code = code, .email = email, .role = NULL};
    return authp_invite_find(realm, &wanted, out, pool);
}

bool authp_invite_is_open(const authp_realm_t *realm, const authp_invite_t *invite)
{
    return invite->used_at == 0 && invite->expires_at > authp_realm_now(realm);
}

/* True if this account has claimed the invite and has not changed since. The change that follows
 * the claim was then interrupted. */
static bool was_cut_off(const authp_invite_t *invite, const authp_user_t *user)
{
    return invite->used_at != 0 && invite->used_by != NULL &&
           strcmp(invite->used_by, user->id.hex) == 0 && invite->used_ver == user->ver;
}

/* `ctx` is the ver of the account at the claim. A later change, such as a withdrawn verification,
 * is not undone. */
static authp_err_t edit_recruiter(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const int64_t *used_ver = ctx;
    if (user->ver != *used_ver) {
        return AUTHP_E_INVITE_INVALID;
    }
    authp_user_add_role(user, "recruiter", pool);
    user->is_recruiter_verified = true;
    user->recruiter_requested_at = 0;
    return AUTHP_OK;
}

/* `claimed`: this account has claimed the invite already. */
static authp_err_t use(const authp_realm_t *realm, const authp_invite_t *invite, bool claimed,
                       const authp_client_t *client, authp_user_t **user, apr_pool_t *pool)
{
    int64_t used_ver = (*user)->ver;
    if (!claimed) {
        authp_err_t err = authp_store_invite_claim(realm->store, invite->id.hex, (*user)->id.hex,
                                                   used_ver, authp_realm_now(realm), pool);
        if (err != AUTHP_OK) {
            return err == AUTHP_E_CONFLICT ? AUTHP_E_INVITE_INVALID : err;
        }
    }
    authp_user_edit_t edit = {.fn = edit_recruiter, .ctx = &used_ver};
    authp_err_t err = authp_user_change(realm, (*user)->id.hex, &edit, user, pool);
    if (err == AUTHP_OK) {
        audit(realm, "invite_use", (*user)->id.hex, invite->id.hex, client, pool);
    }
    return err;
}

/* Compares the account after a lost claim with the account whose password was checked. True if only
 * the winner of the claim has changed it, which adds one to ver. After a password change or a
 * disabling, no session may begin with the new ver. */
static bool is_same_account(const authp_user_t *proven, const authp_user_t *now)
{
    return authp_text_equal(proven->password_hash, now->password_hash) && !now->disabled &&
           now->ver - proven->ver <= 1;
}

authp_err_t authp_invite_redeem(const authp_realm_t *realm, const char *code,
                                const authp_client_t *client, authp_user_t **user, apr_pool_t *pool)
{
    authp_invite_t *invite = NULL;
    const authp_user_t *proven = *user;
    authp_err_t err = find(realm, code, (*user)->email, &invite, pool);
    if (err == AUTHP_OK && !authp_invite_is_open(realm, invite) && !was_cut_off(invite, *user)) {
        err = AUTHP_E_INVITE_INVALID;
    }
    for (int i = 0; err == AUTHP_OK && i < TRIES; i++) {
        err = use(realm, invite, was_cut_off(invite, *user), client, user, pool);
        if (err != AUTHP_E_INVITE_INVALID) {
            return missing_is_invalid(err);
        }
        /* Another request of the same person may have been faster, for example after a double
         * click. It may not be finished yet. */
        err = authp_store_user_by_id(realm->store, (*user)->id.hex, user, pool);
        if (err == AUTHP_OK && !is_same_account(proven, *user)) {
            return AUTHP_E_INVITE_INVALID;
        }
        if (err == AUTHP_OK && authp_user_holds(*user, "recruiter") &&
            (*user)->is_recruiter_verified) {
            return AUTHP_OK;
        }
        if (err == AUTHP_OK) {
            err = find(realm, code, (*user)->email, &invite, pool);
        }
    }
    return err == AUTHP_OK ? AUTHP_E_INVITE_INVALID : missing_is_invalid(err);
}

/* Finds the invite that the account has claimed with its present ver, or with `since`, if the
 * caller's change is the only one since then. AUTHP_E_NOT_FOUND: there is none. */
static authp_err_t find_cut_off(const authp_realm_t *realm, const authp_user_t *user, int64_t since,
                                const char *email, authp_invite_t **out, apr_pool_t *pool)
{
    const char *id = user->id.hex;
    authp_err_t err = authp_store_invite_claimed_by(realm->store, id, user->ver, out, pool);
    if (err == AUTHP_E_NOT_FOUND && user->ver == since + 1) {
        err = authp_store_invite_claimed_by(realm->store, id, since, out, pool);
    }
    bool other = err == AUTHP_OK && (strcmp((*out)->email, email) != 0 || !is_for(*out, NULL));
    return other ? AUTHP_E_NOT_FOUND : err;
}

authp_err_t authp_invite_accept(const authp_realm_t *realm, const char *email, int64_t since,
                                const authp_client_t *client, authp_user_t **user, apr_pool_t *pool)
{
    for (int i = 0; i < TRIES; i++) {
        authp_invite_t *invite = NULL;
        bool claimed = false;
        authp_err_t err = authp_store_invite_live_of(realm->store, email, NULL,
                                                     authp_realm_now(realm), &invite, pool);
        if (err == AUTHP_E_NOT_FOUND) {
            err = find_cut_off(realm, *user, since, email, &invite, pool);
            claimed = err == AUTHP_OK;
        }
        if (err == AUTHP_OK) {
            err = use(realm, invite, claimed, client, user, pool);
        }
        if (err != AUTHP_E_INVITE_INVALID) {
            return err;
        }
        err = authp_store_user_by_id(realm->store, (*user)->id.hex, user, pool);
        if (err != AUTHP_OK) {
            return err == AUTHP_E_NOT_FOUND ? AUTHP_E_CONFLICT : err;
        }
    }
    return AUTHP_E_NOT_FOUND;
}

/* Makes a recruiter who is not verified yet, if the invite is open. */
static authp_err_t insert_unverified(const authp_realm_t *realm, const authp_new_account_t *in,
                                     const char *code, authp_invite_t **invite, authp_user_t **user,
                                     apr_pool_t *pool)
{
    authp_err_t err =
        find(realm, code, authp_account_rules_normal_email(in->email, pool), invite, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (!authp_invite_is_open(realm, *invite)) {
        return AUTHP_E_INVITE_INVALID;
    }
    authp_new_account_t recruiter = *in;
    recruiter.role = "recruiter";
    recruiter.verified = false; /* until the invite is claimed */
    recruiter.email_verified = false;
    return authp_account_insert(realm, &recruiter, AUTHP_HASH_STRANGER, user, pool);
}

authp_err_t authp_invite_enrol(const authp_realm_t *realm, const authp_new_account_t *in,
                               const char *code, const authp_client_t *client, authp_user_t **out,
                               apr_pool_t *pool)
{
    authp_invite_t *invite = NULL;
    authp_user_t *user = NULL;
    authp_err_t err = insert_unverified(realm, in, code, &invite, &user, pool);
    if (err == AUTHP_OK) {
        err = authp_account_mail_welcome(realm, user, client, pool);
    }
    if (err == AUTHP_E_INVITE_INVALID || err == AUTHP_E_EMAIL_TAKEN) {
        audit_refused(realm, err, client, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_user_t *inserted = user;
    err = use(realm, invite, false, client, &user, pool);
    if (err == AUTHP_E_INVITE_INVALID) {
        /* Another registration has used the invite, so this account is removed again. */
        authp_err_t undone = authp_store_user_discard(realm->store, inserted, pool);
        authp_log(AUTHP_LOG_NOTICE, "AUTHP0313",
                  "user %s: another registration used the invite first, removing this account: %s",
                  inserted->id.hex, authp_err_name(undone));
        audit_refused(realm, err, client, pool);
        return err;
    }
    /* The account exists, even if the store failed afterwards. Then /login/recruiter completes it.
     */
    audit(realm, "register", inserted->id.hex, inserted->id.hex, client, pool);
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err;
}

authp_err_t authp_invite_register(const authp_realm_t *realm, const authp_new_account_t *in,
                                  const char *code, const authp_client_t *client,
                                  authp_grant_t *out, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_invite_enrol(realm, in, code, client, &user, pool);
    return err == AUTHP_OK ? authp_session_start(realm, user, client, out, pool) : err;
}

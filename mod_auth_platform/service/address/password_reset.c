/* SPDX-License-Identifier: Apache-2.0 */
#include "service/address/password_reset.h"

#include "base/log.h"
#include "service/account/account.h"
#include "service/account/account_mail.h"
#include "service/account/admin.h"
#include "service/account/find.h"
#include "service/account/first_proof.h"
#include "service/address/link_change.h"
#include "service/mail/mail.h"
#include "service/sign_in/login.h"

#include <string.h>

#define KINDS (1u << AUTHP_MAIL_RESET_PASSWORD | 1u << AUTHP_MAIL_SET_PASSWORD)

/* --- asking for the link ---------------------------------------------------------------------- */

static bool may_ask(const authp_user_t *user)
{
    return user != NULL && !user->disabled && authp_first_proof_of(user) != AUTHP_FIRST_PROOF_NEVER;
}

authp_err_t authp_password_reset_ask(const authp_realm_t *realm, const char *email,
                                     const authp_client_t *client, apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    authp_user_t *user = NULL;
    authp_err_t err = authp_find_if_any(realm, AUTHP_LOGIN_EMAIL, email, &user, pool);
    if (err == AUTHP_OK && !authp_mail_available(realm)) {
        err = AUTHP_E_MAIL_UNAVAILABLE;
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_link_new_t link = {.kind = AUTHP_MAIL_RESET_PASSWORD,
                                   .user = may_ask(user) ? user : NULL,
                                   .to = authp_find_normal(realm, AUTHP_LOGIN_EMAIL, email, pool),
                                   .language = client->language};
    err = authp_link_send(realm, &link, pool);
    authp_login_wait_for_step(began);
    return err;
}

/* --- using it --------------------------------------------------------------------------------- */

typedef struct reset_t {
    const authp_realm_t *realm;
    const authp_client_t *client;
    authp_link_t link;
    authp_first_proof_t proof; /* what the edit has done */
    const char *hash;
} reset_t;

/* What using the link does to the account. With AUTHP_MAIL_SET_PASSWORD an administrator has chosen
 * the address, so this is no first proof. */
static authp_first_proof_t proof_of(const authp_link_t *link, const authp_user_t *user)
{
    bool made = authp_mail_kind_of(link->row->kind) == AUTHP_MAIL_SET_PASSWORD;
    return made ? AUTHP_FIRST_PROOF_NONE : authp_first_proof_of(user);
}

static authp_err_t edit_reset(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    reset_t *in = ctx;
    (void)pool;
    if (!authp_link_still_fits(&in->link, user) || proof_of(&in->link, user) != in->proof) {
        return AUTHP_E_LINK_INVALID;
    }
    authp_first_proof_apply(in->proof, user);
    if (in->proof != AUTHP_FIRST_PROOF_PART) {
        user->password_hash = in->hash;
        user->email_verified = true;
    }
    return AUTHP_OK;
}

static void audit(const reset_t *in, const char *name, const char *user_id, apr_pool_t *pool)
{
    const authp_event_t event = {
        .event = name, .outcome = "ok", .actor_id = user_id, .subject_id = user_id};
    authp_audit_write(in->realm, &event, in->client, pool);
}

static authp_err_t edit_give_address(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    (void)pool;
    if (user->email == NULL) {
        user->email = ctx;
    }
    return AUTHP_OK;
}

/* Called if the new account could not be made: gives the old account its address back. */
static void undo_part(reset_t *in, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_user_edit_t edit = {.fn = edit_give_address, .ctx = (void *)in->link.email};
    authp_err_t err = authp_user_change(in->realm, in->link.user->id.hex, &edit, &user, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0394",
                  "user %s: the account has lost its address, but no new one was made for it: %s",
                  in->link.user->id.hex, authp_err_name(err));
    }
    authp_link_change_give_back(in->realm, &in->link, pool);
}

static authp_err_t edit_nothing(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    (void)user;
    (void)ctx;
    (void)pool;
    return AUTHP_OK;
}

/* Ends the sessions of the account that has lost its address: by a new min_ver, and by marking each
 * session as ended. Either of these suffices. The sessions do not end earlier, because a new
 * min_ver makes the link invalid, and undo_part() may have to make the link unused again. */
static void end_parted(const reset_t *in, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_user_edit_t edit = {.fn = edit_nothing, .ends_sessions = true};
    authp_err_t err = authp_user_change(in->realm, in->link.user->id.hex, &edit, &user, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0395",
                  "user %s: the account has lost its address, but its tokens count until the "
                  "sessions have ended: %s",
                  in->link.user->id.hex, authp_err_name(err));
    }
    authp_first_proof_end_sessions(in->realm, in->link.user->id.hex, pool);
}

/* For AUTHP_FIRST_PROOF_PART, after the account has lost its address: makes a new account with the
 * address and the new password. */
static authp_err_t part(reset_t *in, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    const authp_new_account_t account = {.email = in->link.email,
                                         .password_hash = in->hash,
                                         .role = authp_account_default_role(in->realm),
                                         .email_verified = true};
    authp_err_t err = authp_account_insert(in->realm, &account, AUTHP_HASH_KNOWN, &user, pool);
    if (err != AUTHP_OK && err != AUTHP_E_EMAIL_TAKEN) {
        undo_part(in, pool);
        return err;
    }
    audit(in, "address_lost", in->link.user->id.hex, pool);
    end_parted(in, pool);
    if (err == AUTHP_E_EMAIL_TAKEN) {
        /* A registration got the address first. Its owner can ask for a link once more. */
        return AUTHP_E_LINK_INVALID;
    }
    audit(in, "register", user->id.hex, pool);
    return AUTHP_OK;
}

static authp_err_t finish(reset_t *in, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    bool parts = in->proof == AUTHP_FIRST_PROOF_PART;
    authp_user_edit_t edit = {.fn = edit_reset, .ctx = in, .ends_sessions = !parts};
    authp_err_t err = authp_link_change(in->realm, &in->link, &edit, &user, pool);
    if (err != AUTHP_OK || parts) {
        return err == AUTHP_OK ? part(in, pool) : err;
    }
    const authp_actor_t self = {.id = user->id.hex, .client = in->client};
    authp_user_t addressed = *user;
    if (in->proof == AUTHP_FIRST_PROOF_TAKE) {
        audit(in, "first_proof", user->id.hex, pool);
        /* Somebody else than the owner of the address may have chosen the name. */
        addressed.name = NULL;
    }
    authp_admin_end_reset(in->realm, &self, user->id.hex, pool);
    authp_account_mail_notice(in->realm, AUTHP_MAIL_PASSWORD_CHANGED, &addressed, in->client, pool);
    return AUTHP_OK;
}

authp_err_t authp_password_reset_use(const authp_realm_t *realm, const char *token,
                                     const char *password, const authp_client_t *client,
                                     apr_pool_t *pool)
{
    char hash[AUTHP_SCHEME_HASH_LEN + 1];
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    reset_t in = {.realm = realm, .client = client, .hash = hash};
    authp_err_t err = authp_link_find(realm, token, KINDS, &in.link, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    in.proof = proof_of(&in.link, in.link.user);
    if (in.proof == AUTHP_FIRST_PROOF_NEVER) {
        return AUTHP_E_LINK_INVALID;
    }
    /* The hash is made before the link is used up: it may fail because the server is busy. */
    err = authp_hasher_hash(realm->hasher, AUTHP_HASH_KNOWN, password, strlen(password), &scheme,
                            hash);
    return err == AUTHP_OK ? finish(&in, pool) : err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/address/address_proof.h"

#include "service/account/account_mail.h"
#include "service/account/attempt.h"
#include "service/account/own.h"
#include "service/address/link_change.h"
#include "service/mail/mail.h"

#include <apr_strings.h>
#include <string.h>

#define KINDS (1u << AUTHP_MAIL_VERIFY_EMAIL)

authp_err_t authp_address_proof_send(const authp_realm_t *realm, const authp_user_t *user,
                                     const authp_client_t *client, bool *sent, apr_pool_t *pool)
{
    if (user->email == NULL) {
        return AUTHP_E_NOT_FOUND;
    }
    *sent = !user->email_verified;
    if (user->email_verified) {
        return AUTHP_OK;
    }
    return authp_mail_available(realm) ? authp_account_mail_proof(realm, user, client, pool)
                                       : AUTHP_E_MAIL_UNAVAILABLE;
}

static authp_err_t check_owner(const authp_realm_t *realm, const authp_address_proof_t *in,
                               const authp_user_t *user, apr_pool_t *pool)
{
    if (in->user != NULL && strcmp(in->user->id.hex, user->id.hex) == 0) {
        return AUTHP_OK;
    }
    if (in->password == NULL) {
        return in->user != NULL ? AUTHP_E_INVALID_CREDENTIALS : AUTHP_E_TOKEN_MISSING;
    }
    if (user->password_hash == NULL) {
        return AUTHP_E_INVALID_CREDENTIALS;
    }
    const authp_target_t target = authp_own_target(realm, user, pool);
    authp_err_t err = authp_attempt_password(realm, &target, in->password, in->client, pool);
    return err == AUTHP_E_WRONG_PASSWORD ? AUTHP_E_INVALID_CREDENTIALS : err;
}

typedef struct proving_t {
    const authp_realm_t *realm;
    const authp_link_t *link;
    authp_user_t before; /* the account as it was */
    bool moves;          /* the link changes the address of the account */
} proving_t;

static authp_err_t check_free(const proving_t *in, apr_pool_t *pool)
{
    authp_user_t *holder = NULL;
    authp_err_t err = authp_store_user_by_login(in->realm->store, AUTHP_LOGIN_EMAIL,
                                                in->link->email, &holder, pool);
    return err == AUTHP_OK ? AUTHP_E_EMAIL_TAKEN : err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

static authp_err_t edit_proven(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    proving_t *in = ctx;
    if (!authp_link_still_fits(in->link, user)) {
        return AUTHP_E_LINK_INVALID;
    }
    in->before = *user;
    in->moves = user->email == NULL || strcmp(user->email, in->link->email) != 0;
    user->email = in->link->email;
    user->email_verified = true;
    return in->moves ? check_free(in, pool) : AUTHP_OK;
}

static void audit(const proving_t *in, const authp_user_t *user, authp_err_t err,
                  const authp_client_t *client, apr_pool_t *pool)
{
    const authp_event_t event = {.event = in->moves ? "email_change" : "email_verify",
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? NULL : authp_err_name(err),
                                 .actor_id = user->id.hex,
                                 .subject_id = user->id.hex};
    authp_audit_write(in->realm, &event, client, pool);
}

authp_err_t authp_address_proof_use(const authp_realm_t *realm, const authp_address_proof_t *in,
                                    authp_user_t **out, apr_pool_t *pool)
{
    authp_link_t link;
    authp_err_t err = authp_link_find(realm, in->token, KINDS, &link, pool);
    if (err == AUTHP_OK) {
        err = check_owner(realm, in, link.user, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    proving_t proving = {.realm = realm, .link = &link};
    authp_user_edit_t edit = {.fn = edit_proven, .ctx = &proving};
    err = authp_link_change(realm, &link, &edit, out, pool);
    if (err == AUTHP_OK || err == AUTHP_E_EMAIL_TAKEN) {
        audit(&proving, link.user, err, in->client, pool);
    }
    if (err == AUTHP_OK && proving.moves) {
        authp_account_mail_notice(realm, AUTHP_MAIL_EMAIL_CHANGED, &proving.before, in->client,
                                  pool);
    }
    return err;
}

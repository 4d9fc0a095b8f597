/* SPDX-License-Identifier: Apache-2.0 */
#include "service/address/quiet_sign_up.h"

#include "service/account/account_mail.h"
#include "service/account/find.h"
#include "service/invite/recruiter.h"
#include "service/sign_in/login.h"

static authp_err_t make(const authp_realm_t *realm, const authp_quiet_sign_up_t *in,
                        const authp_client_t *client, authp_user_t **user, apr_pool_t *pool)
{
    authp_new_account_t own = *in->account;
    if (in->recruiter) {
        return authp_recruiter_register(realm, &own, in->code, client, user, pool);
    }
    own.role = authp_account_default_role(realm);
    own.verified = false;
    return authp_account_sign_up(realm, &own, client, user, pool);
}

/* Inserts the row of a used token with a random key, in place of the account that is not made. So
 * both cases write equally often: a commit takes milliseconds, which a client could measure. The
 * purge removes the row. */
static authp_err_t write_instead(const authp_realm_t *realm, apr_pool_t *pool)
{
    const authp_id_t key = authp_id_new(realm->clock, realm->random);
    authp_err_t err =
        authp_store_used_token_add(realm->store, key.hex, authp_realm_now(realm) + 1000, pool);
    return err == AUTHP_E_CONFLICT ? AUTHP_OK : err;
}

/* Mails the owner of the address. `holder` is NULL if a parallel request has just made the account,
 * which is then read. */
static authp_err_t tell_holder(const authp_realm_t *realm, const char *email, authp_user_t *holder,
                               const authp_client_t *client, apr_pool_t *pool)
{
    authp_err_t err = holder == NULL
                          ? authp_find_if_any(realm, AUTHP_LOGIN_EMAIL, email, &holder, pool)
                          : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = write_instead(realm, pool);
    }
    return err == AUTHP_OK && holder != NULL
               ? authp_account_mail_taken(realm, holder, NULL, client, pool)
               : err;
}

authp_err_t authp_quiet_sign_up(const authp_realm_t *realm, const authp_quiet_sign_up_t *in,
                                const authp_client_t *client, authp_id_t *known, apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    const char *email = in->account->email;
    authp_user_t *holder = NULL;
    authp_user_t *user = NULL;
    /* The account is looked for in both cases, so that both take the same work. */
    authp_err_t err = authp_find_if_any(realm, AUTHP_LOGIN_EMAIL, email, &holder, pool);
    if (err == AUTHP_OK) {
        err = make(realm, in, client, &user, pool);
    }
    if (err == AUTHP_E_EMAIL_TAKEN) {
        err = tell_holder(realm, email, holder, client, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    *known = user != NULL ? user->id : authp_id_new(realm->clock, realm->random);
    authp_login_wait_for_step(began);
    return AUTHP_OK;
}

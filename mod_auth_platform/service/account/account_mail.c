/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/account_mail.h"

#include "base/log.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"

static const char *language_of(const authp_client_t *client)
{
    return client != NULL ? client->language : NULL;
}

static void log_failure(const authp_user_t *user, authp_mail_kind_t kind, authp_err_t err)
{
    authp_log(AUTHP_LOG_WARNING, "AUTHP0390", "user %s: no mail %s was written: %s", user->id.hex,
              authp_mail_kind_name(kind), authp_err_name(err));
}

static authp_mail_post_t notice_of(authp_mail_kind_t kind, const authp_user_t *user,
                                   const authp_client_t *client)
{
    return (authp_mail_post_t){.kind = kind,
                               .to = user->email,
                               .name = user->email_verified ? user->name : NULL,
                               .language = language_of(client)};
}

void authp_account_mail_notice(const authp_realm_t *realm, authp_mail_kind_t kind,
                               const authp_user_t *user, const authp_client_t *client,
                               apr_pool_t *pool)
{
    if (!authp_mail_available(realm) || user->email == NULL || !user->email_verified) {
        return;
    }
    const authp_mail_post_t post = notice_of(kind, user, client);
    authp_err_t err = authp_mail_notice(realm, &post, user->id.hex, pool);
    if (err != AUTHP_OK) {
        log_failure(user, kind, err);
    }
}

authp_err_t authp_account_mail_taken(const authp_realm_t *realm, const authp_user_t *holder,
                                     const authp_user_t *asker, const authp_client_t *client,
                                     apr_pool_t *pool)
{
    authp_mail_post_t post = notice_of(AUTHP_MAIL_ADDRESS_TAKEN, holder, client);
    if (asker != NULL) {
        post.asker = asker->email != NULL ? asker->email : asker->id.hex;
    }
    return authp_mail_notice(realm, &post, holder->id.hex, pool);
}

authp_err_t authp_account_mail_proof(const authp_realm_t *realm, const authp_user_t *user,
                                     const authp_client_t *client, apr_pool_t *pool)
{
    const authp_link_new_t link = {.kind = AUTHP_MAIL_VERIFY_EMAIL,
                                   .user = user,
                                   .to = user->email,
                                   .old = user->email,
                                   .language = language_of(client)};
    if (!authp_mail_available(realm) || user->email == NULL || user->email_verified) {
        return AUTHP_OK;
    }
    return authp_link_send(realm, &link, pool);
}

authp_err_t authp_account_mail_welcome(const authp_realm_t *realm, const authp_user_t *user,
                                       const authp_client_t *client, apr_pool_t *pool)
{
    authp_err_t err = authp_account_mail_proof(realm, user, client, pool);
    if (err == AUTHP_OK) {
        return AUTHP_OK;
    }
    log_failure(user, AUTHP_MAIL_VERIFY_EMAIL, err);
    if (!realm->settings->email_verification_required) {
        return AUTHP_OK;
    }
    authp_err_t undone = authp_store_user_discard(realm->store, user, pool);
    if (undone != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0391",
                  "user %s: the account stays, although its address cannot be proven yet: %s",
                  user->id.hex, authp_err_name(undone));
    }
    return err;
}

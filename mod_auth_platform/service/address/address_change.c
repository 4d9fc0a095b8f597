/* SPDX-License-Identifier: Apache-2.0 */
#include "service/address/address_change.h"

#include "service/account/account_mail.h"
#include "service/account/find.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"
#include "service/sign_in/login.h"

#include <string.h>

static void audit_refused(const authp_realm_t *realm, const authp_self_t *self, authp_err_t err,
                          apr_pool_t *pool)
{
    const authp_event_t event = {.event = "email_change",
                                 .outcome = "denied",
                                 .reason = authp_err_name(err),
                                 .actor_id = self->user->id.hex,
                                 .subject_id = self->user->id.hex,
                                 .session_id = self->session->id.hex};
    authp_audit_write(realm, &event, self->client, pool);
}

/* Mails the link. If the address is that of the account and is proven, a decoy is written. */
static authp_err_t send_link(const authp_realm_t *realm, const authp_self_t *self,
                             const char *email, apr_pool_t *pool)
{
    const authp_user_t *user = self->user;
    bool same = user->email != NULL && strcmp(user->email, email) == 0;
    const authp_link_new_t link = {.kind = AUTHP_MAIL_VERIFY_EMAIL,
                                   .user = same && user->email_verified ? NULL : user,
                                   .to = email,
                                   .old = user->email,
                                   .language = self->client->language,
                                   .count_own = true};
    return authp_link_send(realm, &link, pool);
}

authp_err_t authp_address_change_ask(const authp_realm_t *realm, const authp_self_t *self,
                                     const char *email, const char *password, apr_pool_t *pool)
{
    if (!authp_mail_available(realm)) {
        return AUTHP_E_MAIL_UNAVAILABLE;
    }
    authp_err_t err = authp_own_prove_now(realm, self, password, pool);
    if (err == AUTHP_E_WRONG_PASSWORD) {
        audit_refused(realm, self, err, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    apr_time_t began = apr_time_now();
    authp_user_t *holder = NULL;
    const char *wanted = authp_find_normal(realm, AUTHP_LOGIN_EMAIL, email, pool);
    err = authp_find_if_any(realm, AUTHP_LOGIN_EMAIL, wanted, &holder, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    bool taken = holder != NULL && strcmp(holder->id.hex, self->user->id.hex) != 0;
    err = taken ? authp_account_mail_taken(realm, holder, self->user, self->client, pool)
                : send_link(realm, self, wanted, pool);
    authp_login_wait_for_step(began);
    return err;
}

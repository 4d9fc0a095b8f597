/* SPDX-License-Identifier: Apache-2.0 */
#include "service/address/made_account.h"

#include "base/log.h"
#include "service/account/account.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"

static void audit(const authp_realm_t *realm, const authp_actor_t *actor, const authp_user_t *user,
                  authp_err_t err, apr_pool_t *pool)
{
    const authp_event_t event = {.event = "user_create",
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? NULL : authp_err_name(err),
                                 .actor_id = actor->id,
                                 .subject_id = user != NULL ? user->id.hex : NULL};
    authp_audit_write(realm, &event, actor->client, pool);
}

static authp_err_t send_link(const authp_realm_t *realm, const authp_actor_t *actor,
                             const authp_user_t *user, apr_pool_t *pool)
{
    const authp_link_new_t link = {.kind = AUTHP_MAIL_SET_PASSWORD,
                                   .user = user,
                                   .to = user->email,
                                   .language =
                                       actor->client != NULL ? actor->client->language : NULL};
    authp_err_t err = authp_link_send(realm, &link, pool);
    authp_err_t undone =
        err != AUTHP_OK ? authp_store_user_discard(realm->store, user, pool) : AUTHP_OK;
    if (undone != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0396",
                  "user %s: the account stays, although its owner got no mail: %s", user->id.hex,
                  authp_err_name(undone));
    }
    return err;
}

authp_err_t authp_made_account_make(const authp_realm_t *realm, const authp_actor_t *actor,
                                    const authp_made_account_t *in, authp_user_t **out,
                                    apr_pool_t *pool)
{
    if (in->send && !authp_mail_available(realm)) {
        return AUTHP_E_MAIL_UNAVAILABLE;
    }
    authp_user_t *user = NULL;
    const authp_new_account_t account = {
        .email = in->email,
        .name = in->name,
        .role = in->roles == NULL ? authp_account_default_role(realm) : NULL,
        .roles = in->roles,
        .verified = true};
    authp_err_t err = authp_account_insert(realm, &account, AUTHP_HASH_KNOWN, &user, pool);
    if (err == AUTHP_OK && in->send) {
        err = send_link(realm, actor, user, pool);
    }
    if (err == AUTHP_OK || err == AUTHP_E_EMAIL_TAKEN) {
        audit(realm, actor, err == AUTHP_OK ? user : NULL, err, pool);
    }
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err;
}

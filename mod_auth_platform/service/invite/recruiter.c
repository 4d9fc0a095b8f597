/* SPDX-License-Identifier: Apache-2.0 */
#include "service/invite/recruiter.h"

#include "service/invite/invite.h"

static void audit(const authp_realm_t *realm, authp_err_t err, const authp_user_t *user,
                  const authp_client_t *client, apr_pool_t *pool)
{
    authp_event_t event = {.event = "register", .outcome = "ok"};
    if (err == AUTHP_OK) {
        event.actor_id = user->id.hex;
        event.subject_id = user->id.hex;
    } else {
        event.outcome = "denied";
        event.reason = authp_err_name(err);
    }
    authp_audit_write(realm, &event, client, pool);
}

authp_err_t authp_recruiter_register(const authp_realm_t *realm, const authp_new_account_t *in,
                                     const char *code, const authp_client_t *client,
                                     authp_user_t **user, apr_pool_t *pool)
{
    authp_recruiter_registration_t way = realm->settings->recruiter_registration;
    if (code != NULL) {
        return authp_invite_enrol(realm, in, code, client, user, pool);
    }
    if (way == AUTHP_RECRUITERS_BY_INVITE) {
        return AUTHP_E_INVITE_REQUIRED;
    }
    authp_new_account_t own = *in;
    own.role = "recruiter";
    own.verified = way == AUTHP_RECRUITERS_OPEN;
    own.email_verified = false;
    authp_err_t err = authp_account_insert(realm, &own, AUTHP_HASH_STRANGER, user, pool);
    if (err == AUTHP_OK || err == AUTHP_E_EMAIL_TAKEN) {
        audit(realm, err, *user, client, pool);
    }
    return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/invite/recruiter.h"

#include "service/invite/invite.h"

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
    return authp_account_sign_up(realm, &own, client, user, pool);
}

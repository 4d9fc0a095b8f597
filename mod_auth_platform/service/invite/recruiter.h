/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INVITE_RECRUITER_H
#define AUTHP_SERVICE_INVITE_RECRUITER_H

#include "service/account/account.h"

/* Makes the account of somebody who registers as a recruiter, without a session. With `code` the
 * invite decides, whatever RECRUITER_REGISTRATION is (authp_invite_enrol()). Without one
 * RECRUITER_REGISTRATION decides. *user is a recruiter. If it is not verified, it cannot sign in
 * (authp_login_check_door()), and the caller must not start a session. in->role, in->verified and
 * in->email_verified do not count.
 * AUTHP_E_INVITE_REQUIRED, AUTHP_E_INVITE_INVALID, AUTHP_E_EMAIL_TAKEN. */
AUTHP_CHECKED authp_err_t authp_recruiter_register(const authp_realm_t *realm,
                                                   const authp_new_account_t *in, const char *code,
                                                   const authp_client_t *client,
                                                   authp_user_t **user, apr_pool_t *pool);

#endif

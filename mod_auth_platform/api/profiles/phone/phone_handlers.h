/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PHONE_PHONE_HANDLERS_H
#define AUTHP_API_PROFILES_PHONE_PHONE_HANDLERS_H

#include "api/core/call.h"

/* h_phone_codes.c: what sends a code */
authp_err_t authp_h_phone_codes_send(authp_call_t *call);
authp_err_t authp_h_phone_codes_forgot(authp_call_t *call);
authp_err_t authp_h_phone_codes_users(authp_call_t *call);

/* h_phone_accounts.c: people and their sessions */
authp_err_t authp_h_phone_accounts_register(authp_call_t *call);
authp_err_t authp_h_phone_accounts_login(authp_call_t *call);
authp_err_t authp_h_phone_accounts_login_otp(authp_call_t *call);
authp_err_t authp_h_phone_accounts_users_auth(authp_call_t *call);
authp_err_t authp_h_phone_accounts_reset(authp_call_t *call);
authp_err_t authp_h_phone_accounts_logout(authp_call_t *call);
authp_err_t authp_h_phone_accounts_me(authp_call_t *call);

/* h_phone_admins.c: administrators in two steps */
authp_err_t authp_h_phone_admins_register(authp_call_t *call);
authp_err_t authp_h_phone_admins_verify(authp_call_t *call);
authp_err_t authp_h_phone_admins_login(authp_call_t *call);
authp_err_t authp_h_phone_admins_verify_login(authp_call_t *call);

/* h_phone_profiles.c: what an account is in a role */
authp_err_t authp_h_phone_profiles_own(authp_call_t *call);
authp_err_t authp_h_phone_profiles_patch(authp_call_t *call);
authp_err_t authp_h_phone_profiles_put(authp_call_t *call);
authp_err_t authp_h_phone_profiles_delete_provider(authp_call_t *call);
authp_err_t authp_h_phone_profiles_delete_seeker(authp_call_t *call);

#endif

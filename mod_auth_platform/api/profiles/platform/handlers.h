/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PLATFORM_HANDLERS_H
#define AUTHP_API_PROFILES_PLATFORM_HANDLERS_H

#include "api/core/call.h"

/* h_account.c */
authp_err_t authp_h_account_register(authp_call_t *call);
authp_err_t authp_h_account_login(authp_call_t *call);
authp_err_t authp_h_account_login_candidate(authp_call_t *call);
authp_err_t authp_h_account_login_recruiter(authp_call_t *call);
authp_err_t authp_h_account_me(authp_call_t *call);

/* h_session.c */
authp_err_t authp_h_session_refresh(authp_call_t *call);
authp_err_t authp_h_session_logout(authp_call_t *call);
authp_err_t authp_h_session_renew(authp_call_t *call);

/* h_provider.c */
authp_err_t authp_h_provider_list(authp_call_t *call);
authp_err_t authp_h_provider_login(authp_call_t *call);
authp_err_t authp_h_provider_callback(authp_call_t *call);
authp_err_t authp_h_provider_token(authp_call_t *call);
authp_err_t authp_h_provider_code(authp_call_t *call);

/* h_identity.c */
authp_err_t authp_h_identity_list(authp_call_t *call);
authp_err_t authp_h_identity_begin(authp_call_t *call);
authp_err_t authp_h_identity_link(authp_call_t *call);
authp_err_t authp_h_identity_remove(authp_call_t *call);
authp_err_t authp_h_identity_remove_of(authp_call_t *call);

/* h_recruiter.c */
authp_err_t authp_h_recruiter_register(authp_call_t *call);
authp_err_t authp_h_recruiter_invite(authp_call_t *call);
authp_err_t authp_h_recruiter_invites(authp_call_t *call);
authp_err_t authp_h_recruiter_revoke(authp_call_t *call);

/* h_own.c */
authp_err_t authp_h_own_patch(authp_call_t *call);
authp_err_t authp_h_own_password(authp_call_t *call);
authp_err_t authp_h_own_delete(authp_call_t *call);
authp_err_t authp_h_own_sessions(authp_call_t *call);
authp_err_t authp_h_own_end_session(authp_call_t *call);
authp_err_t authp_h_own_end_others(authp_call_t *call);

/* h_address.c */
authp_err_t authp_h_address_send(authp_call_t *call);
authp_err_t authp_h_address_verify(authp_call_t *call);
authp_err_t authp_h_address_forgot(authp_call_t *call);
authp_err_t authp_h_address_reset(authp_call_t *call);
authp_err_t authp_h_address_change(authp_call_t *call);

/* h_users.c */
authp_err_t authp_h_users_list(authp_call_t *call);
authp_err_t authp_h_users_make(authp_call_t *call);
authp_err_t authp_h_users_get(authp_call_t *call);
authp_err_t authp_h_users_patch(authp_call_t *call);
authp_err_t authp_h_users_delete(authp_call_t *call);
authp_err_t authp_h_users_sessions(authp_call_t *call);
authp_err_t authp_h_users_end_sessions(authp_call_t *call);
authp_err_t authp_h_users_verify_recruiter(authp_call_t *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_HANDLERS_H
#define AUTHP_API_HANDLERS_H

#include "api/route.h"

/* h_account.c */
/* Answers with the tokens of a new session. The session whose cookies came with the request ends.
 */
AUTHP_CHECKED authp_err_t authp_answer_signed_in(authp_call_t *call, int status,
                                                 const authp_grant_t *grant);
authp_err_t h_register(authp_call_t *call);
authp_err_t h_login(authp_call_t *call);
authp_err_t h_login_candidate(authp_call_t *call);
authp_err_t h_login_recruiter(authp_call_t *call);
authp_err_t h_me(authp_call_t *call);
authp_err_t h_protected_me(authp_call_t *call);

/* h_session.c */
authp_err_t h_refresh(authp_call_t *call);
authp_err_t h_logout(authp_call_t *call);
authp_err_t h_session_renew(authp_call_t *call);

/* h_recruiter.c */
authp_err_t h_register_recruiter(authp_call_t *call);
authp_err_t h_invite_make(authp_call_t *call);
authp_err_t h_invites(authp_call_t *call);
authp_err_t h_invite_revoke(authp_call_t *call);

/* h_own.c */
authp_err_t h_me_patch(authp_call_t *call);
authp_err_t h_me_password(authp_call_t *call);
authp_err_t h_me_delete(authp_call_t *call);
authp_err_t h_sessions(authp_call_t *call);
authp_err_t h_session_end(authp_call_t *call);
authp_err_t h_sessions_end(authp_call_t *call);

/* h_users.c */
authp_err_t h_users(authp_call_t *call);
authp_err_t h_user_get(authp_call_t *call);
authp_err_t h_user_patch(authp_call_t *call);
authp_err_t h_user_delete(authp_call_t *call);
authp_err_t h_user_sessions(authp_call_t *call);
authp_err_t h_user_sessions_end(authp_call_t *call);
authp_err_t h_recruiter_verify(authp_call_t *call);

/* h_meta.c */
authp_err_t h_healthz(authp_call_t *call);
authp_err_t h_readyz(authp_call_t *call);
authp_err_t h_openapi(authp_call_t *call);
authp_err_t h_docs(authp_call_t *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_ANSWER_H
#define AUTHP_API_ANSWER_H

#include "api/route.h"

/* The shapes that answers share. */
void authp_answer_json(authp_call_t *call, int status, json_t *body);
/* A user as the contract shows one: never a hash or a secret. */
json_t *authp_answer_user(const authp_user_t *user, apr_pool_t *pool);
/* Tokens and user; with `cookies` the refresh token goes into its cookie instead. */
AUTHP_CHECKED authp_err_t authp_answer_tokens(authp_call_t *call, int status,
                                              const authp_grant_t *grant, bool cookies);
/* A device: where and since when somebody is signed in. */
json_t *authp_answer_session(const authp_call_t *call, const authp_session_t *session);
void authp_answer_redirect(authp_call_t *call, const char *location);
void authp_answer_roles(json_t *object, const apr_array_header_t *names);

#endif

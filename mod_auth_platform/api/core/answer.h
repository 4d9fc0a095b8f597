/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_ANSWER_H
#define AUTHP_API_CORE_ANSWER_H

#include "api/core/call.h"

/* Functions that write a handler's answer into call->out, and the JSON parts that several answers
 * have. */
void authp_answer_json(authp_call_t *call, int status, json_t *body);
/* Answers 200 with {message}. */
void authp_answer_message(authp_call_t *call, const char *message);
/* A user as JSON for clients. It never contains a password hash or a secret. */
json_t *authp_answer_user(const authp_user_t *user, apr_pool_t *pool);
/* Answers with the tokens and the user of `grant`. With `cookies` the refresh token is set as a
 * cookie, and the JSON body does not contain it. */
AUTHP_CHECKED authp_err_t authp_answer_tokens(authp_call_t *call, int status,
                                              const authp_grant_t *grant, bool cookies);
/* A session as JSON: the device, its address, and the times of sign-in and last use. */
json_t *authp_answer_session(const authp_call_t *call, const authp_session_t *session);
void authp_answer_redirect(authp_call_t *call, const char *location);
void authp_answer_roles(json_t *object, const apr_array_header_t *names);

#endif

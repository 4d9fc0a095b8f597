/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_SIGN_IN_H
#define AUTHP_API_CORE_SIGN_IN_H

#include "api/core/call.h"
#include "service/sign_in/login.h"

/* Answers a sign-in with the tokens of its new session. The session whose cookies came with the
 * request ends. */
AUTHP_CHECKED authp_err_t authp_sign_in_answer(authp_call_t *call, int status,
                                               const authp_grant_t *grant);

/* Answers a sign-in with cookies, whatever the client asks for, and a redirect to `location`. */
AUTHP_CHECKED authp_err_t authp_sign_in_redirect(authp_call_t *call, const authp_grant_t *grant,
                                                 const char *location);

/* Signs in at `door` with the fields email or username, password and, if the route has it,
 * invite_code of the body. */
AUTHP_CHECKED authp_err_t authp_sign_in_by_password(authp_call_t *call, authp_door_t door,
                                                    authp_grant_t *out);

/* Ends the session that the request's csrf_token names, if it is of the kind that names one
 * (service/session/csrf.h). Sign-ins call it, because the new session replaces that one. A failure
 * is ignored: the only effect is one more session in the list. */
void authp_sign_in_end_named(const authp_call_t *call);

/* Ends the session of the access token with which the call was made. */
AUTHP_CHECKED authp_err_t authp_sign_in_end(const authp_call_t *call);

/* Begins the answer of a sign-in that hands out an access token alone: {access_token, token_type}.
 * The browser's other sessions go on. The device cookie is set, unless the body was a form. */
AUTHP_CHECKED authp_err_t authp_sign_in_bearer(authp_call_t *call, const authp_grant_t *grant,
                                               json_t **out);

/* Signs in by the password of the body, and answers as authp_sign_in_bearer() says. */
AUTHP_CHECKED authp_err_t authp_sign_in_bearer_by_password(authp_call_t *call, authp_door_t door);

#endif

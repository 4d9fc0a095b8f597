/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_SIGN_IN_H
#define AUTHP_API_CORE_SIGN_IN_H

#include "api/core/call.h"

/* Answers a sign-in with the tokens of its new session. The session whose cookies came with the
 * request ends. */
AUTHP_CHECKED authp_err_t authp_sign_in_answer(authp_call_t *call, int status,
                                               const authp_grant_t *grant);

/* Answers a sign-in with cookies, whatever the client asks for, and a redirect to `location`. */
AUTHP_CHECKED authp_err_t authp_sign_in_redirect(authp_call_t *call, const authp_grant_t *grant,
                                                 const char *location);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_AI_AI_H
#define AUTHP_API_PROFILES_AI_AI_H

#include "api/core/call.h"

/* The handlers. Those of refresh and logout find their credential themselves: the token in the
 * body, else the cookie, which needs its CSRF token. */
authp_err_t authp_ai_register(authp_call_t *call);
authp_err_t authp_ai_login(authp_call_t *call);
authp_err_t authp_ai_refresh(authp_call_t *call);
authp_err_t authp_ai_logout(authp_call_t *call);
authp_err_t authp_ai_me(authp_call_t *call);

#endif

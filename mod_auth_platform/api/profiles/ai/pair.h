/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_AI_PAIR_H
#define AUTHP_API_PROFILES_AI_PAIR_H

#include "api/core/call.h"

/* The pair of cookies of this profile: `refresh_token` with the path of the mount, and
 * `csrf_token`, which scripts read and send as X-CSRF-Token, and which names the session
 * (service/session/csrf.h). */
#define AUTHP_AI_REFRESH_COOKIE "refresh_token"
AUTHP_CHECKED authp_err_t authp_pair_set(authp_call_t *call, const authp_grant_t *grant);
/* Clears the pair. A csrf_token that names no session stays: it belongs to the platform's session
 * in this browser, which could be neither renewed nor ended without it. */
void authp_pair_clear(authp_call_t *call);

/* The value of `refresh_token`, NULL if it is absent. */
const char *authp_pair_token(const authp_call_t *call);

/* Checks that our own front end sent the request. AUTHP_E_ORIGIN_DENIED: another origin did; a
 * request without an Origin passes. AUTHP_E_CSRF_FAILED: X-CSRF-Token is not the csrf_token. */
AUTHP_CHECKED authp_err_t authp_pair_check(const authp_call_t *call);
/* AUTHP_E_CSRF_FAILED: the csrf_token is not that of session `sid`. */
AUTHP_CHECKED authp_err_t authp_pair_check_session(const authp_call_t *call, const char *sid);

/* For a sign-in that sets the pair. Ends the sessions that the browser had before: the one of its
 * old pair, and the one that its access cookie of the platform names. Clears that cookie. Failures
 * are ignored: their only effect is one more session in the list. */
void authp_pair_replace(authp_call_t *call);

#endif

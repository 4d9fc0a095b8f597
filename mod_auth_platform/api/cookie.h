/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_COOKIE_H
#define AUTHP_API_COOKIE_H

#include "api/route.h"

/* The three cookies of the cookie way (contract 4), set from a grant or cleared. */
AUTHP_CHECKED authp_err_t authp_cookie_set(authp_call_t *call, const authp_grant_t *grant);
void authp_cookie_clear(authp_call_t *call);

/* The refresh or access cookie's value, NULL if absent or empty. */
const char *authp_cookie_refresh(const authp_call_t *call);
const char *authp_cookie_access(const authp_call_t *call);

/* Who may make a browser send our cookies: an allowed Origin, and X-CSRF-Token equal to the
 * csrf_token cookie. Needs no session; authp_cookie_check_session() then ties the token to one. */
AUTHP_CHECKED authp_err_t authp_cookie_check(const authp_call_t *call);
AUTHP_CHECKED authp_err_t authp_cookie_check_session(const authp_call_t *call, const char *sid);

/* The device that the request's cookie says it comes from; NULL if there is none, or not of ours.
 * Set at each sign-in, however tokens are handed out: it is no credential. */
const struct authp_device_t *authp_cookie_device(const authp_call_t *call);
AUTHP_CHECKED authp_err_t authp_cookie_set_device(authp_call_t *call, const authp_grant_t *grant);

/* Are this request's cookies those of session `sid`? Told by csrf_token, without a store; false for
 * NULL. */
bool authp_cookie_is_of(const authp_call_t *call, const char *sid);

/* Does this request want its tokens as cookies? */
bool authp_cookie_wanted(const authp_call_t *call);

#endif

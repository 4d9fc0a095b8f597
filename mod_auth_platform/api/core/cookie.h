/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_COOKIE_H
#define AUTHP_API_CORE_COOKIE_H

#include "api/core/call.h"

typedef struct authp_cookie_t {
    const char *name;
    const char *value;
    const char *path;
    int max_age;   /* seconds; 0 removes it */
    bool readable; /* scripts may read it: no HttpOnly */
} authp_cookie_t;

/* Adds a cookie to the answer: SameSite=Lax, and Secure as SECURE_COOKIES says. Nothing is escaped:
 * values are base64url or JWT text, names and paths constants or settings of this server. */
void authp_cookie_add(authp_call_t *call, const authp_cookie_t *cookie);
/* The value of a cookie of the request. NULL if it is absent or empty. */
const char *authp_cookie_value(const authp_call_t *call, const char *name);

/* Sets, from a grant, or clears the three cookies of cookie delivery: access token, refresh token
 * and csrf_token. A csrf_token that names its session (csrf.h) belongs to another profile: it is
 * not cleared, and the checks below treat it as absent. */
AUTHP_CHECKED authp_err_t authp_cookie_set(authp_call_t *call, const authp_grant_t *grant);
void authp_cookie_clear(authp_call_t *call);
/* Clears the access cookie alone. */
void authp_cookie_clear_access(authp_call_t *call);

/* The value of the refresh or access cookie. NULL if it is absent or empty. */
const char *authp_cookie_refresh(const authp_call_t *call);
const char *authp_cookie_access(const authp_call_t *call);

/* Checks that our own front end sent a request with cookies: its Origin must be allowed
 * (AUTHP_E_ORIGIN_DENIED), and X-CSRF-Token must equal the csrf_token cookie (AUTHP_E_CSRF_FAILED).
 * This needs no session. authp_cookie_check_session() then checks that the token belongs to session
 * `sid`. */
AUTHP_CHECKED authp_err_t authp_cookie_check(const authp_call_t *call);
AUTHP_CHECKED authp_err_t authp_cookie_check_session(const authp_call_t *call, const char *sid);

/* The device that the request's device cookie names. NULL if the cookie is absent or was not signed
 * by this server. The cookie is set at each sign-in, with JSON delivery too. It is no credential.
 */
const struct authp_device_t *authp_cookie_device(const authp_call_t *call);
AUTHP_CHECKED authp_err_t authp_cookie_set_device(authp_call_t *call, const authp_grant_t *grant);

/* The sign-ins at providers that this browser has begun (service/provider/pending.h). An empty
 * value removes the cookie. */
const char *authp_cookie_pending(const authp_call_t *call);
void authp_cookie_set_pending(authp_call_t *call, const char *value);

/* True if the csrf_token cookie of this request belongs to session `sid`. Needs no store. False if
 * `sid` is NULL. */
bool authp_cookie_is_of(const authp_call_t *call, const char *sid);

/* True if the client gets its tokens as cookies: by the mount's setting, or by X-Token-Delivery.
 * Never at a profile that takes bearer tokens only. */
bool authp_cookie_wanted(const authp_call_t *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CREDENTIAL_H
#define AUTHP_API_CREDENTIAL_H

#include "api/api.h"

/* Where a request carries its access token, and the cookies of the cookie way. Shared by the API
 * routes and the guard. */
typedef enum authp_via_t { AUTHP_VIA_NONE, AUTHP_VIA_BEARER, AUTHP_VIA_COOKIE } authp_via_t;

typedef struct authp_credential_t {
    authp_via_t via;
    const char *token; /* not NUL-terminated */
    size_t len;
} authp_credential_t;

/* A Bearer header wins, be it good or bad (a bad one never falls back to cookies); "Bearer" with
 * no, several or joined tokens is a credential of length 0, which verifies as invalid. Another
 * scheme is nobody's. Allocates nothing. */
void authp_credential_find(const authp_headers_t *headers, bool secure_cookies,
                           authp_credential_t *out);

/* Names as they are with or without SECURE_COOKIES. */
const char *authp_credential_access_cookie(bool secure_cookies);
const char *authp_credential_refresh_cookie(bool secure_cookies);
const char *authp_credential_device_cookie(bool secure_cookies);
#define AUTHP_CSRF_COOKIE "csrf_token"

/* Value of the cookie `name` in a Cookie header, within the header's own text; false if absent. The
 * first of equal names counts. Only ';' separates cookies here: browsers do not let a sibling host
 * set `__Host-` names, but let it set a value that contains ",__Host-authp_at=". The value ends at
 * a comma. */
bool authp_credential_cookie(const char *header, const char *name, const char **value, size_t *len);

/* Returns the Cookie header without the cookies of contract section 10. They are removed in every
 * spelling that a lenient parser may accept, also after a comma. Returns NULL if no other cookie is
 * left, and the same pointer if the header had none of ours. */
const char *authp_credential_strip(const char *header, apr_pool_t *pool);

#endif

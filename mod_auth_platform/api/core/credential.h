/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_CREDENTIAL_H
#define AUTHP_API_CORE_CREDENTIAL_H

#include "api/core/http.h"

/* Finds the access token of a request, and our cookies. The API routes and the guard use these
 * functions. */
typedef enum authp_via_t { AUTHP_VIA_NONE, AUTHP_VIA_BEARER, AUTHP_VIA_COOKIE } authp_via_t;

typedef struct authp_credential_t {
    authp_via_t via;
    const char *token; /* not NUL-terminated */
    size_t len;
} authp_credential_t;

/* Finds the access token. An Authorization header with the scheme Bearer comes first: even if its
 * token is bad, the cookies are not used. "Bearer" without a token, or with several, gives a token
 * of length 0, which fails verification. Other schemes are ignored. Allocates nothing. */
void authp_credential_find(const authp_headers_t *headers, bool secure_cookies,
                           authp_credential_t *out);

/* The names of the cookies, which depend on SECURE_COOKIES. */
const char *authp_credential_access_cookie(bool secure_cookies);
const char *authp_credential_refresh_cookie(bool secure_cookies);
const char *authp_credential_device_cookie(bool secure_cookies);
const char *authp_credential_pending_cookie(bool secure_cookies); /* pending sign-ins */
#define AUTHP_CSRF_COOKIE "csrf_token"

/* Finds the cookie `name` in a Cookie header. *value points into the header. Returns false if the
 * cookie is absent. If several have the name, the first counts. Only ';' separates cookies: if a
 * comma did too, a sibling host could pass a token in a cookie of its own, with a value such as
 * "x,__Host-authp_at=...", although browsers do not let it set `__Host-` names. The value of the
 * cookie that is found ends at a comma. */
bool authp_credential_cookie(const char *header, const char *name, const char **value, size_t *len);

/* Returns the Cookie header without our cookies (access, refresh, device, pending sign-ins and
 * csrf_token). They are removed in every spelling that a lenient parser may accept, also after a
 * comma. Returns NULL if no other cookie is left, and the same pointer if the header had none of
 * ours. The cookie `refresh_token` of the profile ai stays: other apps have cookies of that name.
 * Its path is the mount, and no app is below a mount, so no app gets it. */
const char *authp_credential_strip(const char *header, apr_pool_t *pool);

#endif

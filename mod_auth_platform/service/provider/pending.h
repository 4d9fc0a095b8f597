/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PENDING_H
#define AUTHP_SERVICE_PROVIDER_PENDING_H

#include "service/provider/person.h"
#include "service/realm/realm.h"

/* A sign-in between its start and the provider's answer. It is stored nowhere on the server: the
 * browser keeps it in a cookie, sealed (crypto/seal.h). The parameter `state`, which the
 * provider sends back, is the name of the entry in the cookie. So an answer counts only in the
 * browser in which the sign-in began. */
#define AUTHP_PENDING_SECONDS 600
#define AUTHP_PENDING_MOST 5           /* entries in a cookie; the oldest one goes */
#define AUTHP_PENDING_COOKIE_MOST 3800 /* bytes of the cookie's value */

typedef struct authp_pending_t {
    const char *state; /* random; made by authp_pending_begin(), as are nonce, verifier and at */
    const char *nonce;
    const char *verifier; /* of PKCE */
    authp_ms_t at;
    const char *provider;
    const char *issuer;
    const char *redirect_uri;
    authp_asked_t asked;
    const char *return_to; /* a path or a URL; NULL: the callback answers tokens itself */
    const char *challenge; /* of the front end, for its login_code; NULL if none */
    const char *device_id; /* NULL if none */
    const char *session;   /* linking: the session that began it. NULL: a sign-in */
} authp_pending_t;

/* Completes *pending and adds it to the entries of the cookie value `before` (NULL: no cookie).
 * *after is the new value. AUTHP_E_TOO_LARGE: the texts are too long for a cookie. */
AUTHP_CHECKED authp_err_t authp_pending_begin(const authp_realm_t *realm, authp_pending_t *pending,
                                              const char *before, const char **after,
                                              apr_pool_t *pool);

/* Takes the entry `state` out of the cookie value `before`. If the entry is there, *after is the
 * value without it ("" if it was the last one), also after an error; else *after is NULL.
 * AUTHP_E_OAUTH_STATE_INVALID: there is no such entry, it is not sealed by this server, or its time
 * is over. */
AUTHP_CHECKED authp_err_t authp_pending_take(const authp_realm_t *realm, const char *before,
                                             const char *state, authp_pending_t *out,
                                             const char **after, apr_pool_t *pool);

/* code_challenge of a verifier, by S256 (RFC 7636). */
AUTHP_CHECKED authp_err_t authp_pending_challenge(const char *verifier, const char **out,
                                                  apr_pool_t *pool);

#endif

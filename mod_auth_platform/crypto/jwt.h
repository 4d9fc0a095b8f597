/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_H
#define AUTHP_CRYPTO_JWT_H

#include "base/err.h"
#include "base/random.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

/* Access tokens (contract 4). libjwt builds every token; verification is our own strict code,
 * because libjwt 1.10 accepts any token for an empty key, never looks at exp, and takes malleable
 * base64. */
#define AUTHP_JWT_MAX_LEN 8192
#define AUTHP_JWT_MAX_ROLES 32
#define AUTHP_JWT_SKEW 30 /* seconds of leeway for iat and nbf, never for exp */

/* Strings live in the pool given to build/verify. Times are seconds. */
typedef struct authp_claims_t {
    const char *iss;
    const char *aud;
    const char *sub; /* user id */
    const char *sid; /* session id */
    const char *jti;
    const char *email; /* NULL for null */
    const char *name;  /* NULL for null */
    int64_t iat;
    int64_t nbf;
    int64_t exp;
    int64_t auth_time;
    int64_t ver;
    bool email_verified;
    int nroles;
    const char *roles[AUTHP_JWT_MAX_ROLES];
} authp_claims_t;

typedef struct authp_jwt_t
    authp_jwt_t; /* the keyring: present and previous key, issuer, audience */

/* `previous` may be NULL. Pre-fetches what verification needs; usable by many threads at once. Keys
 * under 32 bytes are refused (AUTHP_E_MALFORMED). */
AUTHP_CHECKED authp_err_t authp_jwt_make(const authp_secret_t *present,
                                         const authp_secret_t *previous, const char *issuer,
                                         const char *audience, authp_jwt_t **out, apr_pool_t *pool);

/* Signs with the present key; iss, aud and type=access are filled in from the keyring. */
AUTHP_CHECKED authp_err_t authp_jwt_build(const authp_jwt_t *jwt, const authp_claims_t *claims,
                                          const char **out, apr_pool_t *pool);

/* Everything contract 4 demands of an access token. AUTHP_E_TOKEN_EXPIRED only if all else holds,
 * else AUTHP_E_TOKEN_INVALID. `now` in seconds. On AUTHP_E_TOKEN_EXPIRED *out is set too: /logout
 * may end the session of an expired but correctly signed bearer. */
AUTHP_CHECKED authp_err_t authp_jwt_verify(const authp_jwt_t *jwt, const char *token, size_t len,
                                           int64_t now, authp_claims_t *out, apr_pool_t *pool);

/* From now on a token whose signature held once is not asked for it again; everything else about it
 * is. At most `bytes` of memory. To be called once, before other threads verify. */
AUTHP_CHECKED authp_err_t authp_jwt_remember(authp_jwt_t *jwt, size_t bytes,
                                             const authp_random_t *random, apr_pool_t *pool);

/* Start-up self-test: builds a token, verifies it, then demands that the forged set (alg none in
 * every spelling, empty signature, swapped bytes, same-length signature, other key, expired, wrong
 * iss/aud/type...) is refused by our own code, and that libjwt refuses what it is known to refuse.
 * AUTHP_E_INTERNAL, logged, if anything is not as it must be. */
AUTHP_CHECKED authp_err_t authp_jwt_selftest(const authp_jwt_t *jwt, apr_pool_t *pool);

#endif

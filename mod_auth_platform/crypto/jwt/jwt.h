/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_JWT_H
#define AUTHP_CRYPTO_JWT_JWT_H

#include "base/err.h"
#include "base/random.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

/* Access tokens. libjwt builds every token. Verification is strict code of our own, because libjwt
 * 1.10 accepts any token if the key is empty, never checks exp, and accepts several texts for one
 * base64 value. */
#define AUTHP_JWT_MAX_LEN 8192
#define AUTHP_JWT_MAX_ROLES 32
#define AUTHP_JWT_SKEW 30 /* seconds that iat and nbf may lie in the future; none for exp */

/* The claims of a token. Strings live in the pool given to build or verify. Times are in seconds.
 */
typedef struct authp_claims_t {
    const char *iss;
    const char *aud; /* NULL if absent: only a token with prf may lack it */
    const char *sub; /* user id */
    const char *sid; /* session id */
    const char *jti;
    const char *email;    /* NULL means null in JSON */
    const char *name;     /* NULL means null in JSON */
    const char *prf;      /* NULL if absent: a token of the platform itself */
    const char *role;     /* role or user_type; NULL if absent or null */
    const char *username; /* NULL if absent or null */
    const char *phone;    /* phone_number: E.164. NULL if absent */
    int64_t iat;
    int64_t nbf;
    int64_t exp;
    int64_t auth_time;
    int64_t ver;
    bool email_verified;
    /* For authp_jwt_build(): the claim is written, as null if it has no value. */
    bool with_role;
    bool with_username;
    bool with_user_id;    /* user_id, the same as sub */
    bool with_user_type;  /* user_type, the same as role would be */
    bool with_national;   /* phone and mobile */
    const char *national; /* the value of these two: digits of the number in its own country */
    const apr_array_header_t *permissions; /* const char *; NULL: the claim is absent */
    int nroles;
    const char *roles[AUTHP_JWT_MAX_ROLES];
} authp_claims_t;

typedef struct authp_jwt_t
    authp_jwt_t; /* the keyring: present and previous key, issuer, audience */

/* Makes the keyring. `previous` may be NULL. What verification needs is prepared here, and many
 * threads may use the result at the same time. AUTHP_E_MALFORMED: a key has less than 32 bytes. */
AUTHP_CHECKED authp_err_t authp_jwt_make(const authp_secret_t *present,
                                         const authp_secret_t *previous, const char *issuer,
                                         const char *audience, authp_jwt_t **out, apr_pool_t *pool);

/* Sets the claim aud of tokens with prf. A token with prf is then accepted only with this aud.
 * Without this call a token with prf has no aud, and is accepted only without one. Call it once,
 * before other threads verify tokens. */
void authp_jwt_make_audience(authp_jwt_t *jwt, const char *audience, apr_pool_t *pool);

/* Signs with the present key. iss, aud and type=access come from the keyring. */
AUTHP_CHECKED authp_err_t authp_jwt_build(const authp_jwt_t *jwt, const authp_claims_t *claims,
                                          const char **out, apr_pool_t *pool);

/* Verifies the signature and every claim of an access token. `now` is in seconds.
 * AUTHP_E_TOKEN_EXPIRED: only the time of expiry has passed. *out is set in that case too, because
 * /logout may end the session of an expired bearer token. AUTHP_E_TOKEN_INVALID: anything else is
 * wrong. */
AUTHP_CHECKED authp_err_t authp_jwt_verify(const authp_jwt_t *jwt, const char *token, size_t len,
                                           int64_t now, authp_claims_t *out, apr_pool_t *pool);

/* From now on the signature of a token is checked only the first time. All other checks are made
 * every time. Uses at most `bytes` of memory. Call it once, before other threads verify. */
AUTHP_CHECKED authp_err_t authp_jwt_verify_remember(authp_jwt_t *jwt, size_t bytes,
                                                    const authp_random_t *random, apr_pool_t *pool);

/* The self-test at start. It builds a token and verifies it. Then it checks that verification
 * refuses forged tokens (alg none in every spelling, empty signature, swapped bytes, signature of
 * the same length, other key, expired, wrong iss, aud or type), and that libjwt refuses wrong
 * signatures. AUTHP_E_INTERNAL, logged: a check failed. */
AUTHP_CHECKED authp_err_t authp_jwt_selftest(const authp_jwt_t *jwt, apr_pool_t *pool);

#endif

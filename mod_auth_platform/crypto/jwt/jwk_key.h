/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_JWK_KEY_H
#define AUTHP_CRYPTO_JWT_JWK_KEY_H

#include "crypto/digest.h"

#include <apr_pools.h>
#include <stdbool.h>

/* One public key with its one algorithm, ready for checking signatures. It does not change,
 * so many threads may use it at the same time. Callers of crypto/ use jws.h. */
typedef struct authp_jwk_key_t authp_jwk_key_t;

/* Each makes a key of the numbers of a JWK, big-endian, and checks it. NULL: the key is not valid
 * or not supported. The key is released with the pool. */

/* RS256. `n` is odd and has 2048 to 8192 bits. `e` is odd, not 1, and has at most 4 bytes. Whether
 * `n` is a product of two primes is not checked: for some numbers that takes many seconds. */
authp_jwk_key_t *authp_jwk_key_rsa(authp_bytes_t n, authp_bytes_t e, apr_pool_t *pool);
/* ES256. `x` and `y` have 32 bytes each and are a point of P-256. */
authp_jwk_key_t *authp_jwk_key_p256(authp_bytes_t x, authp_bytes_t y, apr_pool_t *pool);
/* EdDSA. `x` has 32 bytes. */
authp_jwk_key_t *authp_jwk_key_ed25519(authp_bytes_t x, apr_pool_t *pool);

/* "RS256", "ES256" or "EdDSA". */
const char *authp_jwk_key_alg(const authp_jwk_key_t *key);
/* True if `signature` is one of `data` in the form that JWS has: for ES256 the two numbers of 32
 * bytes each, not DER. */
bool authp_jwk_key_verifies(const authp_jwk_key_t *key, authp_bytes_t data,
                            authp_bytes_t signature);

#endif

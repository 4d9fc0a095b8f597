/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_JWK_H
#define AUTHP_CRYPTO_JWT_JWK_H

#include "base/err.h"
#include "crypto/jwt/jwk_key.h"

#include <apr_pools.h>
#include <stddef.h>

/* A set of public keys that others publish (RFC 7517), ready for checking signatures. It does not
 * change, so many threads may use it at the same time. */
typedef struct authp_jwk_set_t authp_jwk_set_t;

#define AUTHP_JWK_SET_MOST 262144 /* bytes of the text */
#define AUTHP_JWK_KEYS_MOST 100

/* Makes the set from the text of a JWK set. Usable keys are: RSA of 2048 to 8192 bits for RS256, EC
 * on P-256 for ES256, OKP Ed25519 for EdDSA. Any other key is left out. So is a key that is not
 * valid, that has its private part in the set, or whose `use`, `key_ops` or `alg` is not for
 * checking signatures with this algorithm. AUTHP_E_TOO_LARGE: more than AUTHP_JWK_SET_MOST bytes.
 * AUTHP_E_MALFORMED: no object with an array `keys`, more than AUTHP_JWK_KEYS_MOST keys, or two
 * usable keys with one kid. A set may have no usable key. */
AUTHP_CHECKED authp_err_t authp_jwk_parse(const char *text, size_t len, authp_jwk_set_t **out,
                                          apr_pool_t *pool);

/* The number of usable keys. */
int authp_jwk_count(const authp_jwk_set_t *set);
/* The usable key with this `kid`. NULL: there is none. */
const authp_jwk_key_t *authp_jwk_find(const authp_jwk_set_t *set, const char *kid);
/* The usable key of a set that has one. NULL: it has none, or several. */
const authp_jwk_key_t *authp_jwk_only(const authp_jwk_set_t *set);

#endif

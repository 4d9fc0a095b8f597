/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_JWS_H
#define AUTHP_CRYPTO_JWT_JWS_H

#include "base/err.h"
#include "crypto/jwt/jwk.h"

#include <apr_pools.h>
#include <jansson.h>
#include <stddef.h>

#define AUTHP_JWS_MOST 16384 /* bytes of a token */

/* Checks the signature of a token in compact form (RFC 7515) that somebody else has made, and sets
 * *payload to its payload, an object that the pool releases. Nothing else is checked: no time, no
 * issuer. The header's `alg` must be the algorithm of the key; a `typ` must be JWT. A token without
 * `kid` is accepted only if the set has exactly one key.
 * AUTHP_E_NOT_FOUND: the set has no key of this kid; a newer set may have it.
 * AUTHP_E_TOKEN_INVALID: all other refusals. After both *why is a constant word for the audit:
 * "form", "header", "alg", "crit", "typ", "kid", "signature" or "payload". */
AUTHP_CHECKED authp_err_t authp_jws_verify(const authp_jwk_set_t *keys, const char *token,
                                           size_t len, json_t **payload, const char **why,
                                           apr_pool_t *pool);

#endif

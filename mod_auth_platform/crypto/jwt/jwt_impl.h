/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_JWT_IMPL_H
#define AUTHP_CRYPTO_JWT_JWT_IMPL_H

#include "crypto/hmac.h"
#include "crypto/jwt/jwt.h"
#include "crypto/jwt/jwt_seen.h"

/* What the jwt*.c files share. Only these files, their tests and the fuzzer include it. */
#define AUTHP_JWT_JTI_MAX 128
#define AUTHP_JWT_ROLE_MAX 64
#define AUTHP_JWT_INT_MAX 9007199254740991 /* 2^53 - 1: every JSON reader represents it exactly */

typedef struct authp_jwt_key_t {
    const authp_secret_t *secret;
    const char *kid;
    const char *header; /* header segment with its dot, exactly as libjwt writes it */
    size_t header_len;
    authp_hmac_t *mac;
    authp_hmac_t *mac_header; /* the same state after hashing `header` */
} authp_jwt_key_t;

struct authp_jwt_t {
    const char *issuer;
    const char *audience;
    const char *prf_audience; /* of tokens with prf; NULL: they have no aud */
    int nkeys;
    authp_jwt_key_t keys[2]; /* the first one signs */
    authp_jwt_seen_t *seen;  /* NULL: every signature is checked */
};

/* jwt_build.c: the only file that uses libjwt */

/* Signs `payload`, the JSON text of an object. The header has alg, kid and typ. */
AUTHP_CHECKED authp_err_t authp_jwt_build_signed(const authp_jwt_key_t *key, const char *payload,
                                                 const char **out, apr_pool_t *pool);
/* True if libjwt accepts the token. For the self-test only: libjwt never verifies a client's token.
 */
bool authp_jwt_build_accepts(const authp_jwt_key_t *key, const char *token);

/* jwt_claims.c */

/* Reads exactly the text that libjwt writes for our payload: this order of claims, no white space,
 * no escapes. Returns false for any other text; authp_jwt_slow_parse() then reads it. `text` ends
 * with a NUL at text[len]. It is written to, so after false it must be decoded again. *out points
 * into it. */
bool authp_jwt_claims_scan(char *text, size_t len, authp_claims_t *out);
/* The claim aud that these claims must have; NULL: none. */
const char *authp_jwt_claims_audience(const authp_jwt_t *jwt, const authp_claims_t *claims);
/* True if every text that comes from a person or from the settings is clean. */
bool authp_jwt_claims_all_clean(const authp_claims_t *claims);
/* True for well-formed UTF-8 without control characters. */
bool authp_jwt_claims_clean(const char *text);
/* Checks the bounds of tokens, when they are written and when they are read: ids, lengths, ranges.
 */
bool authp_jwt_claims_sane(const authp_claims_t *claims);
/* AUTHP_E_TOKEN_EXPIRED only if no other check fails. */
AUTHP_CHECKED authp_err_t authp_jwt_claims_check(const authp_jwt_t *jwt,
                                                 const authp_claims_t *claims, int64_t now);

/* jwt_slow.c: reads any JSON with jansson, as strictly */

bool authp_jwt_slow_parse(const authp_jwt_t *jwt, const char *text, size_t len, authp_claims_t *out,
                          apr_pool_t *pool);
/* Returns the key that the header names. NULL if the header is not acceptable. `segment` is the
 * encoded header. */
const authp_jwt_key_t *authp_jwt_slow_header(const authp_jwt_t *jwt, const char *segment,
                                             size_t len, apr_pool_t *pool);

/* jwt_selftest.c */

/* Joins and signs any header and payload. The self-test, the tests and the fuzzer forge tokens with
 * it. */
AUTHP_CHECKED authp_err_t authp_jwt_selftest_forge(const authp_jwt_key_t *key, authp_bytes_t header,
                                                   authp_bytes_t payload, const char **out,
                                                   apr_pool_t *pool);

#endif

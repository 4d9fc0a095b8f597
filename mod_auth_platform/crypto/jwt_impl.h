/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_IMPL_H
#define AUTHP_CRYPTO_JWT_IMPL_H

#include "crypto/hmac.h"
#include "crypto/jwt.h"
#include "crypto/jwt_seen.h"

/* What the jwt*.c files share. Included by them, by their tests and by the fuzzer only. */
#define AUTHP_JWT_JTI_MAX 128
#define AUTHP_JWT_ROLE_MAX 64
#define AUTHP_JWT_INT_MAX 9007199254740991 /* 2^53 - 1: exact in every JSON reader */

typedef struct authp_jwt_key_t {
    const authp_secret_t *secret;
    const char *kid;
    const char *header; /* header segment and dot, byte for byte as libjwt writes them */
    size_t header_len;
    authp_hmac_t *mac;
    authp_hmac_t *mac_header; /* the same with `header` taken in */
} authp_jwt_key_t;

struct authp_jwt_t {
    const char *issuer;
    const char *audience;
    int nkeys;
    authp_jwt_key_t keys[2]; /* the first one signs */
    authp_jwt_seen_t *seen;  /* NULL: every signature is checked */
};

/* jwt_build.c: the one place that knows libjwt */

/* Signs `payload` (JSON of an object) with header alg, kid, typ. */
AUTHP_CHECKED authp_err_t authp_jwt_build_signed(const authp_jwt_key_t *key, const char *payload,
                                                 const char **out, apr_pool_t *pool);
/* Whether libjwt would take the token. For the self-test: it sees none of a client's tokens. */
bool authp_jwt_build_accepts(const authp_jwt_key_t *key, const char *token);

/* jwt_claims.c */

/* Reads exactly what libjwt writes for a payload of ours: this order, no white space, no escapes.
 * False for anything else, which is then for authp_jwt_slow_parse(). `text` ends with a NUL at
 * text[len], is written to (false: it is spoilt), and *out points into it. */
bool authp_jwt_claims_scan(char *text, size_t len, authp_claims_t *out);
/* Well-formed UTF-8 without control characters. */
bool authp_jwt_claims_clean(const char *text);
/* Bounds that hold for tokens written and read: ids, lengths, ranges. */
bool authp_jwt_claims_sane(const authp_claims_t *claims);
/* AUTHP_E_TOKEN_EXPIRED only if all else holds. */
AUTHP_CHECKED authp_err_t authp_jwt_claims_check(const authp_jwt_t *jwt,
                                                 const authp_claims_t *claims, int64_t now);

/* jwt_slow.c: any JSON, by jansson, and as strict */

bool authp_jwt_slow_parse(const authp_jwt_t *jwt, const char *text, size_t len, authp_claims_t *out,
                          apr_pool_t *pool);
/* The key that the header asks for, NULL if the header is not acceptable. `segment` is encoded. */
const authp_jwt_key_t *authp_jwt_slow_header(const authp_jwt_t *jwt, const char *segment,
                                             size_t len, apr_pool_t *pool);

/* jwt_selftest.c */

/* Joins and signs whatever it is given: how the self-test, the tests and the fuzzer forge tokens.
 */
AUTHP_CHECKED authp_err_t authp_jwt_selftest_forge(const authp_jwt_key_t *key, authp_bytes_t header,
                                                   authp_bytes_t payload, const char **out,
                                                   apr_pool_t *pool);

#endif

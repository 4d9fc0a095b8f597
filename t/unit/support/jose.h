/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_JOSE_H
#define AUTHP_TEST_JOSE_H

#include "crypto/jwt/jws.h"

#include <apr_pools.h>
#include <openssl/types.h>
#include <stddef.h>

/* Public keys as members of a JWK, and signatures by their private parts, which are published: RFC
 * 7515 appendices A.2 and A.3, RFC 8037 appendix A. Signatures are made here, not by the code under
 * test. */
#define JOSE_RSA_N                                                                                 \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define JOSE_EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define JOSE_EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define JOSE_ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

#define JOSE_RSA "\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\""
#define JOSE_EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" JOSE_EC_X "\",\"y\":\"" JOSE_EC_Y "\""
#define JOSE_ED "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" JOSE_ED_X "\""
/* Returns a set of the three keys, with the kids rsa, ec and ed. */
#define JOSE_SET                                                                                   \
    "{\"keys\":[{\"kid\":\"rsa\"," JOSE_RSA "},{\"kid\":\"ec\"," JOSE_EC                           \
    "},{\"kid\":\"ed\"," JOSE_ED "}]}"

typedef enum jose_kind_t { JOSE_KIND_RSA, JOSE_KIND_EC, JOSE_KIND_ED } jose_kind_t;

/* "RS256", "ES256", "EdDSA". */
const char *jose_alg(jose_kind_t kind);
/* Returns the private key. The pool releases it. */
EVP_PKEY *jose_key(jose_kind_t kind, apr_pool_t *pool);
/* Returns header and payload, which may be any texts, as the first two parts of a token. */
const char *jose_input(const char *header, const char *payload, apr_pool_t *pool);
/* Returns the signature of `input`: in the form of JWS, or with `der` as OpenSSL makes it. *len
 * gets its length. */
const unsigned char *jose_signature(jose_kind_t kind, const char *input, int der, size_t *len,
                                    apr_pool_t *pool);
/* Returns a token. `header` and `payload` are JSON texts. */
const char *jose_token(jose_kind_t kind, const char *header, const char *payload, apr_pool_t *pool);
/* Returns the text {"alg":ALG,"kid":KID}; `kid` may be NULL. */
const char *jose_header(const char *alg, const char *kid, apr_pool_t *pool);

authp_jwk_set_t *jose_set(const char *text, apr_pool_t *pool);
/* Calls authp_jws_verify() with a copy that ends with its block, so that ASan sees any read beyond
 * it. No error of OpenSSL may be left. */
authp_err_t jose_verify(const authp_jwk_set_t *set, const char *token, size_t len, json_t **payload,
                        const char **why, apr_pool_t *pool);
/* Check by assertions that a token is accepted, or refused. The first returns the payload. */
json_t *jose_taken(const authp_jwk_set_t *set, const char *token, apr_pool_t *pool);
void jose_refused(const authp_jwk_set_t *set, const char *token, authp_err_t expected,
                  const char *because, apr_pool_t *pool);

#endif

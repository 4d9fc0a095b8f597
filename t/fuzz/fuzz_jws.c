/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of other issuers. The first byte of the input chooses: after 'T' the rest is a token;
 * after 'H' it is a header and after 'P' a payload that is signed with a real key, so that the code
 * behind the check of the signature is reached. */
#include "base/b64url.h"
#include "crypto/jwt/jws.h"
#include "fuzz.h"
#include "jose.h"

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "{\"mark\":true}"
#define KEY_BYTES 32
#define SIGNATURE_BYTES 64

static authp_jwk_set_t *keys; /* RSA and EC as in jose.h, under other kids than there */
static EVP_PKEY *signer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    unsigned char bytes[KEY_BYTES];
    size_t len = sizeof(bytes);
    (void)argc;
    (void)argv;
    memset(bytes, 7, sizeof(bytes));
    signer = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));
    FUZZ_DEMAND(signer != NULL && EVP_PKEY_get_raw_public_key(signer, bytes, &len) == 1);
    const char *set = apr_pstrcat(fuzz_pool(),
                                  "{\"keys\":[{\"kid\":\"r\"," JOSE_RSA "},{\"kid\":\"e\"," JOSE_EC
                                  "},{\"kid\":\"k\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"",
                                  authp_b64url_encode(bytes, len, fuzz_pool()), "\"}]}", NULL);
    FUZZ_DEMAND(authp_jwk_parse(set, strlen(set), &keys, fuzz_pool()) == AUTHP_OK);
    return 0;
}

static const char *encoded(const char *text, size_t len, apr_pool_t *pool)
{
    return authp_b64url_encode((const unsigned char *)text, len, pool);
}

static const char *signed_token(const char *header, const char *payload, apr_pool_t *pool)
{
    unsigned char signature[SIGNATURE_BYTES];
    size_t len = sizeof(signature);
    const char *input = apr_pstrcat(pool, header, ".", payload, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    FUZZ_DEMAND(EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer) == 1);
    FUZZ_DEMAND(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)input, strlen(input)) ==
                1);
    EVP_MD_CTX_free(ctx);
    return apr_pstrcat(pool, input, ".", authp_b64url_encode(signature, len, pool), NULL);
}

static authp_err_t verify(const char *token, size_t len, json_t **payload, apr_pool_t *pool)
{
    const char *why = NULL;
    authp_err_t err = authp_jws_verify(keys, token, len, payload, &why, pool);
    FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_TOKEN_INVALID || err == AUTHP_E_NOT_FOUND);
    FUZZ_DEMAND((err == AUTHP_OK) == (*payload != NULL));
    FUZZ_DEMAND(err == AUTHP_OK || why != NULL);
    FUZZ_DEMAND(ERR_peek_error() == 0);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    json_t *payload = NULL;
    if (size < 1) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    if (data[0] == 'H') {
        const char *token = signed_token(encoded(text, size - 1, pool),
                                         encoded(MARK, sizeof(MARK) - 1, pool), pool);
        if (verify(token, strlen(token), &payload, pool) == AUTHP_OK) {
            FUZZ_DEMAND(json_is_true(json_object_get(payload, "mark")));
            FUZZ_DEMAND(strstr(text, "EdDSA") != NULL || strchr(text, '\\') != NULL);
        }
    } else if (data[0] == 'P') {
        static const char header[] = "{\"alg\":\"EdDSA\",\"kid\":\"k\"}";
        const char *token = signed_token(encoded(header, sizeof(header) - 1, pool),
                                         encoded(text, size - 1, pool), pool);
        if (verify(token, strlen(token), &payload, pool) == AUTHP_OK) {
            FUZZ_DEMAND(json_is_object(payload));
        }
    } else {
        /* No token that was made without a key may be accepted. */
        FUZZ_DEMAND(verify(text, size - 1, &payload, pool) != AUTHP_OK);
    }
    apr_pool_destroy(pool);
    return 0;
}

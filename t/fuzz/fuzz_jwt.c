/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer headers and tokens. The first byte of the input chooses what the rest is: an Authorization
 * header as a client may send it, or a payload that is signed with the real key. The second kind
 * reaches the code that runs after the signature was verified; there both parsers must agree. */
#include "api/core/credential.h"
#include "base/secret.h"
#include "crypto/jwt/jwt_impl.h"
#include "fuzz.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1700000000

static authp_jwt_t *jwt;
static authp_jwt_t *remembering; /* the same keys */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char key[] = "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL";
    apr_pool_t *global = fuzz_pool();
    (void)argc;
    (void)argv;
    const authp_secret_t *secret = authp_secret_make(key, sizeof(key) - 1, global);
    FUZZ_DEMAND(authp_jwt_make(secret, NULL, "iss", "aud", &jwt, global) == AUTHP_OK);
    FUZZ_DEMAND(authp_jwt_make(secret, NULL, "iss", "aud", &remembering, global) == AUTHP_OK);
    FUZZ_DEMAND(authp_jwt_verify_remember(remembering, 4096, authp_random_system(), global) ==
                AUTHP_OK);
    return 0;
}

static const char *get_header(void *ctx, const char *name)
{
    return strcmp(name, "Authorization") == 0 ? ctx : NULL;
}

/* No header that was made without the key may be accepted. */
static void try_header(const char *text, apr_pool_t *pool)
{
    authp_credential_t credential;
    authp_claims_t claims;
    authp_headers_t headers = {get_header, (void *)(uintptr_t)text};
    authp_credential_find(&headers, true, &credential);
    if (credential.via == AUTHP_VIA_BEARER) {
        FUZZ_DEMAND(authp_jwt_verify(remembering, credential.token, credential.len, NOW, &claims,
                                     pool) == AUTHP_E_TOKEN_INVALID);
    }
}

/* A payload with a good signature: if the fast parser accepts it, the slow one must return the
 * same. */
static void try_payload(const char *text, size_t len, apr_pool_t *pool)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    const char *token = NULL;
    authp_claims_t claims;
    authp_claims_t slow;
    authp_bytes_t head = {header, sizeof(header) - 1};
    authp_bytes_t body = {text, len};
    FUZZ_DEMAND(authp_jwt_selftest_forge(&jwt->keys[0], head, body, &token, pool) == AUTHP_OK);
    authp_err_t err = authp_jwt_verify(jwt, token, strlen(token), NOW, &claims, pool);
    bool taken = err == AUTHP_OK || err == AUTHP_E_TOKEN_EXPIRED;
    authp_err_t expected = AUTHP_E_TOKEN_INVALID;
    if (authp_jwt_slow_parse(jwt, text, len, &slow, pool)) {
        expected = authp_jwt_claims_check(jwt, &slow, NOW);
    }
    FUZZ_DEMAND(err == expected);
    for (int i = 0; i < 2; i++) {
        FUZZ_DEMAND(authp_jwt_verify(remembering, token, strlen(token), NOW, &claims, pool) == err);
    }
    if (taken) {
        FUZZ_DEMAND(strcmp(claims.sub, slow.sub) == 0 && claims.exp == slow.exp &&
                    claims.nroles == slow.nroles && claims.email_verified == slow.email_verified);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size < 1 || size > AUTHP_JWT_MAX_LEN / 2) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    if (data[0] == 'H') {
        try_header(text, pool);
    } else {
        try_payload(text, size - 1, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of public keys as a provider may publish them. */
#include "crypto/jwt/jwk.h"
#include "fuzz.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_known(const char *alg)
{
    return strcmp(alg, "RS256") == 0 || strcmp(alg, "ES256") == 0 || strcmp(alg, "EdDSA") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    authp_jwk_set_t *set = NULL;
    const authp_bytes_t some = {"some bytes of any kind, as many as a signature of EC or EdDSA has",
                                64};
    apr_pool_create(&pool, fuzz_pool());
    authp_err_t err = authp_jwk_parse((const char *)data, size, &set, pool);
    FUZZ_DEMAND((err == AUTHP_OK) == (set != NULL));
    FUZZ_DEMAND(ERR_peek_error() == 0);
    if (set != NULL) {
        const int count = authp_jwk_count(set);
        const authp_jwk_key_t *only = authp_jwk_only(set);
        FUZZ_DEMAND(count >= 0 && count <= AUTHP_JWK_KEYS_MOST);
        FUZZ_DEMAND((only != NULL) == (count == 1));
        FUZZ_DEMAND(only == NULL || is_known(authp_jwk_key_alg(only)));
        /* A key of any set can be used. */
        FUZZ_DEMAND(only == NULL || !authp_jwk_key_verifies(only, some, some));
    }
    apr_pool_destroy(pool);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that uses libjwt. libjwt 1.10 to 1.18 have all that is used here. */
#include "base/log.h"
#include "crypto/jwt_impl.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include <jwt.h>
#include <openssl/err.h>

static apr_status_t release(void *data)
{
    jwt_free(data); /* also wipes libjwt's copy of the key */
    return APR_SUCCESS;
}

/* Returns 0 or an errno. */
static int fill(jwt_t *jwt, const authp_jwt_key_t *key, const char *payload)
{
    int rc = jwt_set_alg(jwt, JWT_ALG_HS256, authp_secret_bytes(key->secret),
                         (int)authp_secret_len(key->secret));
    if (rc == 0) {
        rc = jwt_add_header(jwt, "kid", key->kid);
    }
    if (rc == 0) {
        rc = jwt_add_grants_json(jwt, payload);
    }
    return rc;
}

authp_err_t authp_jwt_build_signed(const authp_jwt_key_t *key, const char *payload,
                                   const char **out, apr_pool_t *pool)
{
    jwt_t *jwt = NULL;
    int rc = jwt_new(&jwt);
    if (rc != 0 || jwt == NULL) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0112", "libjwt makes no token (error %d)", rc);
        return AUTHP_E_INTERNAL;
    }
    apr_pool_cleanup_register(pool, jwt, release, apr_pool_cleanup_null);
    rc = fill(jwt, key, payload);
    char *text = rc == 0 ? jwt_encode_str(jwt) : NULL;
    /* It holds the key, so it is freed now and not at the end of the pool. */
    apr_pool_cleanup_run(pool, jwt, release);
    if (text == NULL) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0113", "libjwt cannot sign (error %d)", rc);
        ERR_clear_error();
        return AUTHP_E_INTERNAL;
    }
    *out = apr_pstrdup(pool, text);
    authp_secret_wipe(text, strlen(text));
    free(text); /* libjwt got it by malloc(), and before 1.12 has no function to free it */
    return AUTHP_OK;
}

bool authp_jwt_build_accepts(const authp_jwt_key_t *key, const char *token)
{
    jwt_t *jwt = NULL;
    int rc = jwt_decode(&jwt, token, authp_secret_bytes(key->secret),
                        (int)authp_secret_len(key->secret));
    bool accepts = rc == 0 && jwt != NULL && jwt_get_alg(jwt) != JWT_ALG_NONE;
    if (jwt != NULL) {
        jwt_free(jwt);
    }
    ERR_clear_error();
    return accepts;
}

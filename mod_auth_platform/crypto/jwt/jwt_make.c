/* SPDX-License-Identifier: Apache-2.0 */
#include "base/b64url.h"
#include "crypto/jwt/jwt_impl.h"

#include <apr_strings.h>
#include <string.h>

#define MIN_KEY 32
/* 12 characters of text. The encoded header and its dot then have 64 bytes, one block of SHA-256.
 */
#define KID_BYTES 9

static authp_err_t name_key(authp_jwt_key_t *key, apr_pool_t *pool)
{
    unsigned char derived[AUTHP_SHA256_LEN];
    authp_err_t err = authp_digest_hkdf(authp_secret_bytes(key->secret),
                                        authp_secret_len(key->secret), "authp kid", derived);
    if (err != AUTHP_OK) {
        return err;
    }
    key->kid = authp_b64url_encode(derived, KID_BYTES, pool);
    return AUTHP_OK;
}

static authp_err_t make_key(const authp_secret_t *secret, authp_jwt_key_t *key, apr_pool_t *pool)
{
    if (authp_secret_len(secret) < MIN_KEY) {
        return AUTHP_E_MALFORMED;
    }
    const char *sample = NULL;
    *key = (authp_jwt_key_t){.secret = secret};
    authp_err_t err = name_key(key, pool);
    if (err == AUTHP_OK) {
        err = authp_jwt_build_signed(key, "{}", &sample, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    key->header_len = strcspn(sample, ".") + 1;
    key->header = apr_pstrmemdup(pool, sample, key->header_len);
    err = authp_hmac_make(authp_secret_bytes(secret), authp_secret_len(secret), &key->mac, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    return authp_hmac_extend(key->mac, key->header, key->header_len, &key->mac_header, pool);
}

authp_err_t authp_jwt_make(const authp_secret_t *present, const authp_secret_t *previous,
                           const char *issuer, const char *audience, authp_jwt_t **out,
                           apr_pool_t *pool)
{
    authp_jwt_t *jwt = apr_pcalloc(pool, sizeof(*jwt));
    jwt->issuer = apr_pstrdup(pool, issuer);
    jwt->audience = apr_pstrdup(pool, audience);
    jwt->nkeys = previous == NULL ? 1 : 2;
    authp_err_t err = make_key(present, &jwt->keys[0], pool);
    if (err == AUTHP_OK && previous != NULL) {
        err = make_key(previous, &jwt->keys[1], pool);
    }
    if (err == AUTHP_OK) {
        *out = jwt;
    }
    return err;
}

void authp_jwt_make_audience(authp_jwt_t *jwt, const char *audience, apr_pool_t *pool)
{
    jwt->prf_audience = apr_pstrdup(pool, audience);
}

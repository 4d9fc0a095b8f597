/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwt.h"
#include "base/b64url.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/jwt_impl.h"

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

authp_err_t authp_jwt_remember(authp_jwt_t *jwt, size_t bytes, const authp_random_t *random,
                               apr_pool_t *pool)
{
    return authp_jwt_seen_make(bytes, random, &jwt->seen, pool);
}

static bool all_clean(const authp_jwt_t *jwt, const authp_claims_t *claims)
{
    bool clean = authp_jwt_claims_clean(jwt->issuer) && authp_jwt_claims_clean(jwt->audience) &&
                 authp_jwt_claims_clean(claims->jti) &&
                 (claims->email == NULL || authp_jwt_claims_clean(claims->email)) &&
                 (claims->name == NULL || authp_jwt_claims_clean(claims->name));
    for (int i = 0; clean && i < claims->nroles; i++) {
        clean = authp_jwt_claims_clean(claims->roles[i]);
    }
    return clean;
}

static const char *payload_of(const authp_jwt_t *jwt, const authp_claims_t *claims,
                              apr_pool_t *pool)
{
    json_t *payload = authp_json_object(pool);
    authp_json_set_str(payload, "iss", jwt->issuer);
    authp_json_set_str(payload, "aud", jwt->audience);
    authp_json_set_str(payload, "type", "access");
    authp_json_set_str(payload, "sub", claims->sub);
    authp_json_set_str(payload, "sid", claims->sid);
    authp_json_set_str(payload, "jti", claims->jti);
    authp_json_set_int(payload, "iat", claims->iat);
    authp_json_set_int(payload, "nbf", claims->nbf);
    authp_json_set_int(payload, "exp", claims->exp);
    authp_json_set_int(payload, "auth_time", claims->auth_time);
    authp_json_set_int(payload, "ver", claims->ver);
    authp_json_set_str(payload, "email", claims->email);
    authp_json_set_str(payload, "name", claims->name);
    authp_json_set_bool(payload, "email_verified", claims->email_verified);
    json_t *roles = authp_json_set_array(payload, "roles");
    for (int i = 0; i < claims->nroles; i++) {
        authp_json_append_str(roles, claims->roles[i]);
    }
    return authp_json_text(payload, NULL, pool);
}

authp_err_t authp_jwt_build(const authp_jwt_t *jwt, const authp_claims_t *claims, const char **out,
                            apr_pool_t *pool)
{
    /* Claims that verification would refuse are not signed. */
    if (!authp_jwt_claims_sane(claims) || !all_clean(jwt, claims)) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0110", "refused to sign claims that are out of bounds");
        return AUTHP_E_INTERNAL;
    }
    const char *token = NULL;
    authp_err_t err =
        authp_jwt_build_signed(&jwt->keys[0], payload_of(jwt, claims, pool), &token, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (strlen(token) > AUTHP_JWT_MAX_LEN) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0111", "a token of %zu bytes is over the limit",
                  strlen(token));
        return AUTHP_E_INTERNAL;
    }
    *out = token;
    return AUTHP_OK;
}

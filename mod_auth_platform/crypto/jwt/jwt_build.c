/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that uses libjwt. libjwt 1.10 to 1.18 have all that is used here. */
#include "base/json.h"
#include "base/log.h"
#include "crypto/jwt/jwt_impl.h"

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

static bool all_clean(const authp_jwt_t *jwt, const authp_claims_t *claims)
{
    const char *audience = authp_jwt_claims_audience(jwt, claims);
    return authp_jwt_claims_clean(jwt->issuer) &&
           (audience == NULL || authp_jwt_claims_clean(audience)) &&
           authp_jwt_claims_all_clean(claims);
}

/* Sets a claim that not all tokens have. */
static void set_optional(json_t *payload, const char *name, const char *value, bool with)
{
    if (with || value != NULL) {
        authp_json_set_str(payload, name, value);
    }
}

static void set_phone(json_t *payload, const authp_claims_t *claims)
{
    set_optional(payload, "phone_number", claims->phone, false);
    if (claims->with_national) {
        authp_json_set_str(payload, "phone", claims->national);
        authp_json_set_str(payload, "mobile", claims->national);
    }
    if (claims->permissions != NULL) {
        json_t *list = authp_json_set_array(payload, "permissions");
        for (int i = 0; i < claims->permissions->nelts; i++) {
            authp_json_append_str(list, APR_ARRAY_IDX(claims->permissions, i, const char *));
        }
    }
}

static const char *payload_of(const authp_jwt_t *jwt, const authp_claims_t *claims,
                              apr_pool_t *pool)
{
    json_t *payload = authp_json_object(pool);
    authp_json_set_str(payload, "iss", jwt->issuer);
    set_optional(payload, "aud", authp_jwt_claims_audience(jwt, claims), false);
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
    set_optional(payload, "prf", claims->prf, false);
    set_optional(payload, "role", claims->with_user_type ? NULL : claims->role, claims->with_role);
    set_optional(payload, "user_type", claims->with_user_type ? claims->role : NULL,
                 claims->with_user_type);
    set_optional(payload, "user_id", claims->with_user_id ? claims->sub : NULL, false);
    set_optional(payload, "username", claims->username, claims->with_username);
    set_phone(payload, claims);
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

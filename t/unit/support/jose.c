/* SPDX-License-Identifier: Apache-2.0 */
#include "jose.h"
#include "base/b64url.h"

#include <apr_strings.h>
#include <string.h>

#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define RSA_D                                                                                      \
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXO" \
    "oAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51" \
    "gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3c" \
    "cPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ"
#define EC_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define HALF 32

const char *jose_alg(jose_kind_t kind)
{
    static const char *const algs[] = {"RS256", "ES256", "EdDSA"};
    return algs[kind];
}

static size_t bytes_of(const char *text, unsigned char *out)
{
    ck_assert_int_eq(authp_b64url_decode(text, strlen(text), out), AUTHP_OK);
    return AUTHP_B64URL_DECODED(strlen(text));
}

static BIGNUM *number_of(const char *text)
{
    unsigned char bytes[512];
    size_t len = bytes_of(text, bytes);
    return BN_bin2bn(bytes, (int)len, NULL);
}

static apr_status_t release(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

static EVP_PKEY *from_build(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *rsa_key(void)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n = number_of(JOSE_RSA_N);
    BIGNUM *e = number_of("AQAB");
    BIGNUM *d = number_of(RSA_D);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d);
    EVP_PKEY *key = from_build("RSA", build);
    BN_free(n);
    BN_free(e);
    BN_free(d);
    return key;
}

static EVP_PKEY *ec_key(void)
{
    unsigned char point[1 + 2 * HALF] = {4};
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *d = number_of(EC_D);
    bytes_of(JOSE_EC_X, point + 1);
    bytes_of(JOSE_EC_Y, point + 1 + HALF);
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d);
    EVP_PKEY *key = from_build("EC", build);
    BN_free(d);
    return key;
}

static EVP_PKEY *ed_key(void)
{
    unsigned char d[HALF];
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, bytes_of(ED_D, d));
}

EVP_PKEY *jose_key(jose_kind_t kind, apr_pool_t *pool)
{
    static EVP_PKEY *(*const make[])(void) = {rsa_key, ec_key, ed_key};
    EVP_PKEY *key = make[kind]();
    apr_pool_cleanup_register(pool, key, release, apr_pool_cleanup_null);
    ck_assert_ptr_nonnull(key);
    return key;
}

const char *jose_input(const char *header, const char *payload, apr_pool_t *pool)
{
    return apr_pstrcat(
        pool, authp_b64url_encode((const unsigned char *)header, strlen(header), pool), ".",
        authp_b64url_encode((const unsigned char *)payload, strlen(payload), pool), NULL);
}

static const unsigned char *raw_of(const unsigned char *der, size_t len, apr_pool_t *pool)
{
    unsigned char *raw = apr_palloc(pool, 2 * (apr_size_t)HALF);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, HALF), HALF);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + HALF, HALF), HALF);
    ECDSA_SIG_free(pair);
    return raw;
}

const unsigned char *jose_signature(jose_kind_t kind, const char *input, int der, size_t *len,
                                    apr_pool_t *pool)
{
    unsigned char *made = apr_palloc(pool, 512);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    *len = 512;
    ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, NULL, kind == JOSE_KIND_ED ? NULL : "SHA256", NULL,
                                           NULL, jose_key(kind, pool), NULL),
                     1);
    ck_assert_int_eq(EVP_DigestSign(ctx, made, len, (const unsigned char *)input, strlen(input)),
                     1);
    EVP_MD_CTX_free(ctx);
    if (kind != JOSE_KIND_EC || der) {
        return made;
    }
    const unsigned char *raw = raw_of(made, *len, pool);
    *len = 2 * (size_t)HALF;
    return raw;
}

const char *jose_token(jose_kind_t kind, const char *header, const char *payload, apr_pool_t *pool)
{
    size_t len = 0;
    const char *input = jose_input(header, payload, pool);
    const unsigned char *signature = jose_signature(kind, input, 0, &len, pool);
    return apr_pstrcat(pool, input, ".", authp_b64url_encode(signature, len, pool), NULL);
}

const char *jose_header(const char *alg, const char *kid, apr_pool_t *pool)
{
    return kid == NULL ? apr_psprintf(pool, "{\"alg\":\"%s\"}", alg)
                       : apr_psprintf(pool, "{\"alg\":\"%s\",\"kid\":\"%s\"}", alg, kid);
}

authp_jwk_set_t *jose_set(const char *text, apr_pool_t *pool)
{
    authp_jwk_set_t *set = NULL;
    ck_assert_int_eq(authp_jwk_parse(text, strlen(text), &set, pool), AUTHP_OK);
    return set;
}

authp_err_t jose_verify(const authp_jwk_set_t *set, const char *token, size_t len, json_t **payload,
                        const char **why, apr_pool_t *pool)
{
    apr_pool_t *own = NULL;
    apr_pool_create(&own, pool);
    char *exact = apr_palloc(own, len > 0 ? len : 1);
    memcpy(exact, token, len);
    authp_err_t err = authp_jws_verify(set, exact, len, payload, why, pool);
    apr_pool_destroy(own);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return err;
}

json_t *jose_taken(const authp_jwk_set_t *set, const char *token, apr_pool_t *pool)
{
    json_t *payload = NULL;
    const char *why = NULL;
    authp_err_t err = jose_verify(set, token, strlen(token), &payload, &why, pool);
    ck_assert_msg(err == AUTHP_OK, "%s: %s", why, token);
    return payload;
}

void jose_refused(const authp_jwk_set_t *set, const char *token, authp_err_t expected,
                  const char *because, apr_pool_t *pool)
{
    json_t *payload = NULL;
    const char *why = NULL;
    authp_err_t err = jose_verify(set, token, strlen(token), &payload, &why, pool);
    ck_assert_msg(err == expected, "%d, not %d (%s): %s", err, expected, because, token);
    ck_assert_str_eq(why, because);
    ck_assert_ptr_null(payload);
}

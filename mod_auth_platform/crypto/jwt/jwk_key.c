/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwt/jwk_key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define RSA_LEAST_BITS 2048
#define RSA_MOST_BITS 8192
#define RSA_MOST_E 4 /* bytes */
#define CURVE_BYTES 32
#define ED25519_BYTES 32
#define DER_MOST 80 /* bytes of an ES256 signature in DER: 72 at most */

struct authp_jwk_key_t {
    const char *alg;
    const char *digest; /* NULL: the algorithm hashes by itself */
    EVP_PKEY *pkey;
    bool raw_ecdsa; /* OpenSSL wants the signature in another form than JWS has */
};

static apr_status_t release(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

/* EVP_PKEY_fromdata() does not check whether a point is on its curve. For RSA is_rsa_size() has
 * checked what matters, and EVP_PKEY_public_check() is not called: a modulus that is a prime keeps
 * it busy for seconds, so a provider that lies could occupy a processor with a set of such keys. */
static bool is_valid(EVP_PKEY *pkey)
{
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        return true;
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool valid = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return valid;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* Returns the key if `pkey` is a valid one. The pool releases `pkey` in both cases. Errors of
 * OpenSSL are cleared, because mod_ssl would find them in the thread's queue. */
static authp_jwk_key_t *key_of(authp_jwk_key_t form, EVP_PKEY *pkey, apr_pool_t *pool)
{
    apr_pool_cleanup_register(pool, pkey, release, apr_pool_cleanup_null);
    bool valid = pkey != NULL && is_valid(pkey);
    ERR_clear_error();
    if (!valid) {
        return NULL;
    }
    authp_jwk_key_t *key = apr_palloc(pool, sizeof(*key));
    *key = form;
    key->pkey = pkey;
    return key;
}

static EVP_PKEY *rsa_of(const BIGNUM *n, const BIGNUM *e)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (build != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    if (params != NULL) {
        pkey = from_params("RSA", params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static bool is_rsa_size(const BIGNUM *n, const BIGNUM *e)
{
    return BN_num_bits(n) >= RSA_LEAST_BITS && BN_num_bits(n) <= RSA_MOST_BITS && BN_is_odd(n) &&
           BN_is_odd(e) && !BN_is_one(e);
}

authp_jwk_key_t *authp_jwk_key_rsa(authp_bytes_t n, authp_bytes_t e, apr_pool_t *pool)
{
    if (n.len > RSA_MOST_BITS / 8 || e.len > RSA_MOST_E) {
        return NULL;
    }
    EVP_PKEY *pkey = NULL;
    BIGNUM *modulus = BN_bin2bn(n.data, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    if (modulus != NULL && exponent != NULL && is_rsa_size(modulus, exponent)) {
        pkey = rsa_of(modulus, exponent);
    }
    BN_free(modulus);
    BN_free(exponent);
    return key_of((authp_jwk_key_t){.alg = "RS256", .digest = "SHA256"}, pkey, pool);
}

authp_jwk_key_t *authp_jwk_key_p256(authp_bytes_t x, authp_bytes_t y, apr_pool_t *pool)
{
    char curve[] = "prime256v1";
    unsigned char point[1 + 2 * CURVE_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    if (x.len != CURVE_BYTES || y.len != CURVE_BYTES) {
        return NULL;
    }
    memcpy(point + 1, x.data, CURVE_BYTES);
    memcpy(point + 1 + CURVE_BYTES, y.data, CURVE_BYTES);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    return key_of((authp_jwk_key_t){.alg = "ES256", .digest = "SHA256", .raw_ecdsa = true},
                  from_params("EC", params), pool);
}

authp_jwk_key_t *authp_jwk_key_ed25519(authp_bytes_t x, apr_pool_t *pool)
{
    if (x.len != ED25519_BYTES) {
        return NULL;
    }
    return key_of((authp_jwk_key_t){.alg = "EdDSA"},
                  EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x.data, x.len), pool);
}

const char *authp_jwk_key_alg(const authp_jwk_key_t *key)
{
    return key->alg;
}

/* Writes the DER form of r and s to `der`, and returns its length. 0: a failure. */
static size_t to_der(authp_bytes_t signature, unsigned char der[DER_MOST])
{
    int len = 0;
    if (signature.len != 2 * (size_t)CURVE_BYTES) {
        return 0;
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    const unsigned char *bytes = signature.data;
    BIGNUM *r = BN_bin2bn(bytes, CURVE_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(bytes + CURVE_BYTES, CURVE_BYTES, NULL);
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        len = i2d_ECDSA_SIG(pair, &der);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

static bool is_signed(const authp_jwk_key_t *key, authp_bytes_t data, authp_bytes_t signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx != NULL &&
                EVP_DigestVerifyInit_ex(ctx, NULL, key->digest, NULL, NULL, key->pkey, NULL) == 1 &&
                EVP_DigestVerify(ctx, signature.data, signature.len, data.data, data.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return done;
}

bool authp_jwk_key_verifies(const authp_jwk_key_t *key, authp_bytes_t data, authp_bytes_t signature)
{
    unsigned char der[DER_MOST];
    if (signature.len == 0) {
        return false;
    }
    if (!key->raw_ecdsa) {
        return is_signed(key, data, signature);
    }
    size_t len = to_der(signature, der);
    return len > 0 && is_signed(key, data, (authp_bytes_t){der, len});
}

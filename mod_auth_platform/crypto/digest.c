/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"
#include "base/log.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* The errors of OpenSSL are cleared, because mod_ssl would find them in the thread's queue. */
static authp_err_t failed(const char *what)
{
    authp_log(AUTHP_LOG_ERROR, "AUTHP0100", "OpenSSL cannot do %s (error %lx)", what,
              ERR_peek_error());
    ERR_clear_error();
    return AUTHP_E_INTERNAL;
}

authp_err_t authp_digest_sha256(const void *data, size_t len, unsigned char out[AUTHP_SHA256_LEN])
{
    unsigned char sum[AUTHP_SHA256_LEN];
    if (EVP_Digest(data, len, sum, NULL, EVP_sha256(), NULL) != 1) {
        return failed("SHA-256");
    }
    memcpy(out, sum, sizeof(sum));
    return AUTHP_OK;
}

static bool mac(EVP_MAC_CTX *ctx, const authp_bytes_t *parts, int nparts, unsigned char *sum)
{
    size_t len = 0;
    for (int i = 0; i < nparts; i++) {
        if (parts[i].len > 0 && EVP_MAC_update(ctx, parts[i].data, parts[i].len) != 1) {
            return false;
        }
    }
    return EVP_MAC_final(ctx, sum, &len, AUTHP_SHA256_LEN) == 1 && len == AUTHP_SHA256_LEN;
}

authp_err_t authp_digest_sha256_hex(const void *data, size_t len, const char **out,
                                    apr_pool_t *pool)
{
    unsigned char digest[AUTHP_SHA256_LEN];
    authp_err_t err = authp_digest_sha256(data, len, digest);
    if (err == AUTHP_OK) {
        *out = authp_text_hex(digest, sizeof(digest), pool);
    }
    return err;
}

authp_err_t authp_digest_hmac(const void *key, size_t key_len, const authp_bytes_t *parts,
                              int nparts, unsigned char out[AUTHP_SHA256_LEN])
{
    char digest[] = "SHA256";
    unsigned char no_key = 0; /* OpenSSL reads a NULL key as "the key set before" */
    unsigned char sum[AUTHP_SHA256_LEN];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    /* EVP_MAC_CTX_new(NULL) crashes. */
    EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    bool done = ctx != NULL &&
                EVP_MAC_init(ctx, key_len > 0 ? key : &no_key, key_len, params) == 1 &&
                mac(ctx, parts, nparts, sum);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(hmac);
    if (!done) {
        return failed("HMAC");
    }
    memcpy(out, sum, sizeof(sum));
    return AUTHP_OK;
}

authp_err_t authp_digest_hkdf(const void *key, size_t key_len, const char *label,
                              unsigned char out[AUTHP_SHA256_LEN])
{
    char digest[] = "SHA256";
    unsigned char derived[AUTHP_SHA256_LEN];
    /* The parameters are not written to. Their type is not const because OpenSSL also uses it to
     * return values. */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, key_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label,
                                          strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(hkdf);
    bool done = ctx != NULL && EVP_KDF_derive(ctx, derived, sizeof(derived), params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(hkdf);
    if (!done) {
        return failed("HKDF");
    }
    memcpy(out, derived, sizeof(derived));
    OPENSSL_cleanse(derived, sizeof(derived));
    return AUTHP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"
#include "base/b64url.h"
#include "base/log.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#define NONCE 12
#define TAG 16
#define ENVELOPE (NONCE + TAG)
#define TEXT_MOST AUTHP_B64URL_ENCODED(AUTHP_SEAL_MOST + ENVELOPE)

enum { PRESENT, PREVIOUS, GENERATIONS };

struct authp_seal_t {
    EVP_CIPHER *cipher;
    const authp_secret_t *keys[GENERATIONS]; /* PREVIOUS is NULL without a previous key */
};

/* A text in parts: nonce, encrypted bytes, tag. */
typedef struct parts_t {
    unsigned char *nonce;
    unsigned char *bytes;
    int len;
    unsigned char *tag;
} parts_t;

static parts_t parts_of(unsigned char *whole, size_t len)
{
    return (parts_t){.nonce = whole,
                     .bytes = whole + NONCE,
                     .len = (int)(len - ENVELOPE),
                     .tag = whole + len - TAG};
}

static authp_err_t failed(const char *what)
{
    authp_log(AUTHP_LOG_ERROR, "AUTHP0102", "OpenSSL cannot %s (error %lx)", what,
              ERR_peek_error());
    ERR_clear_error();
    return AUTHP_E_INTERNAL;
}

static apr_status_t release(void *data)
{
    EVP_CIPHER_free(data);
    return APR_SUCCESS;
}

static authp_err_t derive(const authp_secret_t *secret, const char *label,
                          const authp_secret_t **out, apr_pool_t *pool)
{
    unsigned char key[AUTHP_SHA256_LEN];
    authp_err_t err =
        authp_digest_hkdf(authp_secret_bytes(secret), authp_secret_len(secret), label, key);
    if (err == AUTHP_OK) {
        *out = authp_secret_make(key, sizeof(key), pool);
    }
    authp_secret_wipe(key, sizeof(key));
    return err;
}

authp_err_t authp_seal_make(const authp_secret_t *present, const authp_secret_t *previous,
                            const char *label, authp_seal_t **out, apr_pool_t *pool)
{
    authp_seal_t *seal = apr_pcalloc(pool, sizeof(*seal));
    seal->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    apr_pool_cleanup_register(pool, seal->cipher, release, apr_pool_cleanup_null);
    if (seal->cipher == NULL) {
        return failed("do AES-256-GCM");
    }
    authp_err_t err = derive(present, label, &seal->keys[PRESENT], pool);
    if (err == AUTHP_OK && previous != NULL) {
        err = derive(previous, label, &seal->keys[PREVIOUS], pool);
    }
    if (err == AUTHP_OK) {
        *out = seal;
    }
    return err;
}

static bool add_purpose(EVP_CIPHER_CTX *ctx, const char *purpose)
{
    int len = 0;
    return EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)purpose,
                            (int)strlen(purpose)) == 1;
}

/* Encrypts parts->bytes in place, and writes the tag. */
static bool encrypt(EVP_CIPHER_CTX *ctx, const authp_seal_t *seal, const parts_t *parts,
                    const char *purpose)
{
    int len = 0;
    return EVP_EncryptInit_ex2(ctx, seal->cipher, authp_secret_bytes(seal->keys[PRESENT]),
                               parts->nonce, NULL) == 1 &&
           add_purpose(ctx, purpose) &&
           EVP_EncryptUpdate(ctx, parts->bytes, &len, parts->bytes, parts->len) == 1 &&
           EVP_EncryptFinal_ex(ctx, parts->bytes + len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, parts->tag) == 1;
}

/* Decrypts parts->bytes to `plain`. False: the tag is of another key, purpose or text. `plain` then
 * holds bytes that mean nothing. */
static bool decrypt(EVP_CIPHER_CTX *ctx, const authp_seal_t *seal, const authp_secret_t *key,
                    const parts_t *parts, const char *purpose, unsigned char *plain)
{
    int len = 0;
    return EVP_DecryptInit_ex2(ctx, seal->cipher, authp_secret_bytes(key), parts->nonce, NULL) ==
               1 &&
           add_purpose(ctx, purpose) &&
           EVP_DecryptUpdate(ctx, plain, &len, parts->bytes, parts->len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, parts->tag) == 1 &&
           EVP_DecryptFinal_ex(ctx, plain + len, &len) == 1;
}

authp_err_t authp_seal_close(const authp_seal_t *seal, const char *purpose, authp_bytes_t data,
                             const authp_random_t *random, const char **out, apr_pool_t *pool)
{
    if (data.len > AUTHP_SEAL_MOST) {
        return AUTHP_E_TOO_LARGE;
    }
    unsigned char *whole = apr_palloc(pool, data.len + ENVELOPE);
    const parts_t parts = parts_of(whole, data.len + ENVELOPE);
    authp_random_fill(random, parts.nonce, NONCE);
    if (data.len > 0) {
        memcpy(parts.bytes, data.data, data.len);
    }
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool done = ctx != NULL && encrypt(ctx, seal, &parts, purpose);
    EVP_CIPHER_CTX_free(ctx); /* also wipes the key */
    if (!done) {
        authp_secret_wipe(whole, data.len + ENVELOPE);
        return failed("encrypt with AES-256-GCM");
    }
    *out = authp_b64url_encode(whole, data.len + ENVELOPE, pool);
    return AUTHP_OK;
}

authp_err_t authp_seal_open(const authp_seal_t *seal, const char *purpose, const char *text,
                            size_t len, authp_bytes_t *out, apr_pool_t *pool)
{
    const size_t size = len <= TEXT_MOST ? AUTHP_B64URL_DECODED(len) : 0;
    if (size < ENVELOPE) {
        return AUTHP_E_MALFORMED;
    }
    unsigned char *whole = apr_palloc(pool, size);
    if (authp_b64url_decode(text, len, whole) != AUTHP_OK) {
        return AUTHP_E_MALFORMED;
    }
    const parts_t parts = parts_of(whole, size);
    unsigned char *plain = apr_palloc(pool, size);
    bool opened = false;
    for (int i = 0; i < GENERATIONS && !opened; i++) {
        EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
        opened = ctx != NULL && seal->keys[i] != NULL &&
                 decrypt(ctx, seal, seal->keys[i], &parts, purpose, plain);
        EVP_CIPHER_CTX_free(ctx);
    }
    if (opened) {
        const authp_secret_t *kept = authp_secret_make(plain, size - ENVELOPE, pool);
        *out = (authp_bytes_t){authp_secret_bytes(kept), size - ENVELOPE};
    }
    authp_secret_wipe(plain, size);
    ERR_clear_error();
    return opened ? AUTHP_OK : AUTHP_E_MALFORMED;
}

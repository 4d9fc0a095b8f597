/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/foreign.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/password/argon2id.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/scrypt.h"

#include <apr_md5.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define AES_KEY_BYTES 32
/* libxcrypt refuses longer ones. */
#define SHACRYPT_PASSWORD_MOST 511

/* A password and the stored hash against which it is verified. */
typedef struct trial_t {
    const char *password;
    size_t len;
    const char *stored;
    const authp_hash_text_t *hash;
} trial_t;

const char *authp_foreign_refusal(const char *hash, apr_pool_t *pool)
{
    authp_hash_text_t text;
    const char *why = authp_hash_text_read(hash, &text);
    return why != NULL ? apr_pstrdup(pool, why) : NULL;
}

/* OpenSSL failed. Its queue of errors must be empty for the next caller in this thread. */
static authp_err_t failed(const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);
    bool memory = ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    authp_log(AUTHP_LOG_ERROR, "AUTHP0122", "%s failed: %s", what,
              reason != NULL ? reason : "no reason");
    ERR_clear_error();
    return memory ? AUTHP_E_BUSY : AUTHP_E_INTERNAL;
}

static void compare(const unsigned char *made, const trial_t *trial, bool *match)
{
    *match = authp_secret_equal(made, trial->hash->hash.at, trial->hash->hash.len);
}

static authp_err_t try_bcrypt(const trial_t *trial, bool *match)
{
    *match = authp_bcrypt_verify(trial->password, trial->len, trial->stored);
    return AUTHP_OK;
}

static authp_err_t try_argon2(const trial_t *trial, bool *match)
{
    return authp_argon2id_verify(trial->password, trial->len, trial->hash, match);
}

static authp_err_t try_scrypt(const trial_t *trial, bool *match)
{
    unsigned char made[AUTHP_HASH_TEXT_KEY_MOST];
    authp_err_t err =
        authp_scrypt_derive(trial->password, trial->len, trial->hash, made, trial->hash->hash.len);
    if (err == AUTHP_OK) {
        compare(made, trial, match);
    }
    authp_secret_wipe(made, sizeof(made));
    return err;
}

/* Encrypts `in` by AES-256 in counter mode, with a counter that begins at 0. */
static bool encrypt(const unsigned char *key, const authp_hash_bytes_t *in, unsigned char *out)
{
    static const unsigned char counter[16] = {0};
    int len = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context != NULL &&
              EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, key, counter) == 1 &&
              EVP_EncryptUpdate(context, out, &len, in->at, (int)in->len) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok;
}

/* Firebase's hash is its signer key, encrypted with the first 32 bytes of scrypt's output. */
static authp_err_t try_firebase(const trial_t *trial, bool *match)
{
    unsigned char key[AES_KEY_BYTES];
    unsigned char made[AUTHP_HASH_TEXT_KEY_MOST];
    authp_err_t err =
        authp_scrypt_derive(trial->password, trial->len, trial->hash, key, sizeof(key));
    if (err == AUTHP_OK && !encrypt(key, &trial->hash->key, made)) {
        err = failed("AES");
    }
    if (err == AUTHP_OK) {
        compare(made, trial, match);
    }
    authp_secret_wipe(key, sizeof(key));
    authp_secret_wipe(made, sizeof(made));
    return err;
}

static authp_err_t try_pbkdf2(const trial_t *trial, bool *match)
{
    const authp_hash_text_t *hash = trial->hash;
    unsigned char made[AUTHP_HASH_TEXT_KEY_MOST];
    const EVP_MD *digest = hash->kind == AUTHP_HASH_PBKDF2_SHA512 ? EVP_sha512() : EVP_sha256();
    if (PKCS5_PBKDF2_HMAC(trial->password, (int)trial->len, hash->salt.at, (int)hash->salt.len,
                          (int)hash->rounds, digest, (int)hash->hash.len, made) != 1) {
        return failed("PBKDF2");
    }
    compare(made, trial, match);
    authp_secret_wipe(made, sizeof(made));
    return AUTHP_OK;
}

static authp_err_t try_sha2(const trial_t *trial, bool *match)
{
    const authp_hash_text_t *hash = trial->hash;
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned char both[AUTHP_HASH_TEXT_SALT_MOST + AUTHP_FOREIGN_PASSWORD_MOST];
    const EVP_MD *digest = hash->kind == AUTHP_HASH_SHA512 ? EVP_sha512() : EVP_sha256();
    memcpy(both + (hash->salt_last ? 0 : hash->salt.len), trial->password, trial->len);
    memcpy(both + (hash->salt_last ? trial->len : 0), hash->salt.at, hash->salt.len);
    int ok = EVP_Digest(both, trial->len + hash->salt.len, made, NULL, digest, NULL);
    authp_secret_wipe(both, sizeof(both));
    if (ok != 1) {
        return failed("SHA-2");
    }
    compare(made, trial, match);
    authp_secret_wipe(made, sizeof(made));
    return AUTHP_OK;
}

static authp_err_t try_shacrypt(const trial_t *trial, bool *match)
{
    char copy[SHACRYPT_PASSWORD_MOST + 1] = {0};
    bool whole =
        trial->len <= SHACRYPT_PASSWORD_MOST && memchr(trial->password, '\0', trial->len) == NULL;
    if (whole) {
        memcpy(copy, trial->password, trial->len);
    }
    *match = apr_password_validate(copy, trial->stored) == APR_SUCCESS && whole;
    authp_secret_wipe(copy, sizeof(copy));
    return AUTHP_OK;
}

authp_err_t authp_foreign_verify(const char *password, size_t len, const char *hash, bool *match)
{
    static authp_err_t (*const try[])(const trial_t *trial, bool *match) = {
        [AUTHP_HASH_BCRYPT] = try_bcrypt,        [AUTHP_HASH_ARGON2ID] = try_argon2,
        [AUTHP_HASH_ARGON2I] = try_argon2,       [AUTHP_HASH_SCRYPT] = try_scrypt,
        [AUTHP_HASH_FIREBASE] = try_firebase,    [AUTHP_HASH_PBKDF2_SHA256] = try_pbkdf2,
        [AUTHP_HASH_PBKDF2_SHA512] = try_pbkdf2, [AUTHP_HASH_SHA256] = try_sha2,
        [AUTHP_HASH_SHA512] = try_sha2,          [AUTHP_HASH_SHACRYPT] = try_shacrypt,
    };
    authp_hash_text_t text;
    bool same = false;
    if (authp_hash_text_read(hash, &text) != NULL) {
        *match = false;
        return AUTHP_OK;
    }
    bool whole = len <= AUTHP_FOREIGN_PASSWORD_MOST;
    const trial_t trial = {.password = password,
                           .len = whole ? len : AUTHP_FOREIGN_PASSWORD_MOST,
                           .stored = hash,
                           .hash = &text};
    authp_err_t err = try[text.kind](&trial, &same);
    if (err == AUTHP_OK) {
        *match = same && whole;
    }
    return err;
}

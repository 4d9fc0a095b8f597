/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/argon2id.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/password/hash_memory.h"

#include <argon2.h>
#include <openssl/evp.h>
#include <string.h>

#define SALT_BYTES 16
#define HASH_BYTES 32
/* The parameters of argon2id.h. */
#define PREFIX "$argon2id$v=19$m=19456,t=2,p=1$"

static int map_memory(uint8_t **memory, size_t bytes)
{
    *memory = authp_hash_memory_map(bytes);
    return *memory != NULL ? ARGON2_OK : ARGON2_MEMORY_ALLOCATION_ERROR;
}

static void unmap_memory(uint8_t *memory, size_t bytes)
{
    authp_hash_memory_unmap(memory, bytes);
}

/* Computes the hash of `password` with the parameters and the salt of `how`, as many bytes as
 * `how->hash` has. */
static authp_err_t derive(const char *password, size_t len, const authp_hash_text_t *how,
                          unsigned char *out)
{
    char copy[1]; /* libargon2 wants a password that is not NULL */
    argon2_context context = {.out = out,
                              .outlen = (uint32_t)how->hash.len,
                              .pwd = (uint8_t *)(uintptr_t)(len > 0 ? password : copy),
                              .pwdlen = (uint32_t)len,
                              .salt = (uint8_t *)(uintptr_t)how->salt.at,
                              .saltlen = (uint32_t)how->salt.len,
                              .t_cost = how->rounds,
                              .m_cost = how->memory_kib,
                              .lanes = how->lanes,
                              .threads = 1,
                              .version = ARGON2_VERSION_13,
                              .allocate_cbk = map_memory,
                              .free_cbk = unmap_memory,
                              .flags = ARGON2_DEFAULT_FLAGS};
    argon2_type type = how->kind == AUTHP_HASH_ARGON2I ? Argon2_i : Argon2_id;
    int rc = argon2_ctx(&context, type);
    if (rc == ARGON2_OK) {
        return AUTHP_OK;
    }
    authp_log(AUTHP_LOG_ERROR, "AUTHP0121", "Argon2 with %u KiB of memory failed: %s",
              (unsigned int)how->memory_kib, argon2_error_message(rc));
    return rc == ARGON2_MEMORY_ALLOCATION_ERROR ? AUTHP_E_BUSY : AUTHP_E_INTERNAL;
}

/* Writes base64 without padding. Returns the end of the text. */
static char *put_base64(const unsigned char *bytes, size_t len, char *out)
{
    char text[4 * HASH_BYTES];
    (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
    size_t chars = (4 * len + 2) / 3;
    memcpy(out, text, chars);
    out[chars] = '\0';
    return out + chars;
}

authp_err_t authp_argon2id_hash(const char *password, size_t len, const authp_random_t *random,
                                char *out)
{
    authp_hash_text_t how = {.kind = AUTHP_HASH_ARGON2ID,
                             .rounds = AUTHP_ARGON2ID_PASSES,
                             .lanes = 1,
                             .memory_kib = AUTHP_ARGON2ID_MEMORY_KIB};
    how.salt.len = SALT_BYTES;
    how.hash.len = HASH_BYTES;
    authp_random_fill(random, how.salt.at, how.salt.len);
    authp_err_t err = derive(password, len, &how, how.hash.at);
    if (err != AUTHP_OK) {
        return err;
    }
    memcpy(out, PREFIX, sizeof(PREFIX));
    char *at = put_base64(how.salt.at, how.salt.len, out + sizeof(PREFIX) - 1);
    *at = '$';
    (void)put_base64(how.hash.at, how.hash.len, at + 1);
    return AUTHP_OK;
}

authp_err_t authp_argon2id_verify(const char *password, size_t len, const authp_hash_text_t *hash,
                                  bool *match)
{
    unsigned char derived[AUTHP_HASH_TEXT_KEY_MOST];
    authp_err_t err = derive(password, len, hash, derived);
    if (err == AUTHP_OK) {
        *match = authp_secret_equal(derived, hash->hash.at, hash->hash.len);
    }
    authp_secret_wipe(derived, sizeof(derived));
    return err;
}

bool authp_argon2id_is_ours(const authp_hash_text_t *hash)
{
    return hash->kind == AUTHP_HASH_ARGON2ID && hash->rounds == AUTHP_ARGON2ID_PASSES &&
           hash->lanes == 1 && hash->memory_kib == AUTHP_ARGON2ID_MEMORY_KIB &&
           hash->salt.len >= SALT_BYTES && hash->hash.len >= HASH_BYTES;
}

/* The chance that some password has this hash is 2^-256. */
const char *authp_argon2id_dummy(void)
{
    return PREFIX "bm9ib2R5LCBub3doZXJlLg$bm9ib2R5J3MgcGFzc3dvcmQgaGFzIHRoaXMgaGFzaC4";
}

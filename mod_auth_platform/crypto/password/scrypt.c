/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/scrypt.h"
#include "base/log.h"
#include "crypto/password/hash_memory.h"

#include <endian.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#define WORDS 16 /* of 32 bits in a block of Salsa20 */

/* The memory of one hash. A vector has 2 * r blocks. The names are those of RFC 7914. */
typedef struct memory_t {
    size_t words; /* of a vector */
    size_t n;     /* vectors in v, a power of 2 */
    uint32_t *v;
    uint32_t *x;
    uint32_t *y;
    unsigned char *b; /* what PBKDF2 makes, one vector for each run */
} memory_t;

/* Bytes in memory of the caller. */
typedef struct span_t {
    const unsigned char *at;
    size_t len;
} span_t;

static uint32_t rotate(uint32_t value, int bits)
{
    return value << bits | value >> (32 - bits);
}

static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *b ^= rotate(*a + *d, 7);
    *c ^= rotate(*b + *a, 9);
    *d ^= rotate(*c + *b, 13);
    *a ^= rotate(*d + *c, 18);
}

/* Adds Salsa20/8 of `block` to it. */
static void salsa(uint32_t block[WORDS])
{
    uint32_t x[WORDS];
    memcpy(x, block, sizeof(x));
    for (int i = 0; i < 8; i += 2) {
        quarter(&x[0], &x[4], &x[8], &x[12]);
        quarter(&x[5], &x[9], &x[13], &x[1]);
        quarter(&x[10], &x[14], &x[2], &x[6]);
        quarter(&x[15], &x[3], &x[7], &x[11]);
        quarter(&x[0], &x[1], &x[2], &x[3]);
        quarter(&x[5], &x[6], &x[7], &x[4]);
        quarter(&x[10], &x[11], &x[8], &x[9]);
        quarter(&x[15], &x[12], &x[13], &x[14]);
    }
    for (int i = 0; i < WORDS; i++) {
        block[i] += x[i];
    }
}

static void mix_in(uint32_t *to, const uint32_t *from, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        to[i] ^= from[i];
    }
}

/* scryptBlockMix: the blocks with even numbers come first. */
static void mix_blocks(const uint32_t *in, uint32_t *out, size_t words)
{
    uint32_t block[WORDS];
    size_t count = words / WORDS;
    memcpy(block, in + words - WORDS, sizeof(block));
    for (size_t i = 0; i < count; i++) {
        mix_in(block, in + i * WORDS, WORDS);
        salsa(block);
        memcpy(out + (i / 2 + i % 2 * (count / 2)) * WORDS, block, sizeof(block));
    }
}

/* The vector of v that the last block of `vector` chooses. v has less than 2^32 vectors. */
static const uint32_t *choose(const memory_t *memory, const uint32_t *vector)
{
    return memory->v + (vector[memory->words - WORDS] & (memory->n - 1)) * memory->words;
}

/* scryptROMix on one vector of b. n is even, so x and y take turns. */
static void mix(const memory_t *memory, unsigned char *bytes)
{
    size_t size = memory->words * sizeof(uint32_t);
    uint32_t *x = memory->x;
    uint32_t *y = memory->y;
    memcpy(x, bytes, size);
    for (size_t i = 0; i < memory->words; i++) {
        x[i] = le32toh(x[i]);
    }
    for (size_t i = 0; i < memory->n; i += 2) {
        memcpy(memory->v + i * memory->words, x, size);
        mix_blocks(x, y, memory->words);
        memcpy(memory->v + (i + 1) * memory->words, y, size);
        mix_blocks(y, x, memory->words);
    }
    for (size_t i = 0; i < memory->n; i += 2) {
        mix_in(x, choose(memory, x), memory->words);
        mix_blocks(x, y, memory->words);
        mix_in(y, choose(memory, y), memory->words);
        mix_blocks(y, x, memory->words);
    }
    for (size_t i = 0; i < memory->words; i++) {
        x[i] = htole32(x[i]);
    }
    memcpy(bytes, x, size);
}

/* One round of PBKDF2. */
static bool stretch(const char *password, size_t len, span_t salt, unsigned char *out,
                    size_t out_len)
{
    return PKCS5_PBKDF2_HMAC(password, (int)len, salt.at, (int)salt.len, 1, EVP_sha256(),
                             (int)out_len, out) == 1;
}

static authp_err_t failed(void)
{
    authp_log(AUTHP_LOG_ERROR, "AUTHP0123", "PBKDF2 of scrypt failed");
    ERR_clear_error();
    return AUTHP_E_INTERNAL;
}

authp_err_t authp_scrypt_derive(const char *password, size_t len, const authp_hash_text_t *how,
                                unsigned char *out, size_t out_len)
{
    memory_t memory = {.words = (size_t)2 * how->block * WORDS, .n = (size_t)1 << how->log_blocks};
    size_t size = memory.words * sizeof(uint32_t);
    size_t all = (memory.n + 2 + how->lanes) * size;
    memory.v = authp_hash_memory_map(all);
    if (memory.v == NULL) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0124", "scrypt with %u KiB of memory failed: no memory",
                  (unsigned int)how->memory_kib);
        return AUTHP_E_BUSY;
    }
    memory.x = memory.v + memory.n * memory.words;
    memory.y = memory.x + memory.words;
    memory.b = (unsigned char *)(memory.y + memory.words);
    span_t salt = {how->salt.at, how->salt.len};
    span_t mixed = {memory.b, how->lanes * size};
    bool done = stretch(password, len, salt, memory.b, mixed.len);
    for (uint32_t i = 0; done && i < how->lanes; i++) {
        mix(&memory, memory.b + i * size);
    }
    done = done && stretch(password, len, mixed, out, out_len);
    authp_hash_memory_unmap(memory.v, all);
    return done ? AUTHP_OK : failed();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's SipHash is not used: setting up its MAC takes longer than hashing a token. */
#include "crypto/siphash.h"

#include <string.h>

typedef struct state_t {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
} state_t;

static uint64_t rotate(uint64_t word, unsigned int bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void rounds(state_t *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v1;
        s->v0 += s->v3;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline void absorb(state_t *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

/* The words are read in the machine's own byte order. On a big-endian machine the result is that of
 * the text with the bytes of each word swapped, which is as good. */
void authp_siphash_128(const authp_siphash_key_t *key, const void *data, size_t len,
                       uint64_t out[2])
{
    const unsigned char *at = data;
    state_t s = {.v0 = key->words[0] ^ UINT64_C(0x736f6d6570736575),
                 .v1 = key->words[1] ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
                 .v2 = key->words[0] ^ UINT64_C(0x6c7967656e657261),
                 .v3 = key->words[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t word = 0;
    for (size_t left = len; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        absorb(&s, word);
    }
    word = (uint64_t)len << 56;
    for (size_t i = 0; i < len % sizeof(word); i++) {
        word |= (uint64_t)at[i] << (8 * i);
    }
    absorb(&s, word);
    s.v2 ^= 0xee;
    rounds(&s, 4);
    out[0] = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    s.v1 ^= 0xdd;
    rounds(&s, 4);
    out[1] = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

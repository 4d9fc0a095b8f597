/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_SIPHASH_H
#define AUTHP_CRYPTO_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 with 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). Without
 * the key nobody can tell its values from random ones, or find a text for a value. Use it only for
 * values that stay in the process. For others use digest.h and hmac.h. */
typedef struct authp_siphash_key_t {
    uint64_t words[2];
} authp_siphash_key_t;

void authp_siphash_128(const authp_siphash_key_t *key, const void *data, size_t len,
                       uint64_t out[2]);

#endif

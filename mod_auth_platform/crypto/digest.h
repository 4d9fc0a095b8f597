/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_DIGEST_H
#define AUTHP_CRYPTO_DIGEST_H

#include "base/err.h"

#include <apr_pools.h>
#include <stddef.h>

#define AUTHP_SHA256_LEN 32

/* One part of the data to hash. Several parts are hashed as if they were joined. */
typedef struct authp_bytes_t {
    const void *data;
    size_t len;
} authp_bytes_t;

AUTHP_CHECKED authp_err_t authp_digest_sha256(const void *data, size_t len,
                                              unsigned char out[AUTHP_SHA256_LEN]);
/* The SHA-256 as 64 lower-case hex digits. */
AUTHP_CHECKED authp_err_t authp_digest_sha256_hex(const void *data, size_t len, const char **out,
                                                  apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_digest_hmac(const void *key, size_t key_len,
                                            const authp_bytes_t *parts, int nparts,
                                            unsigned char out[AUTHP_SHA256_LEN]);
/* HKDF-SHA256 (RFC 5869) without salt: one 32-byte key for each label. */
AUTHP_CHECKED authp_err_t authp_digest_hkdf(const void *key, size_t key_len, const char *label,
                                            unsigned char out[AUTHP_SHA256_LEN]);

#endif

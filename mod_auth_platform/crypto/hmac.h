/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_HMAC_H
#define AUTHP_CRYPTO_HMAC_H

#include "base/err.h"
#include "crypto/digest.h"

#include <apr_pools.h>
#include <stddef.h>

/* HMAC-SHA256 for a key that is used often. The two blocks that are made of the key are hashed
 * once, and each sum starts from copies of these states. Only files of crypto/ use it. Others use
 * digest.h and keys.h. */
typedef struct authp_hmac_t authp_hmac_t;

/* Makes the state of a key. It does not change afterwards, so many threads may use it at the same
 * time. */
AUTHP_CHECKED authp_err_t authp_hmac_make(const void *key, size_t key_len, authp_hmac_t **out,
                                          apr_pool_t *pool);
/* Makes a state of the same key that has hashed `data` already, for messages that begin with it. */
AUTHP_CHECKED authp_err_t authp_hmac_extend(const authp_hmac_t *hmac, const void *data, size_t len,
                                            authp_hmac_t **out, apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_hmac_sum(const authp_hmac_t *hmac, const authp_bytes_t *parts,
                                         int nparts, unsigned char out[AUTHP_SHA256_LEN]);

#endif

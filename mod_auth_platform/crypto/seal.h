/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_SEAL_H
#define AUTHP_CRYPTO_SEAL_H

#include "base/err.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <apr_pools.h>
#include <stddef.h>

/* Texts that clients keep for us and can neither read nor change: AES-256-GCM with a random nonce
 * of 96 bits. The keys are derived by HKDF from JWT_SECRET_KEY and its predecessor. Sealing uses
 * the present key. Opening tries both. */
typedef struct authp_seal_t authp_seal_t;

#define AUTHP_SEAL_MOST 65536 /* bytes that can be sealed */

/* `previous` may be NULL. Each use has a label of its own. Many threads may use the result at the
 * same time. */
AUTHP_CHECKED authp_err_t authp_seal_make(const authp_secret_t *present,
                                          const authp_secret_t *previous, const char *label,
                                          authp_seal_t **out, apr_pool_t *pool);

/* Sets *out to a text in base64url, 28 bytes longer than `data` before that encoding. It opens only
 * with the same `purpose`, which is authenticated but is no part of the text. AUTHP_E_TOO_LARGE:
 * more than AUTHP_SEAL_MOST bytes. */
AUTHP_CHECKED authp_err_t authp_seal_close(const authp_seal_t *seal, const char *purpose,
                                           authp_bytes_t data, const authp_random_t *random,
                                           const char **out, apr_pool_t *pool);

/* out->data ends with a NUL after out->len bytes, and is wiped with the pool. AUTHP_E_MALFORMED:
 * the text was not sealed for this purpose with one of the two keys. */
AUTHP_CHECKED authp_err_t authp_seal_open(const authp_seal_t *seal, const char *purpose,
                                          const char *text, size_t len, authp_bytes_t *out,
                                          apr_pool_t *pool);

#endif

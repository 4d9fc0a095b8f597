/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_ARGON2ID_H
#define AUTHP_CRYPTO_PASSWORD_ARGON2ID_H

#include "base/err.h"
#include "base/random.h"
#include "crypto/password/hash_text.h"

#include <stdbool.h>
#include <stddef.h>

/* Argon2 of libargon2, in the calling thread, with memory of hash_memory.h. Request code uses
 * crypto/password/hasher.h. */

/* What a hash of ours costs: 19 MiB, two passes, one lane. */
#define AUTHP_ARGON2ID_MEMORY_KIB 19456
#define AUTHP_ARGON2ID_PASSES 2
#define AUTHP_ARGON2ID_HASH_LEN 97 /* characters */

/* Makes a hash with a new salt. `out` has room for AUTHP_ARGON2ID_HASH_LEN + 1 bytes.
 * AUTHP_E_BUSY: there is no memory for it. */
AUTHP_CHECKED authp_err_t authp_argon2id_hash(const char *password, size_t len,
                                              const authp_random_t *random, char *out);
/* `hash` is an Argon2id or Argon2i hash. AUTHP_E_BUSY: there is no memory for it. */
AUTHP_CHECKED authp_err_t authp_argon2id_verify(const char *password, size_t len,
                                                const authp_hash_text_t *hash, bool *match);
/* True if `hash` has the parameters that authp_argon2id_hash() uses. */
bool authp_argon2id_is_ours(const authp_hash_text_t *hash);
/* A valid hash with these parameters that no password matches. Static text. */
const char *authp_argon2id_dummy(void);

#endif

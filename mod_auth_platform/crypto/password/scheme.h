/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_SCHEME_H
#define AUTHP_CRYPTO_PASSWORD_SCHEME_H

#include "base/err.h"
#include "base/random.h"
#include "crypto/password/argon2id.h"

#include <stdbool.h>
#include <stddef.h>

/* How new password hashes are made: PASSWORD_HASH and BCRYPT_ROUNDS. */
typedef struct authp_scheme_t {
    bool argon2id; /* false: bcrypt */
    int rounds;    /* of bcrypt */
} authp_scheme_t;

/* Characters of the longest hash that authp_scheme_hash() makes. */
#define AUTHP_SCHEME_HASH_LEN AUTHP_ARGON2ID_HASH_LEN

/* Makes a hash in the calling thread. Request code uses crypto/password/hasher.h. `out` has room
 * for AUTHP_SCHEME_HASH_LEN + 1 bytes. AUTHP_E_MALFORMED: the password has a NUL, or is longer than
 * 72 bytes (bcrypt) or 1,024 bytes (Argon2id). AUTHP_E_BUSY: there is no memory for it. */
AUTHP_CHECKED authp_err_t authp_scheme_hash(const authp_scheme_t *scheme, const char *password,
                                            size_t len, const authp_random_t *random, char *out);
/* True if `hash` is as good as one that `scheme` would make: Argon2id with our parameters, or
 * bcrypt of at least its cost. False: the next sign-in replaces it. */
bool authp_scheme_holds(const authp_scheme_t *scheme, const char *hash);
/* A valid hash that takes as much work as those of `scheme`, and that no password matches. Static
 * text. */
const char *authp_scheme_dummy(const authp_scheme_t *scheme);

#endif

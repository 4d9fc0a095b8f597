/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_BCRYPT_H
#define AUTHP_CRYPTO_PASSWORD_BCRYPT_H

#include "base/err.h"
#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>

/* The bcrypt of apr-util with checks that it lacks: passwords have at most 72 bytes and no NUL,
 * hashes are $2a$, $2b$ or $2y$ with 60 characters, and the cost of a stored hash, which decides
 * the processor time, is at most AUTHP_BCRYPT_MAX_COST. These functions hash in the calling thread.
 * Request code uses crypto/password/hasher.h. */
#define AUTHP_BCRYPT_MAX_BYTES 72
#define AUTHP_BCRYPT_MAX_COST 16
#define AUTHP_BCRYPT_HASH_LEN 60

/* The cost of a hash that authp_bcrypt_verify() accepts. 0 for any other text. */
int authp_bcrypt_cost(const char *hash);
/* `out` has room for AUTHP_BCRYPT_HASH_LEN + 1 bytes. AUTHP_E_MALFORMED: the password or the cost
 * is refused. */
AUTHP_CHECKED authp_err_t authp_bcrypt_hash(const char *password, size_t len, int cost,
                                            const authp_random_t *random, char *out);
/* True only if the password matches. False for a refused hash, too. */
bool authp_bcrypt_verify(const char *password, size_t len, const char *hash);
/* A valid hash of that cost that no password matches. Checking it takes as long as checking the
 * hash of an account, for a user who does not exist. Static text. */
const char *authp_bcrypt_dummy(int cost);

#endif

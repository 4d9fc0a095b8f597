/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_BCRYPT_H
#define AUTHP_CRYPTO_BCRYPT_H

#include "base/err.h"
#include "base/random.h"

#include <stdbool.h>
#include <stddef.h>

/* apr-util's bcrypt behind the guards it lacks: 72 bytes at most, no NUL, only $2a$/$2b$/$2y$ of 60
 * characters, and no stored cost beyond AUTHP_BCRYPT_MAX_COST (the stored cost decides the CPU
 * time). These run in the calling thread: request code goes through crypto/hasher.h. */
#define AUTHP_BCRYPT_MAX_BYTES 72
#define AUTHP_BCRYPT_MAX_COST 16
#define AUTHP_BCRYPT_HASH_LEN 60

/* The cost of a hash that authp_bcrypt_verify() would look at, else 0. */
int authp_bcrypt_cost(const char *hash);
/* `out` has room for AUTHP_BCRYPT_HASH_LEN + 1. AUTHP_E_MALFORMED if the password breaks the
 * guards. */
AUTHP_CHECKED authp_err_t authp_bcrypt_hash(const char *password, size_t len, int cost,
                                            const authp_random_t *random, char *out);
/* False for anything that is not a match, a refused hash included. */
bool authp_bcrypt_verify(const char *password, size_t len, const char *hash);
/* A valid hash of that cost that no password matches: the same work for an unknown user. Static
 * text. */
const char *authp_bcrypt_dummy(int cost);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_JWT_SEEN_H
#define AUTHP_CRYPTO_JWT_JWT_SEEN_H

#include "base/err.h"
#include "base/random.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A table of tokens whose signature was verified. Each takes 16 bytes, so many thousands fit into a
 * child's memory. It stands for the signature only: claims and times are checked every time. Many
 * threads use it at the same time, without a lock. It belongs to one keyring, whose keys never
 * change: a child with other keys has a new table. */
typedef struct authp_jwt_seen_t authp_jwt_seen_t;

/* A keyed hash of a whole token, which stands for the token. */
typedef struct authp_jwt_mark_t {
    uint64_t words[2];
} authp_jwt_mark_t;

/* Makes an empty table. It takes at most `bytes` of memory, which must be at least 4096. */
AUTHP_CHECKED authp_err_t authp_jwt_seen_make(size_t bytes, const authp_random_t *random,
                                              authp_jwt_seen_t **out, apr_pool_t *pool);
/* Computes the mark of a token, and makes the processor prefetch its place in the table. */
authp_jwt_mark_t authp_jwt_seen_mark(const authp_jwt_seen_t *seen, const char *token, size_t len);
bool authp_jwt_seen_has(const authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark);
/* Adds a token. Only for a token whose signature was verified. May overwrite an older one. */
void authp_jwt_seen_add(authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark);

#endif

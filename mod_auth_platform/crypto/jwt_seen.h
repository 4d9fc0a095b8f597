/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_JWT_SEEN_H
#define AUTHP_CRYPTO_JWT_SEEN_H

#include "base/err.h"
#include "base/random.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tokens whose signature held once: 16 bytes for each, so that many thousands fit into a child's
 * memory. Only the signature is remembered; claims and times are looked at each time. Many threads
 * at once, without a lock. Belongs to one keyring, whose keys never change: a child that has others
 * starts with an empty one. */
typedef struct authp_jwt_seen_t authp_jwt_seen_t;

/* What stands for a token: a keyed hash of all of it. */
typedef struct authp_jwt_mark_t {
    uint64_t words[2];
} authp_jwt_mark_t;

/* At most `bytes` of memory, at least 4096. */
AUTHP_CHECKED authp_err_t authp_jwt_seen_make(size_t bytes, const authp_random_t *random,
                                              authp_jwt_seen_t **out, apr_pool_t *pool);
/* And asks the processor for its place in the table. */
authp_jwt_mark_t authp_jwt_seen_mark(const authp_jwt_seen_t *seen, const char *token, size_t len);
bool authp_jwt_seen_has(const authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark);
/* For a token whose signature holds, and no other. May push out an older one. */
void authp_jwt_seen_add(authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark);

#endif

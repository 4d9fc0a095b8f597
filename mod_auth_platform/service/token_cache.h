/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TOKEN_CACHE_H
#define AUTHP_SERVICE_TOKEN_CACHE_H

#include "service/token.h"

/* Whole tokens that were verified, with whom they stand for: what a busy child sees again and
 * again costs no hashing and no parsing. Of a fixed size, for one realm, many threads at once. Who
 * uses it looks at the times again, and at the live table. */
typedef struct authp_token_cache_t authp_token_cache_t;

typedef struct authp_token_hit_t {
    authp_principal_t principal;
    int64_t not_before; /* seconds: the later of nbf and iat */
} authp_token_hit_t;

/* At most `bytes` of memory, at least 4096. */
AUTHP_CHECKED authp_err_t authp_token_cache_make(size_t bytes, const authp_random_t *random,
                                                 authp_token_cache_t **out, apr_pool_t *pool);
/* False: not there, or being written right now. Strings of *out are in `pool`. */
bool authp_token_cache_find(const authp_token_cache_t *cache, const char *token, size_t len,
                            authp_token_hit_t *out, apr_pool_t *pool);
/* For a token that verified, and no other; `now` in seconds. One too long for a slot is left out.
 * May push out another, but none that came within this second: a round of more tokens than there
 * are slots would do nothing but write. */
void authp_token_cache_put(authp_token_cache_t *cache, const char *token, size_t len,
                           const authp_token_hit_t *hit, int64_t now);

#endif

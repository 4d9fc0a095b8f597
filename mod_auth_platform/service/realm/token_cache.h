/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_REALM_TOKEN_CACHE_H
#define AUTHP_SERVICE_REALM_TOKEN_CACHE_H

#include "base/err.h"
#include "base/random.h"
#include "service/realm/principal.h"

/* A cache of whole tokens that were verified, with their principals. A token in it needs no hashing
 * and no parsing. It has a fixed size and belongs to one realm, and many threads use it at the same
 * time. The caller checks the token's times and the live table each time. */
typedef struct authp_token_cache_t authp_token_cache_t;

typedef struct authp_token_hit_t {
    authp_principal_t principal;
    int64_t not_before; /* seconds: the later one of nbf and iat */
} authp_token_hit_t;

/* Makes an empty cache. It takes at most `bytes` of memory, which must be at least 4096. */
AUTHP_CHECKED authp_err_t authp_token_cache_make(size_t bytes, const authp_random_t *random,
                                                 authp_token_cache_t **out, apr_pool_t *pool);
/* False: the token is not there, or its slot is being written. Strings of *out are in `pool`. */
bool authp_token_cache_find(const authp_token_cache_t *cache, const char *token, size_t len,
                            authp_token_hit_t *out, apr_pool_t *pool);
/* Adds a token. Only for a token that was verified. `now` is in seconds. A token that is too long
 * for a slot is not added. Replaces what was known of this token. May overwrite another one that is
 * older, but none that was written in this second:
 * with more tokens in use than slots, the cache would otherwise be written all the time. */
void authp_token_cache_put(authp_token_cache_t *cache, const char *token, size_t len,
                           const authp_token_hit_t *hit, int64_t now);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/seen.h"

#include "base/random.h"
#include "crypto/siphash.h"

#include <stdint.h>
#include <string.h>

#define FIRST_PLACES 4096

struct authp_seen_set_t {
    authp_siphash_key_t key;
    uint64_t *places; /* 0 = free */
    size_t count;
    size_t size; /* number of places, a power of two */
    apr_pool_t *parent;
    apr_pool_t *pool; /* of the places */
};

static void make_places(authp_seen_set_t *set, size_t size)
{
    apr_pool_create(&set->pool, set->parent);
    set->size = size;
    set->places = apr_palloc(set->pool, size * sizeof(*set->places));
    memset(set->places, 0, size * sizeof(*set->places));
}

authp_seen_set_t *authp_seen_make(apr_pool_t *pool)
{
    authp_seen_set_t *set = apr_pcalloc(pool, sizeof(*set));
    set->parent = pool;
    authp_random_fill(authp_random_system(), (unsigned char *)&set->key, sizeof(set->key));
    make_places(set, FIRST_PLACES);
    return set;
}

/* Returns the place of `hash`, or the free place where it is to be put. */
static uint64_t *place(authp_seen_set_t *set, uint64_t hash)
{
    size_t at = (size_t)hash & (set->size - 1);
    while (set->places[at] != 0 && set->places[at] != hash) {
        at = (at + 1) & (set->size - 1);
    }
    return &set->places[at];
}

static void grow(authp_seen_set_t *set)
{
    apr_pool_t *old_pool = set->pool;
    const uint64_t *old = set->places;
    size_t old_size = set->size;
    make_places(set, old_size * 2);
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            *place(set, old[i]) = old[i];
        }
    }
    apr_pool_destroy(old_pool);
}

bool authp_seen_add(authp_seen_set_t *set, const char *text)
{
    uint64_t hash[2];
    authp_siphash_128(&set->key, text, strlen(text), hash);
    hash[0] = hash[0] != 0 ? hash[0] : 1;
    uint64_t *at = place(set, hash[0]);
    if (*at != 0) {
        return false;
    }
    *at = hash[0];
    if (++set->count > set->size / 2) {
        grow(set);
    }
    return true;
}

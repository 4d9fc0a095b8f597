/* SPDX-License-Identifier: Apache-2.0 */
/* Why a hash may stand for the token. Its key is 128 random bits of this child's own, and its
 * values never leave the process, so a forger can do no better than guess: with 2^20 tokens in the
 * table, one in 2^107 forged ones would be taken for seen (one bit of the hash marks places in
 * use). Guessing an HMAC-SHA256 is harder, guessing either is hopeless. To keep the tokens
 * themselves would take fifty times the memory.
 *
 * Why no lock. The two halves of a place are atomic words, written one after the other; a reader,
 * or a second writer, can make a mark of two tokens' halves of it. That is one more random value
 * that no token has, and as hard to guess. */
#include "crypto/jwt_seen.h"
#include "base/pages.h"
#include "crypto/siphash.h"

#include <stdatomic.h>

#define WAYS 4

/* One cache line. */
typedef struct set_t {
    _Atomic uint64_t words[WAYS][2];
} set_t;

struct authp_jwt_seen_t {
    authp_siphash_key_t key;
    size_t mask; /* number of sets, a power of two, less one */
    set_t *sets;
};

authp_err_t authp_jwt_seen_make(size_t bytes, const authp_random_t *random, authp_jwt_seen_t **out,
                                apr_pool_t *pool)
{
    size_t count = 1;
    void *memory = NULL;
    while (count * 2 * sizeof(set_t) <= bytes) {
        count *= 2;
    }
    authp_err_t err = authp_pages_make(count * sizeof(set_t), &memory, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_jwt_seen_t *seen = apr_palloc(pool, sizeof(*seen));
    *seen = (authp_jwt_seen_t){.mask = count - 1, .sets = memory};
    authp_random_fill(random, (unsigned char *)seen->key.words, sizeof(seen->key.words));
    *out = seen;
    return AUTHP_OK;
}

static set_t *set_of(const authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark)
{
    return &seen->sets[mark->words[0] & seen->mask];
}

authp_jwt_mark_t authp_jwt_seen_mark(const authp_jwt_seen_t *seen, const char *token, size_t len)
{
    authp_jwt_mark_t mark;
    authp_siphash_128(&seen->key, token, len, mark.words);
    mark.words[1] |= 1; /* an empty place has none */
    __builtin_prefetch(set_of(seen, &mark));
    return mark;
}

bool authp_jwt_seen_has(const authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark)
{
    const set_t *set = set_of(seen, mark);
    for (int i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set->words[i][0], memory_order_relaxed) == mark->words[0] &&
            atomic_load_explicit(&set->words[i][1], memory_order_relaxed) == mark->words[1]) {
            return true;
        }
    }
    return false;
}

void authp_jwt_seen_add(authp_jwt_seen_t *seen, const authp_jwt_mark_t *mark)
{
    set_t *set = set_of(seen, mark);
    int place = (int)(mark->words[1] >> 1 & (WAYS - 1)); /* a full set loses any one */
    for (int i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set->words[i][1], memory_order_relaxed) == 0) {
            place = i;
            break;
        }
    }
    atomic_store_explicit(&set->words[place][0], mark->words[0], memory_order_relaxed);
    atomic_store_explicit(&set->words[place][1], mark->words[1], memory_order_relaxed);
}

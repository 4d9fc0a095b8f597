/* SPDX-License-Identifier: Apache-2.0 */
/* Why a hash can stand for the token: its key is 128 random bits of this child, and its values
 * never leave the process. So an attacker can only guess. With 2^20 tokens in the table, one in
 * 2^107 forged tokens would be taken for a known one (one bit of the hash marks used places). Both
 * this and guessing an HMAC-SHA256 are hopeless. Keeping the tokens themselves would take fifty
 * times the memory.
 *
 * Why no lock is needed: the two halves of a place are atomic words, written one after the other. A
 * reader, or a second writer, can see a place that has halves of two tokens. Such a place is one
 * more random value that no token has, and is as hard to guess. */
#include "crypto/jwt/jwt_seen.h"
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
    size_t mask; /* number of sets, which is a power of two, minus 1 */
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
    mark.words[1] |= 1; /* never 0, because 0 marks an empty place */
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
    /* If the set is full, one of its places is overwritten. */
    int place = (int)(mark->words[1] >> 1 & (WAYS - 1));
    for (int i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set->words[i][1], memory_order_relaxed) == 0) {
            place = i;
            break;
        }
    }
    atomic_store_explicit(&set->words[place][0], mark->words[0], memory_order_relaxed);
    atomic_store_explicit(&set->words[place][1], mark->words[1], memory_order_relaxed);
}

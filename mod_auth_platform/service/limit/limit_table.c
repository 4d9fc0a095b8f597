/* SPDX-License-Identifier: Apache-2.0 */
#include "service/limit/limit_table.h"

#define STATE_MASK ((UINT64_C(1) << AUTHP_LIMIT_TABLE_STATE_BITS) - 1)
/* A try fails only if another process has changed the entry meanwhile. Only very many at one key
 * can make so many tries fail. */
#define TRIES 10000

typedef _Atomic uint64_t place_t;

static place_t *bucket_of(authp_limit_table_t *table, uint64_t hash)
{
    return table->words[hash & (AUTHP_LIMIT_TABLE_BUCKETS - 1)];
}

static uint64_t tag_of(uint64_t word)
{
    return word & ~STATE_MASK;
}

/* Returns the first place with `tag`, beginning at `from`. -1 if there is none. An empty place has
 * no tag. */
static int find(place_t *bucket, uint64_t tag, int from)
{
    for (int i = from; i < AUTHP_LIMIT_TABLE_WAYS; i++) {
        uint64_t word = atomic_load(&bucket[i]);
        if (word != 0 && tag_of(word) == tag) {
            return i;
        }
    }
    return -1;
}

/* Returns a place for `tag`: the first empty one, else the one that matters least. Returns -1 if
 * another process has added the tag meanwhile. */
static int choose(place_t *bucket, uint64_t tag, const authp_limit_step_t *step, uint64_t *word)
{
    int chosen = 0;
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < AUTHP_LIMIT_TABLE_WAYS; i++) {
        uint64_t here = atomic_load(&bucket[i]);
        if (here != 0 && tag_of(here) == tag) {
            return -1;
        }
        uint64_t until = here != 0 ? step->until(here & STATE_MASK, step->ctx) : 0;
        if (i == 0 || until < least) {
            chosen = i;
            least = until;
            *word = here;
        }
        if (here == 0) {
            break;
        }
    }
    return chosen;
}

/* Two processes that add the same tag may each have found a place. The one that sees the other's
 * place removes its own. */
static bool is_alone(place_t *bucket, int place, uint64_t word)
{
    int first = find(bucket, tag_of(word), 0);
    bool alone = first == place && find(bucket, tag_of(word), place + 1) < 0;
    return alone || !atomic_compare_exchange_strong(&bucket[place], &word, 0);
}

static bool try_step(place_t *bucket, uint64_t tag, const authp_limit_step_t *step)
{
    int place = find(bucket, tag, 0);
    bool fresh = place < 0;
    uint64_t before = 0;
    if (fresh) {
        place = choose(bucket, tag, step, &before);
    } else {
        before = atomic_load(&bucket[place]);
    }
    if (place < 0 || (!fresh && (before == 0 || tag_of(before) != tag))) {
        return false;
    }
    uint64_t state = fresh ? 0 : before & STATE_MASK;
    uint64_t next = step->next(state, step->ctx) & STATE_MASK;
    if (next == state) {
        return true;
    }
    uint64_t after = next != 0 ? tag | next : 0;
    return atomic_compare_exchange_strong(&bucket[place], &before, after) &&
           (!fresh || is_alone(bucket, place, after));
}

bool authp_limit_table_apply(authp_limit_table_t *table, uint64_t hash,
                             const authp_limit_step_t *step)
{
    place_t *bucket = bucket_of(table, hash);
    for (int i = 0; i < TRIES; i++) {
        if (try_step(bucket, tag_of(hash), step)) {
            return true;
        }
    }
    return false;
}

uint64_t authp_limit_table_read(authp_limit_table_t *table, uint64_t hash)
{
    place_t *bucket = bucket_of(table, hash);
    int place = find(bucket, tag_of(hash), 0);
    if (place < 0) {
        return 0;
    }
    uint64_t word = atomic_load(&bucket[place]);
    return word != 0 && tag_of(word) == tag_of(hash) ? word & STATE_MASK : 0;
}

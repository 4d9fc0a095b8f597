/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live_table/live_tell.h"
#include "base/log.h"
#include "service/live_table/live_layout.h"

static uint32_t roles_there(const authp_live_table_t *table, authp_roles_t roles)
{
    uint32_t there = 0;
    if (table->same_bits) {
        return roles;
    }
    for (int i = 0; i < table->nroles; i++) {
        there |= (roles >> i & 1U) << table->there[i];
    }
    return there;
}

/* Called without the lock, because the lock was not free in time. A round of the poll that is at
 * work does not count afterwards: it may have read before the change. */
static void turn_cold(authp_live_shared_t *shared)
{
    uint64_t state = atomic_load(&shared->state);
    while (!atomic_compare_exchange_weak(&shared->state, &state,
                                         authp_live_layout_next_state(state))) {
    }
    authp_log(AUTHP_LOG_ERROR, "AUTHP0331",
              "the live table could not be written: guarded pages ask the store until it is filled "
              "again");
}

/* The way that has this key, else one whose entry does not matter any more. -1 if there is none. */
static int choose(const live_bucket_t *bucket, const live_key_t *key, uint32_t now_s)
{
    uint64_t tags = live_get(&bucket->tags);
    int found = -1;
    for (int way = 0; way < LIVE_WAYS; way++, tags >>= 8) {
        bool used = (tags & 0xff) != 0;
        if (used && (live_get(&bucket->ways[way][1]) & LIVE_KEY_MASK) == key->word1 &&
            live_get(&bucket->ways[way][0]) == key->word0) {
            return way;
        }
        if (found < 0 && (!used || live_get(&bucket->ways[way][4]) >> 32 < now_s)) {
            found = way;
        }
    }
    return found;
}

static bool is_older(const live_bucket_t *bucket, int way, const uint64_t *words)
{
    return (live_get(&bucket->tags) >> (8 * way) & 0xff) != 0 &&
           live_get(&bucket->ways[way][0]) == words[0] &&
           (live_get(&bucket->ways[way][1]) & LIVE_KEY_MASK) == (words[1] & LIVE_KEY_MASK) &&
           (int64_t)words[2] < (int64_t)live_get(&bucket->ways[way][2]);
}

static void put_words(authp_live_shared_t *shared, const live_key_t *key, const uint64_t *words,
                      uint32_t now_s)
{
    live_bucket_t *bucket = authp_live_layout_bucket(shared, key);
    uint32_t until = (uint32_t)(words[4] >> 32);
    int way = choose(bucket, key, now_s);
    if (way >= 0 && is_older(bucket, way, words)) {
        return;
    }
    uint32_t sequence = authp_live_layout_open_bucket(bucket);
    for (int i = 0; way >= 0 && i < LIVE_WORDS; i++) {
        live_set(&bucket->ways[way][i], words[i]);
    }
    if (way >= 0) {
        uint64_t others = live_get(&bucket->tags) & ~(UINT64_C(0xff) << (8 * way));
        live_set(&bucket->tags, others | (uint64_t)live_tag(key) << (8 * way));
    }
    if (way < 0) {
        if (until > atomic_load_explicit(&bucket->full_until, memory_order_relaxed)) {
            atomic_store_explicit(&bucket->full_until, until, memory_order_relaxed);
        }
        atomic_fetch_add(&shared->dropped, 1);
    }
    authp_live_layout_close_bucket(bucket, sequence);
}

static void put(authp_live_table_t *table, const live_key_t *key, uint64_t *words, authp_ms_t at)
{
    authp_live_shared_t *shared = table->shared;
    /* `at` is the store's time, so it is compared with the store's time. By its own clock, a host
     * that is ahead would treat each change as too old. */
    authp_ms_t now = authp_clock_now(authp_clock_system()) + atomic_load(&shared->clock_offset);
    if (!authp_live_layout_lock(shared)) {
        turn_cold(shared);
        return;
    }
    uint64_t until = (uint64_t)((at + atomic_load(&shared->horizon_ms)) / 1000 + 1);
    words[4] |= until << 32;
    if (LIVE_REALM(atomic_load(&shared->state)) == table->realm && (int64_t)until * 1000 > now) {
        put_words(shared, key, words, (uint32_t)(now / 1000));
    }
    authp_live_layout_unlock(shared);
}

void authp_live_tell_user(authp_live_table_t *table, const authp_live_user_t *user, authp_ms_t at)
{
    live_key_t key = authp_live_layout_key(user->id, LIVE_KIND_USER);
    uint64_t flags = user->email_verified ? LIVE_EMAIL_VERIFIED : 0;
    uint64_t words[LIVE_WORDS] = {key.word0, key.word1 | flags << 8, (uint64_t)user->ver,
                                  (uint64_t)user->min_ver, roles_there(table, user->roles)};
    put(table, &key, words, at);
}

void authp_live_tell_session(authp_live_table_t *table, const char *session_id, authp_ms_t at)
{
    live_key_t key = authp_live_layout_key(session_id, LIVE_KIND_SESSION);
    uint64_t words[LIVE_WORDS] = {key.word0, key.word1, 0, 0, 0};
    put(table, &key, words, at);
}

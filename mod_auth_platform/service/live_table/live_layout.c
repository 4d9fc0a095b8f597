/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live_table/live_layout.h"
#include "base/log.h"

#define WRITER_WAIT_MS 1000

uint32_t authp_live_layout_open_bucket(live_bucket_t *bucket)
{
    uint32_t sequence = atomic_load_explicit(&bucket->sequence, memory_order_relaxed) | 1U;
    atomic_store_explicit(&bucket->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    return sequence;
}

void authp_live_layout_close_bucket(live_bucket_t *bucket, uint32_t sequence)
{
    atomic_store_explicit(&bucket->sequence, sequence + 1, memory_order_release);
}

uint64_t authp_live_layout_next_state(uint64_t state)
{
    uint32_t rounds = (uint32_t)state >> 1;
    return (state & ~(uint64_t)UINT32_MAX) | (uint32_t)((rounds + 1) << 1);
}

/* The state changes before the entries do, so that readers notice it. */
void authp_live_layout_empty(authp_live_shared_t *shared, uint32_t realm)
{
    uint64_t state = atomic_load(&shared->state);
    uint64_t next = 0;
    do { /* turn_cold() changes the state without the lock */
        next = ((uint64_t)realm << 32) | (uint32_t)authp_live_layout_next_state(state);
    } while (!atomic_compare_exchange_weak(&shared->state, &state, next));
    for (uint32_t i = 0; i < shared->nbuckets; i++) {
        live_bucket_t *bucket = &shared->buckets[i];
        uint32_t sequence = authp_live_layout_open_bucket(bucket);
        live_set(&bucket->tags, 0);
        atomic_store_explicit(&bucket->full_until, 0, memory_order_relaxed);
        authp_live_layout_close_bucket(bucket, sequence);
    }
    atomic_store(&shared->clock_known, false);
    atomic_store(&shared->clock_offset, 0);
    shared->round_beat = 0;
    shared->round_began = 0;
    shared->users_newest = shared->sessions_newest = 0;
}

bool authp_live_layout_lock(authp_live_shared_t *shared)
{
    bool died = false;
    if (authp_shm_mutex_lock(&shared->mutex, WRITER_WAIT_MS, &died) != AUTHP_OK) {
        return false;
    }
    if (died) {
        authp_live_layout_empty(shared, LIVE_REALM(atomic_load(&shared->state)));
        authp_log(AUTHP_LOG_WARNING, "AUTHP0334",
                  "a process died while it wrote to the live table: the table is filled again");
    }
    return true;
}

void authp_live_layout_unlock(authp_live_shared_t *shared)
{
    authp_shm_mutex_unlock(&shared->mutex);
}

static uint64_t nibbles(const char *hex, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) {
        unsigned char c = (unsigned char)hex[i];
        value = value << 4 | ((c & 15U) + (c > '9' ? 9U : 0U));
    }
    return value;
}

live_key_t authp_live_layout_key(const char *id, unsigned int kind)
{
    live_key_t key = {nibbles(id, 16), nibbles(id + 16, 8) << 32 | kind};
    return key;
}

live_bucket_t *authp_live_layout_bucket(authp_live_shared_t *shared, const live_key_t *key)
{
    return &shared->buckets[(live_mix(key) >> 32) & (shared->nbuckets - 1)];
}

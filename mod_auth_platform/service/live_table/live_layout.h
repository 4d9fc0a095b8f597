/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_LIVE_LAYOUT_H
#define AUTHP_SERVICE_LIVE_TABLE_LIVE_LAYOUT_H

#include "base/clock.h"
#include "base/shm.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The layout of the live table in shared memory. Children of a newer build read it after a reload.
 * So a change here needs a new number in its name in httpd/retained.c. */
#define LIVE_WAYS 8
#define LIVE_ROLES 32
#define LIVE_ROLE_LEN 32
#define LIVE_STORE_ID_LEN 32

/* An entry has five words, which are copied as a whole under the bucket's sequence:
 *  - 0: the first 8 bytes of the id
 *  - 1: its last 4 bytes, then 8 bits of flags and 8 bits of kind; 0 = empty
 *  - 2: ver
 *  - 3: min_ver
 *  - 4: the time until which the entry matters (seconds), and 32 bits for roles */
#define LIVE_WORDS 5
#define LIVE_KIND_USER 1U
#define LIVE_KIND_SESSION 2U
#define LIVE_EMAIL_VERIFIED 1U

typedef struct live_bucket_t {
    _Atomic uint32_t sequence; /* odd while the bucket is written */
    /* Seconds: until then an entry that is not found may have been left out. */
    _Atomic uint32_t full_until;
    /* One byte for each way, 0 = empty; most searches read only this cache line. */
    _Atomic uint64_t tags;
    _Atomic uint64_t ways[LIVE_WAYS][LIVE_WORDS];
} live_bucket_t;

/* The state word: realm (32 bits, which change with the store and the roles), number of emptyings
 * (31), warm (1). */
#define LIVE_WARM UINT64_C(1)
#define LIVE_REALM(state) ((uint32_t)((state) >> 32))

typedef struct authp_live_shared_t {
    _Atomic uint64_t state;
    _Atomic int64_t news_at; /* monotonic ms at which the last complete round began */
    _Atomic int64_t worst_ms;
    /* In the store's time, ms: the table has every change since then. */
    _Atomic int64_t covered_from;
    /* How long a change matters, in ms: the longest life of a token, and a margin. */
    _Atomic int64_t horizon_ms;
    _Atomic int64_t dropped;
    _Atomic int64_t clock_offset; /* ms that the store's clock is ahead of this host's */
    _Atomic bool clock_known;
    pthread_mutex_t mutex; /* taken by writers; guards what follows, too */
    uint32_t nbuckets;     /* a power of two */
    unsigned char store_id[LIVE_STORE_ID_LEN];
    int nroles;
    char roles[LIVE_ROLES][LIVE_ROLE_LEN + 1]; /* name -> bit; only appended to within one realm */
    int64_t round_began;
    int64_t round_beat; /* 0 = no round is at work */
    pid_t round_pid;    /* the process of the round */
    authp_ms_t users_newest;
    authp_ms_t sessions_newest;
    live_bucket_t buckets[];
} authp_live_shared_t;

typedef struct authp_live_table_t {
    authp_live_shared_t *shared;
    uint32_t realm;
    int64_t max_lag_ms;
    bool same_bits; /* each role has the same bit here and in the table */
    int nroles;
    unsigned char there[LIVE_ROLES]; /* bit of a role here -> its bit in the table */
} authp_live_table_t;

typedef struct live_key_t {
    uint64_t word0;
    uint64_t word1; /* with the kind, without the flags */
} live_key_t;

#define LIVE_KEY_MASK UINT64_C(0xffffffff000000ff)

static inline uint64_t live_get(const _Atomic uint64_t *word)
{
    return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)word, memory_order_relaxed);
}

static inline void live_set(_Atomic uint64_t *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

static inline uint64_t live_mix(const live_key_t *key)
{
    return (key->word0 ^ key->word1 * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
}

static inline unsigned int live_tag(const live_key_t *key)
{
    return ((unsigned int)(live_mix(key) >> 25) | 0x80U) & 0xffU;
}

/* `id` is 24 hex digits; callers have checked that. */
live_key_t authp_live_layout_key(const char *id, unsigned int kind);
live_bucket_t *authp_live_layout_bucket(authp_live_shared_t *shared, const live_key_t *key);
/* Both are called with the mutex held. Readers skip a bucket that is open. */
uint32_t authp_live_layout_open_bucket(live_bucket_t *bucket);
void authp_live_layout_close_bucket(live_bucket_t *bucket, uint32_t sequence);
/* Drops all entries and assigns the table to `realm`. Called with the mutex held. */
void authp_live_layout_empty(authp_live_shared_t *shared, uint32_t realm);
/* Takes the mutex. False if that was not possible in time. If the holder died while it wrote, the
 * table is emptied. */
bool authp_live_layout_lock(authp_live_shared_t *shared);
void authp_live_layout_unlock(authp_live_shared_t *shared);
/* The next state: one emptying more, and cold. */
uint64_t authp_live_layout_next_state(uint64_t state);

#endif

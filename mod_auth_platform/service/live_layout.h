/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_LAYOUT_H
#define AUTHP_SERVICE_LIVE_LAYOUT_H

#include "base/shm.h"
#include "service/live_table.h"

#include <stdatomic.h>

/* How the live table lies in shared memory. Children of a newer build read it after a reload: a
 * change here needs a new number in the name that httpd/retained.c keeps it under. */
#define LIVE_WAYS 8
#define LIVE_ROLES 32
#define LIVE_ROLE_LEN 32

/* Five words, copied as a whole under the bucket's sequence:
 *   0  the first 8 bytes of the id
 *   1  its last 4 bytes, then 8 bits each of kind and flags; 0 = empty
 *   2  ver   3  min_ver
 *   4  until when it matters (seconds), and 32 role bits */
#define LIVE_WORDS 5
#define LIVE_KIND_USER 1U
#define LIVE_KIND_SESSION 2U
#define LIVE_EMAIL_VERIFIED 1U

typedef struct live_bucket_t {
    _Atomic uint32_t sequence;   /* odd while it is written */
    _Atomic uint32_t full_until; /* seconds: until then what is not found may have been left out */
    _Atomic uint64_t tags; /* a byte for each way, 0 = empty: most searches end with this line */
    _Atomic uint64_t ways[LIVE_WAYS][LIVE_WORDS];
} live_bucket_t;

/* realm (32 bits: of which store and roles the table speaks), round of emptying (31), warm (1) */
#define LIVE_WARM UINT64_C(1)
#define LIVE_REALM(state) ((uint32_t)((state) >> 32))

struct authp_live_shared_t {
    _Atomic uint64_t state;
    _Atomic int64_t news_at; /* monotonic ms at which the last complete round began */
    _Atomic int64_t worst_ms;
    _Atomic int64_t covered_from; /* the store's time, ms: every change since then has been put */
    _Atomic int64_t
        horizon_ms; /* how long a change matters: the longest life of a token, and more */
    _Atomic int64_t dropped;
    _Atomic int64_t clock_offset; /* ms that the store's clock is ahead */
    _Atomic bool clock_known;
    pthread_mutex_t mutex; /* writers; guards what follows too */
    uint32_t nbuckets;     /* a power of two */
    unsigned char store_id[AUTHP_LIVE_STORE_ID_LEN];
    int nroles;
    char roles[LIVE_ROLES][LIVE_ROLE_LEN + 1]; /* append-only within one realm: name -> bit */
    int64_t round_began;
    int64_t round_beat; /* 0 = none is under way */
    pid_t round_pid;    /* whose it is */
    authp_ms_t users_newest;
    authp_ms_t sessions_newest;
    live_bucket_t buckets[];
};

struct authp_live_table_t {
    authp_live_shared_t *shared;
    uint32_t realm;
    int64_t max_lag_ms;
    bool same_bits; /* roles have the same bits here and there */
    int nroles;
    unsigned char there[LIVE_ROLES]; /* our bit -> the table's */
};

typedef struct live_key_t {
    uint64_t word0;
    uint64_t word1; /* with the kind, without flags */
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

/* live_table.c. `id` is 24 hex digits: claims and rows are checked before they come here. */
live_key_t authp_live_key(const char *id, unsigned int kind);
live_bucket_t *authp_live_bucket(authp_live_shared_t *shared, const live_key_t *key);
/* Under the mutex: a bucket between these two is not read. */
uint32_t authp_live_open_bucket(live_bucket_t *bucket);
void authp_live_close_bucket(live_bucket_t *bucket, uint32_t sequence);
/* False if it could not be had in time. Of a holder that died nobody knows what it had begun: the
 * table is emptied then. */
bool authp_live_lock(authp_live_shared_t *shared);
void authp_live_unlock(authp_live_shared_t *shared);
/* The same state, one round of emptying later and cold. */
uint64_t authp_live_next_state(uint64_t state);

#endif

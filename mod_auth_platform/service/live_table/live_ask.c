/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live_table/live_ask.h"
#include "service/live_table/live_layout.h"

/* Near the end of the horizon the table may have forgotten changes. So tokens must be younger than
 * the horizon by this much. */
#define TOO_OLD_MS 60000
/* The iat of a valid token is the time of the host that issued it. It may differ from this host's
 * time by this much. */
#define SKEW_MS 30000
#define READ_TRIES 1000

static authp_roles_t roles_here(const authp_live_table_t *table, uint32_t there)
{
    authp_roles_t here = 0;
    if (table->same_bits) {
        return table->nroles < LIVE_ROLES ? there & ((1U << table->nroles) - 1) : there;
    }
    for (int i = 0; i < table->nroles; i++) {
        here |= (there >> table->there[i] & 1U) << i;
    }
    return here;
}

typedef struct live_found_t {
    bool found;
    bool sure; /* false: the entry may have been left out, or was being written at each try */
    uint64_t words[LIVE_WORDS];
} live_found_t;

static void search(const live_bucket_t *bucket, const live_key_t *key, uint32_t now_s,
                   live_found_t *out)
{
    uint64_t tags = live_get(&bucket->tags);
    out->found = false;
    for (int way = 0; tags != 0 && !out->found; way++, tags >>= 8) {
        out->found = (tags & 0xff) == live_tag(key) &&
                     (live_get(&bucket->ways[way][1]) & LIVE_KEY_MASK) == key->word1 &&
                     live_get(&bucket->ways[way][0]) == key->word0;
        for (int i = 0; out->found && i < LIVE_WORDS; i++) {
            out->words[i] = live_get(&bucket->ways[way][i]);
        }
    }
    out->sure =
        out->found || atomic_load_explicit((_Atomic uint32_t *)(uintptr_t)&bucket->full_until,
                                           memory_order_relaxed) < now_s;
}

static live_found_t look_up(authp_live_shared_t *shared, const live_key_t *key, uint32_t now_s)
{
    live_found_t out = {false, false, {0}};
    live_bucket_t *bucket = authp_live_layout_bucket(shared, key);
    for (int i = 0; i < READ_TRIES; i++) {
        uint32_t before = atomic_load_explicit(&bucket->sequence, memory_order_acquire);
        search(bucket, key, now_s, &out);
        atomic_thread_fence(memory_order_acquire);
        if ((before & 1U) == 0 &&
            atomic_load_explicit(&bucket->sequence, memory_order_relaxed) == before) {
            return out;
        }
    }
    out.found = out.sure = false; /* the process that writes it has died or sleeps */
    return out;
}

/* True if the table has every change since `known`. Both times are in the store's time. */
static bool covers(const authp_live_table_t *table, uint64_t state, int64_t known, authp_ms_t now)
{
    const authp_live_shared_t *shared = table->shared;
    authp_live_shared_t *at = (authp_live_shared_t *)(uintptr_t)shared;
    return (state & LIVE_WARM) != 0 && LIVE_REALM(state) == table->realm &&
           known >= atomic_load_explicit(&at->covered_from, memory_order_relaxed) + SKEW_MS &&
           known >=
               now - atomic_load_explicit(&at->horizon_ms, memory_order_relaxed) + TOO_OLD_MS &&
           authp_clock_now(authp_clock_monotonic()) -
                   atomic_load_explicit(&at->news_at, memory_order_relaxed) <=
               table->max_lag_ms;
}

authp_live_verdict_t authp_live_ask(const authp_live_table_t *table,
                                    const authp_live_query_t *query, authp_ms_t now,
                                    authp_live_facts_t *facts, bool *newer)
{
    authp_live_shared_t *shared = table->shared;
    /* The times of entries are in the store's time. */
    int64_t ahead = atomic_load_explicit(&shared->clock_offset, memory_order_relaxed);
    uint32_t now_s = (uint32_t)((now + ahead) / 1000);
    live_key_t session_key = authp_live_layout_key(query->session_id, LIVE_KIND_SESSION);
    live_key_t user_key = authp_live_layout_key(query->user_id, LIVE_KIND_USER);
    uint64_t state = atomic_load_explicit(&shared->state, memory_order_acquire);
    *newer = false;
    if (LIVE_REALM(state) != table->realm) {
        return AUTHP_LIVE_UNKNOWN;
    }
    live_found_t session = look_up(shared, &session_key, now_s);
    live_found_t user = look_up(shared, &user_key, now_s);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&shared->state, memory_order_relaxed) != state) {
        return AUTHP_LIVE_UNKNOWN; /* the table was emptied or filled meanwhile */
    }
    if (session.found || (user.found && query->ver < (int64_t)user.words[3])) {
        return AUTHP_LIVE_DEAD;
    }
    if (user.found && query->ver < (int64_t)user.words[2]) {
        facts->ver = (int64_t)user.words[2];
        facts->roles = roles_here(table, (uint32_t)user.words[4]);
        facts->email_verified = (user.words[1] >> 8 & LIVE_EMAIL_VERIFIED) != 0;
        *newer = true;
    }
    if (!session.sure || !user.sure ||
        !covers(table, state, query->known_at * 1000 + ahead, now + ahead)) {
        return AUTHP_LIVE_UNKNOWN;
    }
    return *newer ? AUTHP_LIVE_CHANGED : AUTHP_LIVE_GOOD;
}

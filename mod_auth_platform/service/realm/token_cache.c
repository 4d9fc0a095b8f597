/* SPDX-License-Identifier: Apache-2.0 */
#include "service/realm/token_cache.h"
#include "base/id.h"
#include "base/pages.h"

#include <stdatomic.h>
#include <string.h>

#define WORD sizeof(uint64_t)
#define SLOT_WORDS                                                                                 \
    128 /* 1 KB, for a token of up to 640 bytes with its principal; longer ones are not cached */
#define WAYS 2

/* The beginning of a slot. The texts and the token follow. */
typedef struct entry_t {
    int64_t not_before;
    uint16_t token_len;
    uint16_t text_len; /* length of the texts of the principal, each with its NUL */
    uint16_t email_at; /* offset in the texts; 0: none */
    uint16_t name_at;
    uint16_t username_at;
    uint16_t phone_at;
    uint16_t prf_at;
    authp_principal_t principal; /* the reader sets its strings */
} entry_t;

#define ENTRY_WORDS (sizeof(entry_t) / WORD)
#define ROOM ((SLOT_WORDS - 1 - ENTRY_WORDS) * WORD)
#define SESSION_AT (AUTHP_ID_LEN + 1)
#define TEXTS_AT (2 * SESSION_AT)

_Static_assert(sizeof(entry_t) % WORD == 0, "is copied by words");
_Static_assert(ROOM <= UINT16_MAX, "lengths fit");

/* A slot consists of atomic words only, so that it can be read while another thread writes it.
 * `turn` is odd while the slot is written. If `turn` has not changed during a read, the words that
 * were read belong together. */
typedef struct slot_t {
    _Atomic uint64_t turn; /* 0: the slot was never used */
    _Atomic uint64_t words[SLOT_WORDS - 1];
} slot_t;

/* A short description of a slot, which tells whether reading the slot is worthwhile. The tags fit
 * into the processor's cache, and the slots do not. A tag may be out of date. */
typedef struct tag_t {
    _Atomic uint64_t hash;
    _Atomic int64_t written; /* seconds; 0: never */
} tag_t;

struct authp_token_cache_t {
    uint64_t key[2];
    size_t mask; /* number of sets, which is a power of two, minus 1 */
    slot_t *slots;
    tag_t *tags;
};

typedef union image_t {
    entry_t entry;
    uint64_t words[ENTRY_WORDS];
} image_t;

static size_t words_of(size_t bytes)
{
    return (bytes + WORD - 1) / WORD;
}

authp_err_t authp_token_cache_make(size_t bytes, const authp_random_t *random,
                                   authp_token_cache_t **out, apr_pool_t *pool)
{
    size_t sets = 1;
    void *slots = NULL;
    void *tags = NULL;
    while (sets * 2 * WAYS * sizeof(slot_t) <= bytes) {
        sets *= 2;
    }
    authp_err_t err = authp_pages_make(sets * WAYS * sizeof(slot_t), &slots, pool);
    if (err == AUTHP_OK) {
        err = authp_pages_make(sets * WAYS * sizeof(tag_t), &tags, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    authp_token_cache_t *cache = apr_palloc(pool, sizeof(*cache));
    *cache = (authp_token_cache_t){.mask = sets - 1, .slots = slots, .tags = tags};
    authp_random_fill(random, (unsigned char *)cache->key, sizeof(cache->key));
    *out = cache;
    return AUTHP_OK;
}

/* The end of a signature is as good as random. A client cannot choose it without the signing key.
 * The cache's own key prevents a client with many tokens from choosing the slots that they take. */
static uint64_t hash_of(const authp_token_cache_t *cache, const char *token, size_t len)
{
    uint64_t words[2];
    memcpy(words, token + len - sizeof(words), sizeof(words));
    uint64_t hash = (words[0] ^ cache->key[0]) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 32 ^ words[1] ^ cache->key[1]) * UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

/* The number of the first slot that may hold the token. The other ways follow it. */
static size_t set_of(const authp_token_cache_t *cache, uint64_t hash)
{
    return (hash & cache->mask) * WAYS;
}

static void load(const _Atomic uint64_t *from, uint64_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
    }
}

/* Compares in constant time. Otherwise a client that measures times could find out a token step by
 * step. */
static bool same(const _Atomic uint64_t *held, const char *token, size_t len)
{
    uint64_t difference = 0;
    uint64_t words[4];
    for (; len >= sizeof(words); len -= sizeof(words), token += sizeof(words), held += 4) {
        memcpy(words, token, sizeof(words));
        difference |= words[0] ^ atomic_load_explicit(&held[0], memory_order_relaxed);
        difference |= words[1] ^ atomic_load_explicit(&held[1], memory_order_relaxed);
        difference |= words[2] ^ atomic_load_explicit(&held[2], memory_order_relaxed);
        difference |= words[3] ^ atomic_load_explicit(&held[3], memory_order_relaxed);
    }
    memset(words, 0, sizeof(words));
    memcpy(words, token, len);
    for (size_t i = 0; i < words_of(len); i++) {
        difference |= words[i] ^ atomic_load_explicit(&held[i], memory_order_relaxed);
    }
    return difference == 0;
}

static const char *text_at(const char *texts, uint16_t offset)
{
    return offset != 0 ? texts + offset : NULL;
}

/* Reads the slot if it has that token. The texts are copied before it is known whether they belong
 * to the rest, so their length is checked first. */
static bool read_slot(const slot_t *slot, const char *token, size_t len, authp_token_hit_t *out,
                      apr_pool_t *pool)
{
    image_t image = {.words = {0}};
    uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
    if (turn % 2 != 0) {
        return false;
    }
    load(slot->words, image.words, ENTRY_WORDS);
    const entry_t *entry = &image.entry;
    size_t text_words = words_of(entry->text_len);
    const _Atomic uint64_t *texts = slot->words + ENTRY_WORDS;
    if (turn == 0 || entry->token_len != len || text_words * WORD + words_of(len) * WORD > ROOM ||
        !same(texts + text_words, token, len)) {
        return false;
    }
    uint64_t *copied = apr_palloc(pool, text_words * WORD);
    load(texts, copied, text_words);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&slot->turn, memory_order_relaxed) != turn) {
        return false;
    }
    const char *text = (const char *)copied;
    out->not_before = entry->not_before;
    out->principal = entry->principal;
    out->principal.user_id = text;
    out->principal.session_id = text + SESSION_AT;
    out->principal.email = text_at(text, entry->email_at);
    out->principal.name = text_at(text, entry->name_at);
    out->principal.username = text_at(text, entry->username_at);
    out->principal.phone = text_at(text, entry->phone_at);
    out->principal.prf = text_at(text, entry->prf_at);
    return true;
}

bool authp_token_cache_find(const authp_token_cache_t *cache, const char *token, size_t len,
                            authp_token_hit_t *out, apr_pool_t *pool)
{
    if (len < 2 * WORD || len > ROOM) {
        return false;
    }
    uint64_t hash = hash_of(cache, token, len);
    size_t set = set_of(cache, hash);
    for (size_t i = set; i < set + WAYS; i++) {
        if (atomic_load_explicit(&cache->tags[i].hash, memory_order_relaxed) == hash &&
            read_slot(&cache->slots[i], token, len, out, pool)) {
            return true;
        }
    }
    return false;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The words of a slot without `turn`, on the writer's stack. */
typedef struct draft_t {
    uint64_t words[SLOT_WORDS - 1];
    size_t used; /* bytes after the entry */
} draft_t;

static bool append(draft_t *draft, const char *bytes, size_t len)
{
    if (len > ROOM - draft->used) {
        return false;
    }
    memcpy((char *)(draft->words + ENTRY_WORDS) + draft->used, bytes, len);
    draft->used += len;
    return true;
}

static void align(draft_t *draft)
{
    static const char zeros[WORD] = {0};
    /* Always fits, because ROOM is a multiple of WORD. */
    (void)append(draft, zeros, words_of(draft->used) * WORD - draft->used);
}

/* *at gets the offset of the text. 0 if there is none. */
static bool append_text(draft_t *draft, const char *text, uint16_t *at)
{
    *at = text != NULL ? (uint16_t)draft->used : 0;
    return text == NULL || append(draft, text, strlen(text) + 1);
}

static bool compose(draft_t *draft, const char *token, size_t len, const authp_token_hit_t *hit)
{
    image_t image;
    memset(&image, 0, sizeof(image));
    entry_t *entry = &image.entry;
    entry->not_before = hit->not_before;
    entry->token_len = (uint16_t)len;
    entry->principal = hit->principal;
    draft->used = 0;
    if (!append(draft, hit->principal.user_id, SESSION_AT) ||
        !append(draft, hit->principal.session_id, SESSION_AT) ||
        !append_text(draft, hit->principal.email, &entry->email_at) ||
        !append_text(draft, hit->principal.name, &entry->name_at) ||
        !append_text(draft, hit->principal.username, &entry->username_at) ||
        !append_text(draft, hit->principal.phone, &entry->phone_at) ||
        !append_text(draft, hit->principal.prf, &entry->prf_at)) {
        return false;
    }
    entry->text_len = (uint16_t)draft->used;
    align(draft);
    if (!append(draft, token, len)) {
        return false;
    }
    align(draft);
    memcpy(draft->words, image.words, sizeof(image.words));
    return true;
}

/* Chooses the slot of the set for this token: the one with its hash, else the one that was written
 * longest ago. False if that one has another token and was written in this second. */
static bool choose(const authp_token_cache_t *cache, uint64_t hash, int64_t now, size_t *out)
{
    size_t set = set_of(cache, hash);
    size_t chosen = set;
    int64_t oldest = INT64_MAX;
    bool own = false;
    for (size_t i = set; i < set + WAYS; i++) {
        int64_t written = atomic_load_explicit(&cache->tags[i].written, memory_order_relaxed);
        own = atomic_load_explicit(&cache->tags[i].hash, memory_order_relaxed) == hash;
        if (own || written < oldest) {
            oldest = written;
            chosen = i;
        }
        if (own) {
            break;
        }
    }
    *out = chosen;
    return own || oldest != now;
}

/* False if another thread writes the slot. The next request may try again. */
static bool write_slot(slot_t *slot, const draft_t *draft)
{
    uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_relaxed);
    if (turn % 2 != 0 ||
        !atomic_compare_exchange_strong_explicit(&slot->turn, &turn, turn + 1, memory_order_acquire,
                                                 memory_order_relaxed)) {
        return false;
    }
    atomic_thread_fence(memory_order_release);
    for (size_t i = 0; i < ENTRY_WORDS + draft->used / WORD; i++) {
        atomic_store_explicit(&slot->words[i], draft->words[i], memory_order_relaxed);
    }
    atomic_store_explicit(&slot->turn, turn + 2, memory_order_release);
    return true;
}

void authp_token_cache_put(authp_token_cache_t *cache, const char *token, size_t len,
                           const authp_token_hit_t *hit, int64_t now)
{
    draft_t draft;
    size_t chosen = 0;
    if (len < 2 * WORD || len > ROOM) {
        return;
    }
    uint64_t hash = hash_of(cache, token, len);
    if (choose(cache, hash, now, &chosen) && compose(&draft, token, len, hit) &&
        write_slot(&cache->slots[chosen], &draft)) {
        atomic_store_explicit(&cache->tags[chosen].hash, hash, memory_order_relaxed);
        atomic_store_explicit(&cache->tags[chosen].written, now, memory_order_relaxed);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/limit/limit.h"
#include "base/shm.h"
#include "crypto/digest.h"
#include "service/limit/limit_impl.h"
#include "service/limit/limit_network.h"

#include <string.h>

/* A state is a due time in these ticks. 44 bits of them are 34 years. */
#define TICKS_PER_MS 16
#define REFRESH_FACTOR 10

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words shared by processes must be lock-free");

authp_err_t authp_limit_shared_make(const authp_clock_t *clock, const authp_random_t *random,
                                    authp_limit_shared_t **out)
{
    void *memory = NULL;
    authp_err_t err = authp_shm_make(sizeof(authp_limit_shared_t), &memory);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_limit_shared_t *shared = memory;
    authp_random_fill(random, shared->key, sizeof(shared->key));
    shared->began = authp_clock_now(clock);
    *out = shared;
    return AUTHP_OK;
}

authp_limits_t *authp_limit_make(authp_limit_shared_t *shared, const authp_settings_t *settings,
                                 const authp_clock_t *clock, apr_pool_t *pool)
{
    authp_limits_t *limits = apr_pcalloc(pool, sizeof(*limits));
    limits->shared = shared;
    limits->clock = clock;
    limits->rates[AUTHP_LIMIT_CREDENTIAL] = settings->limit_address;
    limits->rates[AUTHP_LIMIT_REGISTER] = settings->limit_register;
    limits->rates[AUTHP_LIMIT_REFRESH] = settings->limit_address;
    limits->rates[AUTHP_LIMIT_REFRESH].count *= REFRESH_FACTOR;
    limits->account = settings->limit_account;
    return limits;
}

/* The client that a counter belongs to. */
typedef struct subject_t {
    authp_limit_class_t class;
    char kind; /* 'a' for an address, 'd' for a device */
    unsigned char network[AUTHP_LIMIT_NETWORK_MOST];
    const void *bytes;
    size_t len;
} subject_t;

/* A text that is no address counts as it is. */
static void of_address(subject_t *subject, const char *ip)
{
    const char *text = ip != NULL ? ip : "";
    subject->kind = 'a';
    subject->bytes = subject->network;
    subject->len = authp_limit_network(text, subject->network);
    if (subject->len == 0) {
        subject->bytes = text;
        subject->len = strlen(text);
    }
}

static authp_err_t hash_of(const authp_limits_t *limits, const subject_t *subject, uint64_t *out)
{
    unsigned char sum[AUTHP_SHA256_LEN];
    const char what[] = {(char)subject->class, subject->kind};
    const authp_bytes_t parts[] = {{what, sizeof(what)}, {subject->bytes, subject->len}};
    authp_err_t err =
        authp_digest_hmac(limits->shared->key, sizeof(limits->shared->key), parts, 2, sum);
    if (err == AUTHP_OK) {
        memcpy(out, sum, sizeof(*out));
    }
    return err;
}

typedef struct rate_t {
    uint64_t now;
    uint64_t cost;  /* ticks that one request adds to the due time */
    uint64_t ahead; /* how far the due time may lie in the future */
    uint64_t wait;  /* result: 0, or ticks until there is room */
} rate_t;

static rate_t rate_of(const authp_limits_t *limits, authp_limit_class_t class)
{
    const authp_rate_t *rate = &limits->rates[class];
    uint64_t cost = (uint64_t)rate->seconds * 1000 * TICKS_PER_MS / (uint64_t)rate->count;
    cost = cost > 0 ? cost : 1;
    return (rate_t){.now = authp_limit_now(limits) * TICKS_PER_MS,
                    .cost = cost,
                    .ahead = cost * (uint64_t)rate->count};
}

/* The due time that counts now: not in the past, and not later than the present settings allow. */
static uint64_t due(const rate_t *rate, uint64_t state)
{
    uint64_t most = rate->now + rate->ahead;
    return state < rate->now ? rate->now : state > most ? most : state;
}

static uint64_t take_one(uint64_t state, void *ctx)
{
    rate_t *rate = ctx;
    uint64_t next = due(rate, state) + rate->cost;
    uint64_t most = rate->now + rate->ahead;
    rate->wait = next > most ? next - most : 0;
    return rate->wait > 0 ? state : next;
}

static uint64_t give_one(uint64_t state, void *ctx)
{
    const rate_t *rate = ctx;
    uint64_t at = due(rate, state);
    return at > rate->now + rate->cost ? at - rate->cost : 0;
}

/* A due time further in the future means more requests, so that entry is kept longer. */
static uint64_t until(uint64_t state, const void *ctx)
{
    (void)ctx;
    return state;
}

static authp_err_t take(const authp_limits_t *limits, const subject_t *subject, int *retry_after)
{
    uint64_t hash = 0;
    authp_err_t err = hash_of(limits, subject, &hash);
    if (err != AUTHP_OK) {
        return err;
    }
    rate_t rate = rate_of(limits, subject->class);
    const authp_limit_step_t step = {take_one, until, &rate};
    if (!authp_limit_table_apply(&limits->shared->clients, hash, &step)) {
        rate.wait = 1;
    }
    if (rate.wait == 0) {
        return AUTHP_OK;
    }
    const uint64_t second = (uint64_t)1000 * TICKS_PER_MS;
    *retry_after = (int)((rate.wait + second - 1) / second);
    return AUTHP_E_RATE_LIMITED;
}

authp_err_t authp_limit_take_address(const authp_limits_t *limits, authp_limit_class_t class,
                                     const char *ip, int *retry_after)
{
    subject_t subject = {.class = class};
    if (limits == NULL) {
        return AUTHP_OK;
    }
    of_address(&subject, ip);
    return take(limits, &subject, retry_after);
}

authp_err_t authp_limit_take_device(const authp_limits_t *limits, authp_limit_class_t class,
                                    const void *id, size_t len, int *retry_after)
{
    const subject_t subject = {.class = class, .kind = 'd', .bytes = id, .len = len};
    return limits != NULL ? take(limits, &subject, retry_after) : AUTHP_OK;
}

void authp_limit_give_address(const authp_limits_t *limits, authp_limit_class_t class,
                              const char *ip)
{
    subject_t subject = {.class = class};
    uint64_t hash = 0;
    if (limits == NULL) {
        return;
    }
    of_address(&subject, ip);
    if (hash_of(limits, &subject, &hash) == AUTHP_OK) {
        rate_t rate = rate_of(limits, class);
        const authp_limit_step_t step = {give_one, until, &rate};
        /* If this fails because of many concurrent requests, the client has one request less for a
         * while. */
        (void)authp_limit_table_apply(&limits->shared->clients, hash, &step);
    }
}

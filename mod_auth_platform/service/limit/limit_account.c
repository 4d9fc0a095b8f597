/* SPDX-License-Identifier: Apache-2.0 */
#include "service/limit/limit_account.h"
#include "service/limit/limit_impl.h"

/* A state is a count in the upper bits and the time of the latest attempt in the lower ones. The
 * time is in sixteenths of a second, which last 34 years. */
#define TICKS_PER_S 16
#define TIME_BITS 34
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define MOST_COUNT ((UINT64_C(1) << (AUTHP_LIMIT_TABLE_STATE_BITS - TIME_BITS)) - 1)

typedef struct rule_t {
    uint64_t now;
    uint64_t free; /* number of attempts before delays begin */
    uint64_t window;
    authp_limit_attempt_t attempt; /* result of begin(); input of cancel() */
    uint64_t count;                /* this and the next: input of learn() */
    uint64_t last;
} rule_t;

static rule_t rule_of(const authp_limits_t *limits)
{
    return (rule_t){.now = authp_limit_now(limits) * TICKS_PER_S / 1000,
                    .free = (uint64_t)limits->account.count,
                    .window = (uint64_t)limits->account.seconds * TICKS_PER_S};
}

static uint64_t pack(uint64_t count, uint64_t last)
{
    return (count < MOST_COUNT ? count : MOST_COUNT) << TIME_BITS | (last & TIME_MASK);
}

static uint64_t count_of(uint64_t state)
{
    return state >> TIME_BITS;
}

/* When the next attempt may come: a second after the latest one, and twice as long after each
 * further one. */
static uint64_t ready(const rule_t *rule, uint64_t state)
{
    uint64_t count = count_of(state);
    uint64_t last = state & TIME_MASK;
    if (count < rule->free) {
        return last;
    }
    uint64_t doubled = count - rule->free;
    uint64_t delay = doubled < TIME_BITS ? (uint64_t)TICKS_PER_S << doubled : rule->window;
    return last + (delay < rule->window ? delay : rule->window);
}

static uint64_t forgotten(const rule_t *rule, uint64_t state)
{
    return ready(rule, state) + rule->window;
}

static uint64_t live(const rule_t *rule, uint64_t state)
{
    return state != 0 && rule->now < forgotten(rule, state) ? state : 0;
}

static uint64_t until(uint64_t state, const void *ctx)
{
    return forgotten(ctx, state);
}

static uint64_t begin(uint64_t state, void *ctx)
{
    rule_t *rule = ctx;
    authp_limit_attempt_t *attempt = &rule->attempt;
    uint64_t before = live(rule, state);
    uint64_t at = before != 0 ? ready(rule, before) : 0;
    *attempt = (authp_limit_attempt_t){.before = before};
    if (before != 0 && count_of(before) >= rule->free && rule->now < at) {
        attempt->retry_after = (int)((at - rule->now + TICKS_PER_S - 1) / TICKS_PER_S);
        return state;
    }
    attempt->after = pack(count_of(before) + 1, rule->now);
    attempt->count = (int)count_of(attempt->after);
    return attempt->after;
}

static uint64_t clear(uint64_t state, void *ctx)
{
    (void)state, (void)ctx;
    return 0;
}

/* Restores the state before the attempt. If other attempts have come since, only the count is
 * lowered by one. */
static uint64_t cancel(uint64_t state, void *ctx)
{
    const rule_t *rule = ctx;
    if (state == rule->attempt.after) {
        return live(rule, rule->attempt.before);
    }
    uint64_t count = count_of(live(rule, state));
    return count > 1 ? pack(count - 1, state & TIME_MASK) : 0;
}

static uint64_t learn(uint64_t state, void *ctx)
{
    const rule_t *rule = ctx;
    uint64_t known = live(rule, state);
    uint64_t last = known & TIME_MASK;
    if (known != 0 && count_of(known) >= rule->count) {
        return known;
    }
    return live(rule, pack(rule->count, last > rule->last ? last : rule->last));
}

static bool apply(const authp_limits_t *limits, uint64_t hash,
                  uint64_t (*next)(uint64_t state, void *ctx), rule_t *rule)
{
    const authp_limit_step_t step = {next, until, rule};
    return authp_limit_table_apply(&limits->shared->accounts, hash, &step);
}

bool authp_limit_account_known(const authp_limits_t *limits, uint64_t hash)
{
    const rule_t rule = rule_of(limits);
    return live(&rule, authp_limit_table_read(&limits->shared->accounts, hash)) != 0;
}

authp_err_t authp_limit_account_begin(const authp_limits_t *limits, uint64_t hash,
                                      authp_limit_attempt_t *out)
{
    rule_t rule = rule_of(limits);
    if (!apply(limits, hash, begin, &rule)) {
        rule.attempt.retry_after = 1;
    }
    *out = rule.attempt;
    return rule.attempt.retry_after > 0 ? AUTHP_E_RATE_LIMITED : AUTHP_OK;
}

void authp_limit_account_clear(const authp_limits_t *limits, uint64_t hash)
{
    rule_t rule = rule_of(limits);
    (void)apply(limits, hash, clear, &rule);
}

void authp_limit_account_cancel(const authp_limits_t *limits, uint64_t hash,
                                const authp_limit_attempt_t *attempt)
{
    rule_t rule = rule_of(limits);
    rule.attempt = *attempt;
    (void)apply(limits, hash, cancel, &rule);
}

void authp_limit_account_learn(const authp_limits_t *limits, uint64_t hash, int64_t count,
                               int64_t age_ms)
{
    rule_t rule = rule_of(limits);
    uint64_t age = age_ms > 0 ? (uint64_t)age_ms * TICKS_PER_S / 1000 : 0;
    if (count < 1) {
        return;
    }
    rule.count = count < (int64_t)MOST_COUNT ? (uint64_t)count : MOST_COUNT;
    rule.last = age < rule.now ? rule.now - age : 0;
    (void)apply(limits, hash, learn, &rule);
}

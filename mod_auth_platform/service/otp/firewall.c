/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/firewall.h"

#include "base/log.h"
#include "service/limit/limit_network.h"
#include "service/otp/otp_code.h"
#include "service/phone/phone.h"

#include <apr_strings.h>
#include <string.h>

#define SECOND ((int64_t)1000)
#define DAY (86400 * SECOND)
#define DATE_LEN 10
#define ANY_NUMBER 1000000000 /* for what is counted without a limit */
#define COUNTS 7

/* One limit that a code must pass. */
typedef struct count_t {
    const char *limit; /* the setting; NULL: it only counts */
    const char *key;
    int64_t most;
    int64_t window_ms;
    bool day; /* it ends with the day */
} count_t;

/* The limits of one code. */
typedef struct counts_t {
    const authp_realm_t *realm;
    authp_ms_t now;
    int count;
    count_t at[COUNTS];
    apr_pool_t *pool;
} counts_t;

static int64_t half(int64_t most)
{
    return (most + 1) / 2;
}

static bool for_administrators(authp_otp_purpose_t purpose)
{
    return purpose == AUTHP_OTP_ADMIN_REGISTER || purpose == AUTHP_OTP_ADMIN_LOGIN;
}

static const char *day_of(authp_ms_t now, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, authp_clock_rfc3339(now, pool), DATE_LEN);
}

/* The key of what is counted for a whole day. It needs no secret, and so it stays the same when
 * JWT_SECRET_KEY changes. */
static authp_err_t day_key(const char *what, authp_ms_t now, const char **out, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, "otp ", what, " ", day_of(now, pool), NULL);
    return authp_digest_sha256_hex(text, strlen(text), out, pool);
}

/* Adds a limit if *err is AUTHP_OK. `text` is what the kind of limit is counted by. */
static void add(counts_t *counts, authp_err_t *err, const char *kind, const char *text,
                count_t limit)
{
    unsigned char network[AUTHP_LIMIT_NETWORK_MOST];
    const void *bytes = text != NULL ? text : "";
    size_t len = strlen(bytes);
    if (strcmp(kind, "address") == 0 && authp_limit_network(text, network) > 0) {
        len = authp_limit_network(text, network);
        bytes = network;
    }
    if (*err == AUTHP_OK) {
        *err = authp_otp_code_hash(counts->realm, kind, bytes, len, &limit.key, counts->pool);
    }
    if (*err == AUTHP_OK) {
        counts->at[counts->count++] = limit;
    }
}

static void add_day(counts_t *counts, authp_err_t *err, const char *what, count_t limit)
{
    limit.day = true;
    limit.window_ms = DAY;
    if (*err == AUTHP_OK) {
        *err = day_key(what, counts->now, &limit.key, counts->pool);
    }
    if (*err == AUTHP_OK) {
        counts->at[counts->count++] = limit;
    }
}

static count_t limit_of(const char *name, const authp_rate_t *rate, bool only_half)
{
    return (count_t){.limit = name,
                     .most = only_half ? half(rate->count) : rate->count,
                     .window_ms = rate->seconds * SECOND};
}

/* The limits of all numbers and of all numbers of a prefix. */
static void add_shared(counts_t *counts, authp_err_t *err, const authp_otp_request_t *request)
{
    const authp_settings_t *s = counts->realm->settings;
    const char *prefix = authp_phone_prefix(s, request->phone, counts->pool);
    if (for_administrators(request->purpose)) {
        add_day(counts, err, "administrators", (count_t){.most = ANY_NUMBER});
        return;
    }
    /* A number with an account passes as many counts as a stranger, two of them without a limit, so
     * that the time of an answer does not tell which numbers have an account. */
    bool known = request->known;
    add_day(
        counts, err, known ? "customers" : "strangers",
        (count_t){.limit = "OTP_BUDGET_DAY", .most = known ? ANY_NUMBER : half(s->otp_budget_day)});
    count_t prefixed = limit_of("OTP_LIMIT_PREFIX", &s->otp_limit_prefix, true);
    prefixed.most = known ? ANY_NUMBER : prefixed.most;
    add(counts, err, known ? "customers" : "strangers", prefix, prefixed);
    add_day(counts, err, "all", (count_t){.limit = "OTP_BUDGET_DAY", .most = s->otp_budget_day});
    add(counts, err, "prefix", prefix, limit_of("OTP_LIMIT_PREFIX", &s->otp_limit_prefix, false));
}

static authp_err_t list(counts_t *counts, const authp_otp_request_t *request, const char *ip)
{
    static const authp_rate_t pause = {1, AUTHP_FIREWALL_PAUSE_SECONDS};
    const authp_settings_t *s = counts->realm->settings;
    authp_err_t err = AUTHP_OK;
    /* What refuses most of a flood comes first, and what has a row for each number last. So a
     * refused request costs few operations, and leaves no rows of made-up numbers. */
    add(counts, &err, "address", ip, limit_of("OTP_LIMIT_ADDRESS", &s->otp_limit_address, false));
    add_shared(counts, &err, request);
    add(counts, &err, "pause", request->phone, limit_of("OTP_LIMIT_PHONE", &pause, false));
    add(counts, &err, "phone", request->phone,
        limit_of("OTP_LIMIT_PHONE", &s->otp_limit_phone, false));
    return err;
}

/* Gives back what was counted before a later limit refused. If the store does not answer, the
 * counts stay too high until their windows are over, which costs nothing. */
static void give_back(const counts_t *counts, int taken)
{
    for (int i = 0; i < taken; i++) {
        authp_err_t err = authp_store_tally_give(counts->realm->store, counts->at[i].key,
                                                 counts->now, counts->pool);
        (void)err;
    }
}

/* True for the first call with `what` on a day, over all hosts. */
static bool first_today(const counts_t *counts, const char *what)
{
    authp_tally_t once = {.most = 1, .window_ms = DAY, .now = counts->now};
    authp_tallied_t tallied = {0};
    return day_key(what, counts->now, &once.key, counts->pool) == AUTHP_OK &&
           authp_store_tally_take(counts->realm->store, &once, &tallied, counts->pool) == AUTHP_OK;
}

/* Logs the end of the budget. If strangers come to the end of their half first, the error is about
 * them, and the end of the whole budget is a warning, so that there is one error a day. */
static void tell_of_budget(const counts_t *counts, const count_t *limit)
{
    const char *day = day_of(counts->now, counts->pool);
    int64_t budget = counts->realm->settings->otp_budget_day;
    bool all = limit->most == budget;
    if (!first_today(counts, all ? "said all" : "said half")) {
        return;
    }
    bool first = first_today(counts, "said");
    if (first && !all) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0370",
                  "numbers without an account get no more one-time codes on %s (UTC): "
                  "%" APR_INT64_T_FMT " were sent to such numbers, which is half of "
                  "OTP_BUDGET_DAY=%" APR_INT64_T_FMT,
                  day, limit->most, budget);
    } else if (all) {
        authp_log(first ? AUTHP_LOG_ERROR : AUTHP_LOG_WARNING, "AUTHP0371",
                  "no more one-time codes are sent on %s (UTC), except to administrators: "
                  "OTP_BUDGET_DAY=%" APR_INT64_T_FMT " codes were sent",
                  day, budget);
    }
}

static int seconds_until(authp_ms_t until, authp_ms_t now)
{
    int64_t seconds = (until - now + SECOND - 1) / SECOND;
    return seconds > 1 ? (int)seconds : 1;
}

static void refuse(const counts_t *counts, const count_t *limit, authp_ms_t until,
                   authp_firewall_refusal_t *refusal)
{
    authp_ms_t end = limit->day ? (counts->now / DAY + 1) * DAY : until;
    refusal->limit = limit->limit;
    refusal->retry_after = seconds_until(end, counts->now);
    if (limit->day) {
        tell_of_budget(counts, limit);
    }
}

authp_err_t authp_firewall_take(const authp_realm_t *realm, const authp_otp_request_t *request,
                                const char *ip, authp_firewall_refusal_t *refusal, apr_pool_t *pool)
{
    counts_t counts = {.realm = realm, .now = authp_realm_now(realm), .pool = pool};
    if (!realm->settings->limits) {
        return AUTHP_OK;
    }
    authp_err_t err = list(&counts, request, ip);
    for (int i = 0; i < counts.count && err == AUTHP_OK; i++) {
        const count_t *limit = &counts.at[i];
        const authp_tally_t tally = {.key = limit->key,
                                     .most = limit->most,
                                     .window_ms = limit->window_ms,
                                     .now = counts.now};
        authp_tallied_t tallied = {0};
        err = authp_store_tally_take(realm->store, &tally, &tallied, pool);
        if (err != AUTHP_OK) {
            give_back(&counts, i);
        }
        if (err == AUTHP_E_CONFLICT) {
            refuse(&counts, limit, tallied.until, refusal);
            return AUTHP_E_RATE_LIMITED;
        }
    }
    return err;
}

authp_err_t authp_firewall_check(const authp_realm_t *realm, const char *phone,
                                 authp_firewall_refusal_t *refusal, apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    authp_tallied_t tallied = {0};
    const char *key = NULL;
    if (!realm->settings->limits) {
        return AUTHP_OK;
    }
    authp_err_t err = authp_otp_code_hash(realm, "locked", phone, strlen(phone), &key, pool);
    if (err == AUTHP_OK) {
        err = authp_store_tally_get(realm->store, key, now, &tallied, pool);
    }
    if (err == AUTHP_E_NOT_FOUND || (err == AUTHP_OK && tallied.count == 0)) {
        return AUTHP_OK;
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (tallied.until > now + 2 * realm->settings->otp_limit_wrong.seconds * SECOND) {
        return AUTHP_OK; /* a clock was ahead; as in tally_take() */
    }
    refusal->limit = "OTP_LIMIT_WRONG";
    refusal->retry_after = seconds_until(tallied.until, now);
    return AUTHP_E_RATE_LIMITED;
}

/* Counts one under `kind` and number in a window of OTP_LIMIT_WRONG. */
static authp_err_t take_wrong(const authp_realm_t *realm, const char *kind, const char *phone,
                              int64_t most, authp_tallied_t *out, apr_pool_t *pool)
{
    authp_tally_t tally = {.most = most,
                           .window_ms = realm->settings->otp_limit_wrong.seconds * SECOND,
                           .now = authp_realm_now(realm)};
    authp_err_t err = authp_otp_code_hash(realm, kind, phone, strlen(phone), &tally.key, pool);
    return err == AUTHP_OK ? authp_store_tally_take(realm->store, &tally, out, pool) : err;
}

authp_err_t authp_firewall_wrong(const authp_realm_t *realm, const char *phone, bool *locked,
                                 apr_pool_t *pool)
{
    const int64_t most = realm->settings->otp_limit_wrong.count;
    authp_tallied_t tallied = {0};
    if (!realm->settings->limits) {
        return AUTHP_OK;
    }
    authp_err_t err = take_wrong(realm, "wrong", phone, most, &tallied, pool);
    if ((err == AUTHP_OK && tallied.count < most) || (err != AUTHP_OK && err != AUTHP_E_CONFLICT)) {
        return err;
    }
    /* Also after a conflict: whoever counted the last one may have died before it locked. */
    err = take_wrong(realm, "locked", phone, 1, &tallied, pool);
    *locked = err == AUTHP_OK;
    return err == AUTHP_E_CONFLICT ? AUTHP_OK : err;
}

static authp_err_t count_today(const authp_realm_t *realm, const char *what, int64_t *out,
                               apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    authp_tallied_t tallied = {0};
    const char *key = NULL;
    authp_err_t err = day_key(what, now, &key, pool);
    if (err == AUTHP_OK) {
        err = authp_store_tally_get(realm->store, key, now, &tallied, pool);
    }
    if (err != AUTHP_OK && err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    *out = tallied.count;
    return AUTHP_OK;
}

authp_err_t authp_firewall_spending(const authp_realm_t *realm, authp_spending_t *out,
                                    apr_pool_t *pool)
{
    int64_t budget = realm->settings->otp_budget_day;
    authp_spending_t spending = {.day = day_of(authp_realm_now(realm), pool),
                                 .budget = budget,
                                 .strangers_most = half(budget)};
    authp_err_t err = count_today(realm, "all", &spending.spent, pool);
    if (err == AUTHP_OK) {
        err = count_today(realm, "strangers", &spending.strangers_spent, pool);
    }
    if (err == AUTHP_OK) {
        err = count_today(realm, "administrators", &spending.administrators, pool);
    }
    if (err == AUTHP_OK) {
        *out = spending;
    }
    return err;
}

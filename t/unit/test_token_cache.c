/* SPDX-License-Identifier: Apache-2.0 */
/* Remembered tokens: a cache hit gives exactly the result of verification, for any text, time and
 * number of threads. A token that did not verify is never remembered. */
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "crypto/jwt/jwt_impl.h"
#include "fixture.h"
#include "service/realm/token_cache.h"
#include "suite.h"

#define TOKENS 48
#define SMALL 4096 /* two slots and 128 marks, so entries are replaced all the time */
#define LARGE 262144
#define THREADS 8
static fixture_t f;
static authp_realm_t *plain; /* a realm without caches */
static const char *tokens[TOKENS];
static uint64_t state;

static uint64_t dice(uint64_t sides)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % sides;
}

static const char *letters(char first, size_t len)
{
    char *text = apr_pcalloc(f.pool, len + 1);
    for (size_t i = 0; i < len; i++) {
        text[i] = (char)('a' + ((size_t)first + i) % 26);
    }
    return text;
}

/* Issues a token for person `n`. Texts and roles differ, and some are absent. */
static const char *issue(int n)
{
    static const char *const roles[] = {"candidate", "recruiter", "admin"};
    int expires_in = 0;
    const char *token = NULL;
    authp_user_t user = {.email = n % 5 == 1 ? NULL : letters((char)n, 3 + dice(40)),
                         .name = n % 7 == 2 ? NULL : letters((char)(n + 1), dice(50)),
                         .username = n % 4 == 0 ? letters('u', 3 + dice(9)) : NULL,
                         .phone = n % 6 == 1 ? letters('+', 10) : NULL,
                         .email_verified = n % 2 == 0,
                         .is_recruiter_verified = n % 3 == 0,
                         .ver = n,
                         .roles = apr_array_make(f.pool, 3, sizeof(const char *))};
    authp_session_t session = {.auth_time = authp_clock_now(f.realm->clock) - n * 1000,
                               .expires_at = FAKE_CLOCK_START + INT64_C(86400000) * 90};
    const authp_token_order_t order = {
        .user = &user, .session = &session, .terms = n % 3 == 0 ? &fixture_terms : NULL};
    for (int i = 0; i < 3; i++) {
        if ((n >> i & 1) != 0) {
            APR_ARRAY_PUSH(user.roles, const char *) = roles[i];
        }
    }
    apr_snprintf(user.id.hex, sizeof(user.id.hex), "%024x", n);
    apr_snprintf(session.id.hex, sizeof(session.id.hex), "%024x", 0xabc000 + n);
    ck_assert_int_eq(authp_token_issue(f.realm, &order, &token, &expires_in, f.pool), AUTHP_OK);
    return token;
}

static void open_with(size_t bytes)
{
    state = 1;
    fixture_open(&f);
    f.settings->access_token_minutes = 15;
    ck_assert_int_eq(authp_realm_make(f.settings, &plain, f.pool), AUTHP_OK);
    plain->clock = f.realm->clock;
    ck_assert_int_eq(authp_realm_remember(f.realm, bytes, f.pool), AUTHP_OK);
    ck_assert_ptr_nonnull(f.realm->token_cache);
    ck_assert_ptr_nonnull(f.realm->jwt->seen);
    for (int i = 0; i < TOKENS; i++) {
        tokens[i] = issue(i);
    }
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void set_up(void)
{
    open_with(LARGE);
}

static bool is_kept(const char *token)
{
    authp_token_hit_t hit;
    return authp_token_cache_find(f.realm->token_cache, token, strlen(token), &hit, f.pool);
}

static bool is_seen(const char *token)
{
    authp_jwt_mark_t mark = authp_jwt_seen_mark(f.realm->jwt->seen, token, strlen(token));
    return authp_jwt_seen_has(f.realm->jwt->seen, &mark);
}

static void expect_same(const authp_principal_t *a, const authp_principal_t *b)
{
    ck_assert_str_eq(a->user_id, b->user_id);
    ck_assert_str_eq(a->session_id, b->session_id);
    ck_assert_pstr_eq(a->email, b->email);
    ck_assert_pstr_eq(a->name, b->name);
    ck_assert_pstr_eq(a->username, b->username);
    ck_assert_pstr_eq(a->phone, b->phone);
    ck_assert_pstr_eq(a->prf, b->prf);
    ck_assert(a->email_verified == b->email_verified);
    ck_assert(a->roles == b->roles && a->role == b->role);
    /* All members from `ver` on, also later ones, without the padding before it. */
    const size_t from = offsetof(authp_principal_t, ver);
    ck_assert_mem_eq((const char *)a + from, (const char *)b + from, sizeof(*a) - from);
}

/* Verifies a copy that ends with its block, so that ASan sees any read beyond it. */
static authp_err_t verify(const authp_realm_t *realm, const char *token, authp_principal_t *out)
{
    size_t len = strlen(token);
    memset(out, 0, sizeof(*out));
    return authp_token_verify(realm, apr_pmemdup(f.pool, token, len), len, out, f.pool);
}

static authp_err_t expect_same_verdict(const char *token)
{
    authp_principal_t fresh;
    authp_principal_t remembered;
    authp_err_t err = verify(plain, token, &fresh);
    ck_assert_int_eq(verify(f.realm, token, &remembered), err);
    if (err == AUTHP_OK || err == AUTHP_E_TOKEN_EXPIRED) {
        expect_same(&fresh, &remembered);
    } else {
        ck_assert_ptr_null(remembered.user_id);
    }
    return err;
}

/* Returns a text that is no valid token, sometimes almost one. */
static const char *bent(void)
{
    static const char any[] = "ABCabc019-_.=+/ ";
    char *one = apr_pstrdup(f.pool, tokens[dice(TOKENS)]);
    const char *other = tokens[dice(TOKENS)];
    size_t len = strlen(one);
    char *dot = strrchr(one, '.');
    switch (dice(7)) {
    case 0: /* the same signature with another payload */
        return apr_pstrcat(f.pool,
                           apr_pstrmemdup(f.pool, other, (size_t)(strrchr(other, '.') - other)),
                           dot, NULL);
    case 1: /* only the end is the same */
        one[dice((uint64_t)(dot - one))] = any[dice(sizeof(any) - 1)];
        return one;
    case 2:
        one[dice(len)] = '\0';
        return one;
    case 3:
        return apr_pstrcat(f.pool, one, "A", NULL);
    case 4:
        return one + dice(40);
    case 5: /* changes the bits that the last character does not use */
        one[len - 1] = (char)(one[len - 1] + 1);
        return one;
    default:
        one[dice(len)] = any[dice(sizeof(any) - 1)];
        return one;
    }
}

START_TEST(hit_is_miss)
{
    int hits = 0;
    int counts[3] = {0};
    tear_down();
    open_with(_i == 0 ? SMALL : LARGE);
    for (int i = 0; i < 20000; i++) {
        const char *token = dice(3) == 0 ? bent() : tokens[dice(TOKENS)];
        hits += is_kept(token);
        authp_err_t err = expect_same_verdict(token);
        counts[err == AUTHP_OK ? 0 : err == AUTHP_E_TOKEN_EXPIRED ? 1 : 2]++;
        if (dice(50) == 0) {
            fake_clock_advance(&f.clock, ((int64_t)dice(400) - 190) * 1000);
        }
        if (dice(20) == 0) {
            tokens[dice(TOKENS)] = issue((int)dice(1000));
        }
    }
    ck_assert_int_gt(hits, _i == 0 ? 300 : 5000);
    ck_assert_int_gt(counts[0], 4000);
    ck_assert_int_gt(counts[1], 500);
    ck_assert_int_gt(counts[2], 4000);
}
END_TEST

START_TEST(repeated_is_found)
{
    for (int i = 0; i < TOKENS; i++) {
        fake_clock_advance(&f.clock, 1000); /* earlier entries may have been replaced */
        ck_assert(!is_seen(tokens[i]) && !is_kept(tokens[i]));
        ck_assert_int_eq(expect_same_verdict(tokens[i]), AUTHP_OK);
        ck_assert(is_seen(tokens[i]) && is_kept(tokens[i]));
        ck_assert_int_eq(expect_same_verdict(tokens[i]), AUTHP_OK);
    }
}
END_TEST

/* Text that is refused is never remembered, even if it resembles a remembered token. */
START_TEST(forged_is_never_kept)
{
    for (int i = 0; i < TOKENS; i++) {
        ck_assert_int_eq(expect_same_verdict(tokens[i]), AUTHP_OK);
    }
    for (int i = 0; i < 5000; i++) {
        const char *token = bent();
        if (expect_same_verdict(token) == AUTHP_E_TOKEN_INVALID) {
            ck_assert(!is_kept(token) && !is_seen(token));
            ck_assert_int_eq(expect_same_verdict(token), AUTHP_E_TOKEN_INVALID);
        }
    }
}
END_TEST

START_TEST(times_are_looked_at_again)
{
    ck_assert_int_eq(expect_same_verdict(tokens[3]), AUTHP_OK);
    fake_clock_advance(&f.clock, 15 * 60 * 1000 - 1);
    ck_assert(is_kept(tokens[3]));
    ck_assert_int_eq(expect_same_verdict(tokens[3]), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(expect_same_verdict(tokens[3]), AUTHP_E_TOKEN_EXPIRED);
    /* The clock was set back. */
    fake_clock_advance(&f.clock, -(15 * 60 + AUTHP_JWT_SKEW) * 1000);
    ck_assert_int_eq(expect_same_verdict(tokens[3]), AUTHP_OK);
    fake_clock_advance(&f.clock, -1000);
    ck_assert(is_kept(tokens[3]));
    ck_assert_int_eq(expect_same_verdict(tokens[3]), AUTHP_E_TOKEN_INVALID);
}
END_TEST

/* A token is valid from the later one of its two times on. After the clock was set back, a
 * remembered token must be judged like one that is not remembered. */
START_TEST(both_beginnings_are_looked_at)
{
    const int64_t now = authp_clock_now(f.realm->clock) / 1000;
    const authp_claims_t claims = {.sub = "aaaaaaaaaaaaaaaaaaaaaaaa",
                                   .sid = "bbbbbbbbbbbbbbbbbbbbbbbb",
                                   .jti = "AAAAAAAAAAAAAAAAAAAAAA",
                                   .iat = now - (_i == 0 ? 0 : 600),
                                   .nbf = now - (_i == 0 ? 600 : 0),
                                   .exp = now + 900,
                                   .auth_time = now - 600,
                                   .ver = 1};
    const char *token = NULL;
    ck_assert_int_eq(authp_jwt_build(f.realm->jwt, &claims, &token, f.pool), AUTHP_OK);
    ck_assert_int_eq(expect_same_verdict(token), AUTHP_OK);
    ck_assert(is_kept(token));
    fake_clock_advance(&f.clock, -(AUTHP_JWT_SKEW + 1) * 1000);
    ck_assert_int_eq(expect_same_verdict(token), AUTHP_E_TOKEN_INVALID);
}
END_TEST

/* The token had expired before it was first seen, so it is not kept. */
START_TEST(expired_is_not_kept)
{
    fake_clock_advance(&f.clock, 15 * 60 * 1000);
    ck_assert_int_eq(expect_same_verdict(tokens[3]), AUTHP_E_TOKEN_EXPIRED);
    ck_assert(!is_kept(tokens[3]));
    ck_assert(is_seen(tokens[3]));
}
END_TEST

START_TEST(too_long_for_a_slot)
{
    int expires_in = 0;
    const char *token = NULL;
    authp_session_t session = {.id = {"bbbbbbbbbbbbbbbbbbbbbbbb"},
                               .expires_at = FAKE_CLOCK_START + 100000000};
    authp_user_t user = {.id = {"aaaaaaaaaaaaaaaaaaaaaaaa"},
                         .roles = apr_array_make(f.pool, 1, sizeof(const char *))};
    const authp_token_order_t order = {.user = &user, .session = &session};
    int kept = 0;
    for (size_t len = 1; len <= 400; len++) {
        fake_clock_advance(&f.clock, 1000);
        user.name = letters('a', len);
        ck_assert_int_eq(authp_token_issue(f.realm, &order, &token, &expires_in, f.pool), AUTHP_OK);
        ck_assert_int_eq(expect_same_verdict(token), AUTHP_OK);
        ck_assert_int_eq(expect_same_verdict(token), AUTHP_OK);
        ck_assert(is_seen(token));
        kept += is_kept(token);
    }
    ck_assert_int_gt(kept, 100);
    ck_assert_int_lt(kept, 300);
}
END_TEST

/* --- many threads --- */

static void *hammer(void *ctx)
{
    const int first = *(const int *)ctx;
    apr_pool_t *pool = NULL;
    uint64_t wrong = 0;
    apr_pool_create(&pool, f.pool);
    for (int i = 0; i < 6000; i++) {
        int n = (first * 7 + i * 5) % TOKENS;
        authp_principal_t who = {0};
        bool forged = i % 9 == 0;
        char *token = apr_pstrdup(pool, tokens[n]);
        token[70] = (char)(forged ? token[70] ^ 1 : token[70]);
        /* The second changes, so that slots are replaced all the time. */
        fake_clock_advance(&f.clock, i % 2 == 0 ? 1000 : -1000);
        authp_err_t err = authp_token_verify(f.realm, token, strlen(token), &who, pool);
        wrong += err != (forged ? AUTHP_E_TOKEN_INVALID : AUTHP_OK);
        if (err == AUTHP_OK) {
            wrong += who.ver != n || apr_strtoi64(who.user_id, NULL, 16) != n ||
                     apr_strtoi64(who.session_id, NULL, 16) != 0xabc000 + n ||
                     (who.name == NULL) != (n % 7 == 2) ||
                     (who.name != NULL && who.name[0] != '\0' && who.name[0] != 'a' + (n + 1) % 26);
        }
        apr_pool_clear(pool);
    }
    return (void *)(uintptr_t)wrong;
}

START_TEST(threads_agree)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    tear_down();
    open_with(_i == 0 ? SMALL : LARGE);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

/* More tokens than slots are used in turn within a second: the first ones stay. After the second
 * others may replace them. */
START_TEST(a_slot_is_kept_for_a_second)
{
    int kept = 0;
    tear_down();
    open_with(SMALL);
    for (int round = 0; round < 3; round++) {
        int there = 0;
        for (int i = 0; i < TOKENS; i++) {
            ck_assert_int_eq(expect_same_verdict(tokens[i]), AUTHP_OK);
            there += is_kept(tokens[i]);
        }
        ck_assert_int_ge(there, 1);
        ck_assert_int_le(there, 2);
        kept = there;
    }
    ck_assert_int_eq(kept, is_kept(tokens[0]) + is_kept(tokens[1]) + is_kept(tokens[2]));
    fake_clock_advance(&f.clock, 1000);
    ck_assert_int_eq(expect_same_verdict(tokens[TOKENS - 1]), AUTHP_OK);
    ck_assert(is_kept(tokens[TOKENS - 1]));
}
END_TEST

START_TEST(off_is_off)
{
    authp_realm_t *off = NULL;
    ck_assert_int_eq(authp_realm_make(f.settings, &off, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_realm_remember(off, 0, f.pool), AUTHP_OK);
    ck_assert_ptr_null(off->token_cache);
    ck_assert_ptr_null(off->jwt->seen);
}
END_TEST

Suite *suite_token_cache(void)
{
    Suite *suite = suite_create("token_cache");
    TCase *cache = tcase_create("cache");
    tcase_add_checked_fixture(cache, set_up, tear_down);
    tcase_set_timeout(cache, 60);
    tcase_add_loop_test(cache, hit_is_miss, 0, 2);
    tcase_add_test(cache, repeated_is_found);
    tcase_add_test(cache, forged_is_never_kept);
    tcase_add_test(cache, times_are_looked_at_again);
    tcase_add_loop_test(cache, both_beginnings_are_looked_at, 0, 2);
    tcase_add_test(cache, expired_is_not_kept);
    tcase_add_test(cache, too_long_for_a_slot);
    tcase_add_loop_test(cache, threads_agree, 0, 2);
    tcase_add_test(cache, a_slot_is_kept_for_a_second);
    tcase_add_test(cache, off_is_off);
    suite_add_tcase(suite, cache);
    return suite;
}

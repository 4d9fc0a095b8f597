/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a refresh token and the decision about it, without a store. */
#include <stdio.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "suite.h"

#include "base/b64url.h"
#include "service/session/refresh_rules.h"
#include "service/session/refresh_token.h"

static apr_pool_t *pool;
static authp_keys_t *present;
static authp_keys_t *rolled;  /* has another present key, and the first one as previous key */
static authp_keys_t *foreign; /* has neither key */

static authp_keys_t *make_keys(const char *now, const char *before)
{
    authp_keys_t *keys = NULL;
    authp_secret_t *previous =
        before != NULL ? authp_secret_make(before, strlen(before), pool) : NULL;
    ck_assert_int_eq(
        authp_keys_make(authp_secret_make(now, strlen(now), pool), previous, &keys, pool),
        AUTHP_OK);
    return keys;
}

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    present = make_keys("first-key-first-key-first-key-first-key", NULL);
    rolled = make_keys("other-key-other-key-other-key-other-key",
                       "first-key-first-key-first-key-first-key");
    foreign = make_keys("third-key-third-key-third-key-third-key", NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static authp_session_t a_session(void)
{
    authp_session_t session = {.id = {"0123456789abcdef01234567"}};
    memset(session.salt, 0x5A, sizeof(session.salt));
    return session;
}

static const char *make(const authp_session_t *session, int64_t generation)
{
    const char *text = NULL;
    ck_assert_int_eq(authp_refresh_token_make(present, session, generation, &text, pool), AUTHP_OK);
    return text;
}

START_TEST(text_round_trip)
{
    static const int64_t generations[] = {0, 1, 255, 256, INT64_C(0x0102030405060708), INT64_MAX};
    const authp_session_t session = a_session();
    for (size_t i = 0; i < sizeof(generations) / sizeof(generations[0]); i++) {
        const char *text = make(&session, generations[i]);
        authp_refresh_token_t token;
        ck_assert_uint_eq(strlen(text), AUTHP_REFRESH_TOKEN_LEN);
        ck_assert_int_eq(authp_refresh_token_parse(text, &token), AUTHP_OK);
        ck_assert_str_eq(token.sid.hex, session.id.hex);
        ck_assert(token.generation == generations[i]);
        ck_assert_int_eq(authp_refresh_token_check(present, &token, &session), AUTHP_OK);
        ck_assert_int_eq(authp_refresh_token_check(rolled, &token, &session), AUTHP_OK);
        ck_assert_int_eq(authp_refresh_token_check(foreign, &token, &session),
                         AUTHP_E_REFRESH_INVALID);
    }
}
END_TEST

START_TEST(text_layout)
{
    unsigned char bytes[52];
    const authp_session_t session = a_session();
    const char *text = make(&session, 258);
    ck_assert_int_eq(authp_b64url_decode(text, strlen(text), bytes), AUTHP_OK);
    static const unsigned char head[20] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
                                           0xef, 0x01, 0x23, 0x45, 0x67, 0,    0,
                                           0,    0,    0,    0,    1,    2};
    ck_assert_mem_eq(bytes, head, sizeof(head));
}
END_TEST

START_TEST(text_refused)
{
    authp_refresh_token_t token;
    const authp_session_t session = a_session();
    const char *text = make(&session, 7);
    char *copy = apr_pstrdup(pool, text);
    ck_assert_int_eq(authp_refresh_token_parse(NULL, &token), AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(authp_refresh_token_parse("", &token), AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(authp_refresh_token_parse(apr_pstrcat(pool, text, "A", NULL), &token),
                     AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(authp_refresh_token_parse(apr_pstrcat(pool, text, "==", NULL), &token),
                     AUTHP_E_REFRESH_INVALID);
    for (size_t len = 0; len < strlen(text); len++) {
        ck_assert_int_eq(authp_refresh_token_parse(apr_pstrmemdup(pool, text, len), &token),
                         AUTHP_E_REFRESH_INVALID);
    }
    static const char bad[] = "+/= .%\n\x80";
    for (size_t i = 0; i < sizeof(bad) - 1; i++) {
        copy[30] = bad[i];
        ck_assert_int_eq(authp_refresh_token_parse(copy, &token), AUTHP_E_REFRESH_INVALID);
    }
}
END_TEST

/* 52 bytes leave 4 unused bits in the last character. A text that differs only in these bits is
 * refused. */
START_TEST(text_one_spelling)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const authp_session_t session = a_session();
    const char *text = make(&session, 7);
    char *copy = apr_pstrdup(pool, text);
    int parsed = 0;
    int accepted = 0;
    for (size_t i = 0; i < sizeof(alphabet) - 1; i++) {
        authp_refresh_token_t token;
        copy[AUTHP_REFRESH_TOKEN_LEN - 1] = alphabet[i];
        if (authp_refresh_token_parse(copy, &token) == AUTHP_OK) {
            parsed++;
            accepted += authp_refresh_token_check(present, &token, &session) == AUTHP_OK;
        }
    }
    ck_assert_int_eq(parsed, 4);
    ck_assert_int_eq(accepted, 1);
}
END_TEST

START_TEST(generation_out_of_range)
{
    unsigned char bytes[52] = {0};
    authp_refresh_token_t token;
    bytes[12] = 0x80;
    const char *text = authp_b64url_encode(bytes, sizeof(bytes), pool);
    ck_assert_int_eq(authp_refresh_token_parse(text, &token), AUTHP_E_REFRESH_INVALID);
    bytes[12] = 0x7F;
    text = authp_b64url_encode(bytes, sizeof(bytes), pool);
    ck_assert_int_eq(authp_refresh_token_parse(text, &token), AUTHP_OK);
}
END_TEST

/* The tag covers every part: salt, session id, generation. The tag itself is tested too. */
START_TEST(tag_covers_all)
{
    authp_session_t session = a_session();
    authp_refresh_token_t token;
    ck_assert_int_eq(authp_refresh_token_parse(make(&session, 7), &token), AUTHP_OK);
    authp_refresh_token_t changed = token;
    changed.generation = 8;
    ck_assert_int_eq(authp_refresh_token_check(present, &changed, &session),
                     AUTHP_E_REFRESH_INVALID);
    for (size_t i = 0; i < sizeof(token.tag); i++) {
        changed = token;
        changed.tag[i] ^= 1;
        ck_assert_int_eq(authp_refresh_token_check(present, &changed, &session),
                         AUTHP_E_REFRESH_INVALID);
    }
    session.salt[31] ^= 1;
    ck_assert_int_eq(authp_refresh_token_check(present, &token, &session), AUTHP_E_REFRESH_INVALID);
    session = a_session();
    session.id.hex[23] = '8';
    ck_assert_int_eq(authp_refresh_token_check(present, &token, &session), AUTHP_E_REFRESH_INVALID);
}
END_TEST

/* --- the decision, cell by cell
 * ------------------------------------------------------------------ */
#define NOW INT64_C(1000000)
#define GRACE 10 /* seconds */
#define GENERATION 5

/* A session that has ended or expired refuses every token. So the table below is only about live
 * ones. */
typedef struct state_t {
    authp_ms_t ended_at;
    authp_ms_t expires_at;
    authp_ms_t absolute_expires_at;
    bool live;
} state_t;

static const state_t states[] = {
    {0, NOW + 1, NOW + 1, true},        {0, NOW + 1, NOW + 2, true}, {0, NOW, NOW + 1000, false},
    {0, NOW - 1, NOW + 1000, false},    {0, NOW + 1000, NOW, false}, {0, NOW, NOW, false},
    {5, NOW + 1000, NOW + 1000, false}, {5, NOW, NOW, false},
};

typedef struct distance_t {
    int64_t generation;
    authp_ms_t since; /* time since the rotation */
    int grace;
    authp_refresh_action_t action; /* the decision for a live session */
} distance_t;

static const distance_t distances[] = {
    {5, 0, GRACE, AUTHP_REFRESH_ADVANCE},
    {5, 99999, GRACE, AUTHP_REFRESH_ADVANCE},
    {6, 0, GRACE, AUTHP_REFRESH_REFUSE},
    {INT64_MAX, 0, GRACE, AUTHP_REFRESH_REFUSE},
    {4, 0, GRACE, AUTHP_REFRESH_REPEAT},
    {4, 10000, GRACE, AUTHP_REFRESH_REPEAT},
    {4, 10001, GRACE, AUTHP_REFRESH_THEFT},
    {4, -3000, GRACE, AUTHP_REFRESH_REPEAT}, /* the host that rotated has a clock that is ahead */
    {4, 0, 0, AUTHP_REFRESH_THEFT},          /* the grace time is 0 */
    {4, -1, 0, AUTHP_REFRESH_THEFT},
    {3, 0, GRACE, AUTHP_REFRESH_THEFT},
    {0, 0, GRACE, AUTHP_REFRESH_THEFT},
};

START_TEST(decision)
{
    const distance_t *distance = &distances[_i];
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const authp_session_t row = {.generation = GENERATION,
                                     .rotated_at = NOW - distance->since,
                                     .ended_at = states[i].ended_at,
                                     .expires_at = states[i].expires_at,
                                     .absolute_expires_at = states[i].absolute_expires_at};
        ck_assert_int_eq(
            authp_refresh_rules_decide(&row, distance->generation, NOW, distance->grace),
            states[i].live ? distance->action : AUTHP_REFRESH_REFUSE);
    }
}
END_TEST

Suite *suite_refresh_rules(void)
{
    Suite *suite = suite_create("refresh_rules");
    TCase *text = tcase_create("text");
    tcase_add_checked_fixture(text, set_up, tear_down);
    tcase_add_test(text, text_round_trip);
    tcase_add_test(text, text_layout);
    tcase_add_test(text, text_refused);
    tcase_add_test(text, text_one_spelling);
    tcase_add_test(text, generation_out_of_range);
    tcase_add_test(text, tag_covers_all);
    suite_add_tcase(suite, text);
    TCase *rules = tcase_create("decision");
    tcase_add_loop_test(rules, decision, 0, sizeof(distances) / sizeof(distances[0]));
    suite_add_tcase(suite, rules);
    return suite;
}

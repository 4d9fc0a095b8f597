/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens as the service issues and reads them; no store. */
#include <string.h>

#include <apr_strings.h>

#include "fixture.h"
#include "suite.h"

static fixture_t f;
static authp_user_t user;
static authp_session_t session;

static void set_up(void)
{
    fixture_open(&f);
    f.realm->store = NULL;
    f.realm->hasher = NULL;
    user = (authp_user_t){.id = {"aaaaaaaaaaaaaaaaaaaaaaaa"},
                          .email = "ada@example.org",
                          .name = "Ada",
                          .email_verified = true,
                          .ver = 3};
    user.roles = apr_array_make(f.pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(user.roles, const char *) = "candidate";
    APR_ARRAY_PUSH(user.roles, const char *) = "recruiter";
    session = (authp_session_t){.id = {"bbbbbbbbbbbbbbbbbbbbbbbb"},
                                .auth_time = FAKE_CLOCK_START - 5000,
                                .absolute_expires_at = FAKE_CLOCK_START + 90 * INT64_C(86400000)};
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const char *issue(int *expires_in)
{
    const char *token = NULL;
    ck_assert_int_eq(authp_token_issue(f.realm, &user, &session, &token, expires_in, f.pool),
                     AUTHP_OK);
    return token;
}

START_TEST(round_trip)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    const char *token = issue(&expires_in);
    ck_assert_int_eq(expires_in, 15 * 60);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_str_eq(who.user_id, user.id.hex);
    ck_assert_str_eq(who.session_id, session.id.hex);
    ck_assert_str_eq(who.email, user.email);
    ck_assert_str_eq(who.name, user.name);
    ck_assert(who.email_verified);
    ck_assert_int_eq(who.ver, 3);
    ck_assert_int_eq(who.auth_time, FAKE_CLOCK_START / 1000 - 5);
    ck_assert_int_eq(who.exp, FAKE_CLOCK_START / 1000 + 15 * 60);
    /* The account is not verified as a recruiter, so that role is not in the token. */
    ck_assert_uint_eq(who.roles, authp_roles_bit(f.realm->roles, "candidate"));
}
END_TEST

START_TEST(verified_recruiter)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    user.is_recruiter_verified = true;
    const char *token = issue(&expires_in);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_uint_eq(who.roles, authp_roles_mask(f.realm->roles, user.roles));
}
END_TEST

START_TEST(absent_is_null)
{
    int expires_in = 0;
    authp_principal_t who = {.email = "x", .name = "y"};
    user.email = NULL;
    user.name = NULL;
    user.roles->nelts = 0;
    const char *token = issue(&expires_in);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_ptr_null(who.email);
    ck_assert_ptr_null(who.name);
    ck_assert_uint_eq(who.roles, 0);
}
END_TEST

START_TEST(every_token_differs)
{
    int expires_in = 0;
    const char *first = issue(&expires_in);
    const char *second = issue(&expires_in);
    ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(absolute_limit_caps)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    session.absolute_expires_at = FAKE_CLOCK_START + 61500;
    const char *token = issue(&expires_in);
    ck_assert_int_eq(expires_in, 61);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_int_eq(who.exp, FAKE_CLOCK_START / 1000 + 61);
}
END_TEST

START_TEST(expires_without_leeway)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    const char *token = issue(&expires_in);
    fake_clock_advance(&f.clock, 15 * 60 * 1000 - 1);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    who = (authp_principal_t){0};
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool),
                     AUTHP_E_TOKEN_EXPIRED);
    /* The claims are filled in also for an expired token, because /logout ends its session. */
    ck_assert_str_eq(who.session_id, session.id.hex);
    ck_assert_str_eq(who.user_id, user.id.hex);
}
END_TEST

START_TEST(forged_leaves_out_alone)
{
    int expires_in = 0;
    authp_principal_t who = {.ver = 77};
    char *token = apr_pstrdup(f.pool, issue(&expires_in));
    size_t len = strlen(token);
    token[len - 5] = token[len - 5] == 'A' ? 'B' : 'A';
    ck_assert_int_eq(authp_token_verify(f.realm, token, len, &who, f.pool), AUTHP_E_TOKEN_INVALID);
    ck_assert_int_eq(who.ver, 77);
    ck_assert_int_eq(authp_token_verify(f.realm, "", 0, &who, f.pool), AUTHP_E_TOKEN_INVALID);
}
END_TEST

Suite *suite_token(void)
{
    Suite *suite = suite_create("token");
    TCase *token = tcase_create("token");
    tcase_add_checked_fixture(token, set_up, tear_down);
    tcase_add_test(token, round_trip);
    tcase_add_test(token, verified_recruiter);
    tcase_add_test(token, absent_is_null);
    tcase_add_test(token, every_token_differs);
    tcase_add_test(token, absolute_limit_caps);
    tcase_add_test(token, expires_without_leeway);
    tcase_add_test(token, forged_leaves_out_alone);
    suite_add_tcase(suite, token);
    return suite;
}

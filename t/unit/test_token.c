/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens as the service issues and reads them; no store. */
#include <string.h>

#include <apr_strings.h>

#include "base/b64url.h"
#include "base/json.h"
#include "fixture.h"
#include "suite.h"

static fixture_t f;
static authp_user_t user;
static authp_session_t session;
static const authp_terms_t *terms;
static const char *door_role;

static void set_up(void)
{
    fixture_open(&f);
    f.realm->store = NULL;
    terms = NULL;
    door_role = NULL;
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
                                .expires_at = FAKE_CLOCK_START + 90 * INT64_C(86400000)};
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const char *issue(int *expires_in)
{
    const char *token = NULL;
    const authp_token_order_t order = {
        .user = &user, .session = &session, .terms = terms, .door_role = door_role};
    ck_assert_int_eq(authp_token_issue(f.realm, &order, &token, expires_in, f.pool), AUTHP_OK);
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
    session.expires_at = FAKE_CLOCK_START + 61500;
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

/* --- tokens of profiles --- */

/* The claims as an app of the profile reads them. */
static json_t *claims_of(const char *token)
{
    const char *payload = strchr(token, '.') + 1;
    size_t len = strcspn(payload, ".");
    size_t size = AUTHP_B64URL_DECODED(len);
    char *text = apr_pcalloc(f.pool, size + 1);
    json_t *out = NULL;
    ck_assert_int_eq(authp_b64url_decode(payload, len, (unsigned char *)text), AUTHP_OK);
    ck_assert_int_eq(authp_json_parse(text, size, &out, f.pool), AUTHP_OK);
    return out;
}

static const char *claim(const json_t *claims, const char *name)
{
    return json_string_value(json_object_get(claims, name));
}

START_TEST(claims_of_a_profile)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    f.settings->access_token_minutes = 0;
    terms = &fixture_terms;
    user.username = "ada.l";
    const char *token = issue(&expires_in);
    const json_t *claims = claims_of(token);
    ck_assert_int_eq(expires_in, 60 * 60);
    ck_assert_str_eq(claim(claims, "prf"), "family");
    ck_assert_str_eq(claim(claims, "role"), "candidate");
    ck_assert_str_eq(claim(claims, "user_id"), user.id.hex);
    ck_assert_str_eq(claim(claims, "username"), "ada.l");
    ck_assert_ptr_null(json_object_get(claims, "aud"));
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_str_eq(who.prf, "family");
    ck_assert_str_eq(who.username, "ada.l");
    ck_assert_uint_eq(who.role, authp_roles_bit(f.realm->roles, "candidate"));
    ck_assert_int_eq(who.known_at, who.iat);
}
END_TEST

START_TEST(null_claims_of_a_profile)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    terms = &fixture_terms;
    user.roles->nelts = 0;
    const char *token = issue(&expires_in);
    const json_t *claims = claims_of(token);
    ck_assert(json_is_null(json_object_get(claims, "role")));
    ck_assert(json_is_null(json_object_get(claims, "username")));
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_uint_eq(who.role, 0);
    ck_assert_ptr_null(who.username);
}
END_TEST

static const authp_terms_t phone_terms = {.prf = "phone",
                                          .minutes = 43200,
                                          .most_minutes = 43200,
                                          .claims = AUTHP_TERMS_PHONE | AUTHP_TERMS_USER_ID};

static void hold(const char *a, const char *b)
{
    user.roles->nelts = 0;
    APR_ARRAY_PUSH(user.roles, const char *) = a;
    APR_ARRAY_PUSH(user.roles, const char *) = b;
}

/* What apps behind a phone mount read. */
START_TEST(claims_of_the_phone_profile)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    f.settings->access_token_minutes = 0;
    terms = &phone_terms;
    user.phone = "+919876543210";
    hold("provider", "seeker");
    const char *token = issue(&expires_in);
    const json_t *claims = claims_of(token);
    ck_assert_int_eq(expires_in, 30 * 86400);
    ck_assert_str_eq(claim(claims, "phone"), "9876543210");
    ck_assert_str_eq(claim(claims, "mobile"), "9876543210");
    ck_assert_str_eq(claim(claims, "phone_number"), "+919876543210");
    ck_assert_str_eq(claim(claims, "user_id"), user.id.hex);
    ck_assert_str_eq(claim(claims, "user_type"), "provider"); /* chosen at the registration */
    ck_assert_ptr_null(json_object_get(claims, "role"));
    ck_assert_uint_eq(json_array_size(json_object_get(claims, "permissions")), 0);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_str_eq(who.phone, "+919876543210");
    ck_assert_uint_eq(who.role, authp_roles_bit(f.realm->roles, "provider"));
    user.phone = NULL;
    claims = claims_of(issue(&expires_in));
    ck_assert(json_is_null(json_object_get(claims, "phone")));
    ck_assert(json_is_null(json_object_get(claims, "mobile")));
    ck_assert_ptr_null(json_object_get(claims, "phone_number"));
}
END_TEST

START_TEST(user_type_and_permissions)
{
    int expires_in = 0;
    terms = &phone_terms;
    hold("seeker", "admin");
    const json_t *claims = claims_of(issue(&expires_in));
    ck_assert_str_eq(claim(claims, "user_type"), "admin");
    ck_assert_str_eq(authp_json_text(json_object_get(claims, "permissions"), NULL, f.pool),
                     "[\"read\",\"create\",\"update\",\"delete\"]");
    hold("provider", "seeker");
    door_role = "seeker";
    ck_assert_str_eq(claim(claims_of(issue(&expires_in)), "user_type"), "seeker");
    ck_assert_str_eq(authp_token_role_of(f.realm, &user, NULL), "provider");
    /* A first role that nobody can choose was given: the order of ROLES counts. */
    door_role = NULL;
    hold("candidate", "seeker");
    const char *first = authp_token_role(f.realm, authp_roles_mask(f.realm->roles, user.roles), 0);
    ck_assert_str_eq(claim(claims_of(issue(&expires_in)), "user_type"), first);
    user.roles->nelts = 0;
    ck_assert(json_is_null(json_object_get(claims_of(issue(&expires_in)), "user_type")));
}
END_TEST

/* The platform's tokens have a username only if the account has one, and none of the others. */
START_TEST(claims_of_the_platform)
{
    int expires_in = 0;
    const json_t *claims = claims_of(issue(&expires_in));
    static const char *const absent[] = {"prf",      "role",         "user_id",
                                         "username", "phone_number", "phone",
                                         "mobile",   "user_type",    "permissions"};
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        ck_assert_ptr_null(json_object_get(claims, absent[i]));
    }
    ck_assert_str_eq(claim(claims, "aud"), f.settings->jwt_audience);
    ck_assert_str_eq(claim(claims, "sub"), user.id.hex);
    ck_assert_str_eq(claim(claims, "sid"), session.id.hex);
    ck_assert_uint_eq(strlen(claim(claims, "jti")), 22);
    static const char *const times[] = {"iat", "nbf", "exp", "auth_time"};
    static const int from_now[] = {0, 0, 15 * 60, -5};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        ck_assert_int_eq(json_integer_value(json_object_get(claims, times[i])),
                         FAKE_CLOCK_START / 1000 + from_now[i]);
    }
    user.username = "ada.l";
    user.phone = "+919876543210";
    claims = claims_of(issue(&expires_in));
    ck_assert_str_eq(claim(claims, "username"), "ada.l");
    ck_assert_str_eq(claim(claims, "phone_number"), "+919876543210");
    ck_assert_ptr_null(json_object_get(claims, "phone"));
}
END_TEST

/* A token with prf has exactly the aud that the settings want: with a set JWT_AUDIENCE that one,
 * else none. */
START_TEST(audience_of_a_profile)
{
    int expires_in = 0;
    authp_realm_t *named = NULL;
    authp_principal_t who = {0};
    terms = &fixture_terms;
    const char *without = issue(&expires_in);
    f.settings->jwt_audience_set = true;
    ck_assert_int_eq(authp_realm_make(f.settings, &named, f.pool), AUTHP_OK);
    named->clock = f.realm->clock;
    f.realm->jwt = named->jwt;
    const char *with = issue(&expires_in);
    ck_assert_str_eq(claim(claims_of(with), "aud"), f.settings->jwt_audience);
    ck_assert_int_eq(authp_token_verify(named, with, strlen(with), &who, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_token_verify(named, without, strlen(without), &who, f.pool),
                     AUTHP_E_TOKEN_INVALID);
    f.settings->jwt_audience_set = false;
    ck_assert_int_eq(authp_realm_make(f.settings, &named, f.pool), AUTHP_OK);
    named->clock = f.realm->clock;
    ck_assert_int_eq(authp_token_verify(named, without, strlen(without), &who, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_token_verify(named, with, strlen(with), &who, f.pool),
                     AUTHP_E_TOKEN_INVALID);
}
END_TEST

static const struct {
    const char *held; /* in the order of ROLES: candidate, recruiter, admin */
    const char *door;
    const char *role;
} roles_told[] = {{"c", NULL, "candidate"},         {"cr", NULL, "candidate"},
                  {"cr", "recruiter", "recruiter"}, {"cra", "recruiter", "admin"},
                  {"r", "candidate", "recruiter"},  {"a", NULL, "admin"},
                  {"", "recruiter", NULL}};

START_TEST(one_role_of_several)
{
    int expires_in = 0;
    authp_principal_t who = {0};
    const char *held = roles_told[_i].held;
    terms = &fixture_terms;
    door_role = roles_told[_i].door;
    user.is_recruiter_verified = true;
    user.roles = apr_array_make(f.pool, 3, sizeof(const char *));
    for (; *held != '\0'; held++) {
        APR_ARRAY_PUSH(user.roles, const char *) = *held == 'c'   ? "candidate"
                                                   : *held == 'r' ? "recruiter"
                                                                  : "admin";
    }
    const char *token = issue(&expires_in);
    ck_assert_pstr_eq(claim(claims_of(token), "role"), roles_told[_i].role);
    ck_assert_int_eq(authp_token_verify(f.realm, token, strlen(token), &who, f.pool), AUTHP_OK);
    ck_assert_pstr_eq(authp_token_role_now(f.realm, &who), roles_told[_i].role);
    who.roles &= ~who.role; /* the role is withdrawn */
    ck_assert_pstr_ne(authp_token_role_now(f.realm, &who),
                      roles_told[_i].role == NULL ? "" : roles_told[_i].role);
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
    tcase_add_test(token, claims_of_a_profile);
    tcase_add_test(token, null_claims_of_a_profile);
    tcase_add_test(token, claims_of_the_phone_profile);
    tcase_add_test(token, user_type_and_permissions);
    tcase_add_test(token, claims_of_the_platform);
    tcase_add_test(token, audience_of_a_profile);
    tcase_add_loop_test(token, one_role_of_several, 0,
                        (int)(sizeof(roles_told) / sizeof(roles_told[0])));
    suite_add_tcase(suite, token);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies at a mount of the profile ai. A sign-in ends the session that the browser had before: the
 * one that the platform's access cookie names, also after the token's time, because the browser
 * would go on with that session by its refresh token; and the one that its csrf_token names. */
#include "api/core/profiles.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>

#define CREDENTIALS "{\"email\":\"bea@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}"
#define ACCESS "__Host-authp_at"
#define CSRF "csrf_token"
#define REFRESH "refresh_token"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("/auth", authp_profiles_find("ai"), AUTHP_DELIVERY_ASK);
    h.mount = &APR_ARRAY_IDX(h.mounts, 0, authp_mount_t);
    (void)fixture_user(&h.f, "bea@example.org", "user", false);
}

static void teardown(void)
{
    http_fake_close(&h);
}

/* How old the token is, whether it is genuine, and how many sessions are left. */
static const struct {
    int minutes;
    const char *more;
    int live;
} tries[] = {{0, "", 1}, {14, "", 1}, {16, "", 1}, {0, "x", 2}, {16, "x", 2}};

START_TEST(ends_the_platforms_session)
{
    authp_response_t before = http_fake_register(&h, "ann@example.org", true);
    const char *access = http_fake_cookie_value(&h, &before, ACCESS);
    fake_clock_advance(&h.f.clock, tries[_i].minutes * INT64_C(60000));
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, ACCESS "=", access, tries[_i].more, NULL));
    apr_table_setn(h.headers, "Origin", HTTP_FAKE_ORIGIN);
    http_fake_json(&h, CREDENTIALS);
    authp_response_t out = http_fake_expect(&h, "POST", "/auth/login", 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), tries[_i].live);
    const char *line = http_fake_set_cookie(&out, ACCESS);
    ck_assert_int_eq(line != NULL, tries[_i].live == 1);
    ck_assert(line == NULL || line[sizeof(ACCESS)] == ';');
}
END_TEST

/* A browser that has lost its refresh token, but has the csrf_token of its session: a new sign-in
 * ends that session, too. One that is forged names none. */
static const struct {
    const char *more;
    int live;
} named[] = {{"", 1}, {"x", 2}};

START_TEST(ends_the_session_of_the_csrf_token)
{
    apr_table_setn(h.headers, "Origin", HTTP_FAKE_ORIGIN);
    http_fake_json(&h, CREDENTIALS);
    authp_response_t before = http_fake_expect(&h, "POST", "/auth/login", 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, CSRF "=", http_fake_cookie_value(&h, &before, CSRF),
                               named[_i].more, NULL));
    http_fake_json(&h, CREDENTIALS);
    authp_response_t out = http_fake_expect(&h, "POST", "/auth/login", 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), named[_i].live);
    ck_assert_str_ne(http_fake_cookie_value(&h, &out, CSRF),
                     http_fake_cookie_value(&h, &before, CSRF));
}
END_TEST

/* A program that sends its refresh token in the body gets and loses no cookie, also if the request
 * has cookies of another session. */
START_TEST(a_token_in_the_body_leaves_the_cookies_alone)
{
    static const char *const bodies[] = {"/auth/refresh", "/auth/logout"};
    apr_table_setn(h.headers, "Origin", HTTP_FAKE_ORIGIN);
    http_fake_json(&h, CREDENTIALS);
    authp_response_t mine = http_fake_expect(&h, "POST", "/auth/login", 200, NULL);
    const char *cookies =
        apr_pstrcat(h.f.pool, CSRF "=", http_fake_cookie_value(&h, &mine, CSRF), "; " REFRESH "=",
                    http_fake_cookie_value(&h, &mine, REFRESH), NULL);
    http_fake_json(&h, CREDENTIALS);
    authp_response_t other = http_fake_expect(&h, "POST", "/auth/login", 200, NULL);
    apr_table_setn(h.headers, "Cookie", cookies);
    http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"refresh_token\":\"",
                                   http_fake_cookie_value(&h, &other, REFRESH), "\"}", NULL));
    authp_response_t out = http_fake_expect(&h, "POST", bodies[_i], 200, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    ck_assert_ptr_null(http_fake_set_cookie(&out, CSRF));
    ck_assert_ptr_null(http_fake_set_cookie(&out, REFRESH));
    ck_assert_int_eq(fixture_live_sessions(&h.f), 2 - _i);
    /* The session of the cookies goes on, and its logout removes them. */
    h.body = NULL;
    h.body_len = 0;
    apr_table_setn(h.headers, "X-CSRF-Token", http_fake_cookie_value(&h, &mine, CSRF));
    out = http_fake_expect(&h, "POST", "/auth/logout", 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1 - _i);
    ck_assert_int_eq(http_fake_set_cookies(&out), 2);
}
END_TEST

Suite *suite_ai_pair(void)
{
    Suite *suite = suite_create("ai_pair");
    TCase *tests = tcase_create("ai_pair");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, ends_the_platforms_session, 0,
                        (int)(sizeof(tries) / sizeof(tries[0])));
    tcase_add_loop_test(tests, ends_the_session_of_the_csrf_token, 0,
                        (int)(sizeof(named) / sizeof(named[0])));
    tcase_add_loop_test(tests, a_token_in_the_body_leaves_the_cookies_alone, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* GET /session/renew: a browser gets new cookies and is sent back, or to the sign-in page. */
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>

#define ANN "ann@example.org"
#define GRACE_OVER 11000

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static void expect_location(const authp_response_t *out, const char *location)
{
    ck_assert_int_eq(out->status, 302);
    ck_assert_str_eq(http_fake_header(out, "Location"), location);
    ck_assert_str_eq(http_fake_header(out, "Cache-Control"), "no-store");
    ck_assert_int_eq(http_fake_set_cookies(out), 3);
}

static const struct {
    const char *query;
    const char *location;
} backs[] = {
    {"", "/"},
    {"?return_to=", "/"},
    {"?return_to=%2Fjobs%3Fa%3Db%26c%3Dd", "/jobs?a=b&c=d"},
    {"?x=1&return_to=/jobs", "/jobs"},
    {"?return_to=/a%20b", "/a%20b"},
    {"?return_to=https://evil.example/", "/"},
    {"?return_to=//evil.example", "/"},
    {"?return_to=%2F%2Fevil.example", "/"},
    {"?return_to=/%252Fevil.example", "/"},
    {"?return_to=/%5Cevil.example", "/"},
    {"?return_to=/a%0d%0aSet-Cookie:x", "/"},
    {"?return_to=jobs", "/"},
};

START_TEST(renew_goes_back)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    const char *before = http_fake_cookie_value(&h, &out, "__Secure-authp_rt");
    http_fake_browser(&h, &out);
    /* A navigation has no CSRF token and no Origin. */
    apr_table_unset(h.headers, "X-CSRF-Token");
    apr_table_unset(h.headers, "Origin");
    const char *target = apr_pstrcat(h.f.pool, "/api/auth/session/renew", backs[_i].query, NULL);
    out = http_fake_expect(&h, "GET", target, 302, NULL);
    expect_location(&out, backs[_i].location);
    ck_assert_str_ne(http_fake_cookie_value(&h, &out, "__Secure-authp_rt"), before);
    http_fake_clear(&h);
    http_fake_bearer(&h, http_fake_cookie_value(&h, &out, "__Host-authp_at"));
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 200, NULL);
}
END_TEST

START_TEST(renew_without_a_session_goes_to_the_sign_in_page)
{
    const char *target = "/api/auth/session/renew?return_to=/jobs%3Fa%3Db";
    const char *page = "/signin.html?return_to=%2Fjobs%3Fa%3Db";
    authp_response_t out = http_fake_expect(&h, "GET", target, 302, NULL);
    expect_location(&out, page);
    ck_assert_str_eq(http_fake_cookie_value(&h, &out, "csrf_token"), "");
    apr_table_setn(h.headers, "Cookie", "__Secure-authp_rt=forged");
    out = http_fake_expect(&h, "GET", target, 302, NULL);
    expect_location(&out, page);
    /* A reused refresh token ends the session, and the browser goes to the sign-in page. */
    out = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &out);
    (void)http_fake_expect(&h, "GET", target, 302, NULL);
    fake_clock_advance(&h.f.clock, GRACE_OVER);
    out = http_fake_expect(&h, "GET", target, 302, NULL);
    expect_location(&out, page);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
    h.sign_in_page = NULL;
    out = http_fake_expect(&h, "GET", target, 401, "refresh_invalid");
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
    http_fake_clear(&h);
    out = http_fake_expect(&h, "GET", target, 401, "token_missing");
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
    /* An empty cookie is none. */
    apr_table_setn(h.headers, "Cookie", "__Secure-authp_rt=; x=y");
    (void)http_fake_expect(&h, "GET", target, 401, "token_missing");
}
END_TEST

START_TEST(renew_rotates_for_navigations_only)
{
    static const char *const ahead[][2] = {{"Sec-Purpose", "prefetch"},
                                           {"Sec-Purpose", "prefetch;prerender"},
                                           {"Purpose", "prefetch"},
                                           {"X-Moz", "prefetch"}};
    authp_response_t out = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &out);
    const char *target = "/api/auth/session/renew";
    (void)http_fake_expect(&h, "HEAD", target, 405, "method_not_allowed");
    for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
        apr_table_setn(h.headers, ahead[i][0], ahead[i][1]);
        out = http_fake_expect(&h, "GET", target, 503, "busy");
        ck_assert_int_eq(http_fake_set_cookies(&out), 0);
        apr_table_unset(h.headers, ahead[i][0]);
    }
    apr_table_setn(h.headers, "Sec-Purpose", "navigate");
    out = http_fake_expect(&h, "GET", target, 302, NULL);
    const char *refresh = http_fake_cookie_value(&h, &out, "__Secure-authp_rt");
    const authp_session_t *session = fixture_session_of(&h.f, refresh);
    ck_assert_int_eq(session->generation, 1);
}
END_TEST

Suite *suite_api_renew(void)
{
    Suite *suite = suite_create("api_renew");
    TCase *tests = tcase_create("api_renew");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, renew_goes_back, 0, sizeof(backs) / sizeof(backs[0]));
    tcase_add_test(tests, renew_without_a_session_goes_to_the_sign_in_page);
    tcase_add_test(tests, renew_rotates_for_navigations_only);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in, refreshing and signing out, as a client sees them. */
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

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

static authp_response_t post(const char *path, const char *body, int status, const char *code)
{
    http_fake_json(&h, body);
    return http_fake_expect(&h, "POST", path, status, code);
}

static const char *token_body(const char *token)
{
    return apr_pstrcat(h.f.pool, "{\"refresh_token\":\"", token, "\"}", NULL);
}

static const char *login_body(const char *kind, const char *login, const char *password)
{
    return apr_pstrcat(h.f.pool, "{\"", kind, "\":\"", login, "\",\"password\":\"", password, "\"}",
                       NULL);
}

/* Checks the answer to a request with that bearer token. */
static void expect_me(const char *access, int status, const char *code)
{
    http_fake_clear(&h);
    http_fake_bearer(&h, access);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", status, code);
    http_fake_clear(&h);
}

START_TEST(login_by_email_and_by_username)
{
    authp_user_t *user = fixture_user(&h.f, ANN, "candidate", false);
    mem_store_user(h.f.store, user->id.hex)->username = "ann";
    apr_table_setn(h.headers, "User-Agent", "a browser");
    authp_response_t out = post("/api/auth/login",
                                "{\"email\":\" ANN@Example.org \",\"password\":\"" FIXTURE_PASSWORD
                                "\",\"device_id\":\"phone\"}",
                                200, NULL);
    json_t *body = http_fake_body(&h, &out);
    ck_assert_str_eq(http_fake_text(&h, &out, "token_type"), "bearer");
    ck_assert_int_eq(json_integer_value(json_object_get(body, "expires_in")), 900);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(body, "user"), "id")),
                     user->id.hex);
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    const char *refresh = http_fake_text(&h, &out, "refresh_token");
    const authp_session_t *session = fixture_session_of(&h.f, refresh);
    ck_assert_str_eq(session->device_id, "phone");
    ck_assert_str_eq(session->user_agent, "a browser");
    ck_assert_str_eq(session->ip, "192.0.2.1");
    out = post("/api/auth/login", login_body("username", "ann", FIXTURE_PASSWORD), 200, NULL);
    ck_assert_str_ne(http_fake_text(&h, &out, "refresh_token"), refresh);
    expect_me(http_fake_text(&h, &out, "access_token"), 200, NULL);
}
END_TEST

START_TEST(who_is_not_let_in)
{
    authp_user_t *disabled = fixture_user(&h.f, "off@example.org", "candidate", false);
    (void)fixture_user(&h.f, ANN, "candidate", false);
    (void)fixture_user(&h.f, "rec@example.org", "recruiter", false);
    (void)fixture_user(&h.f, "adm@example.org", "admin", false);
    mem_store_user(h.f.store, disabled->id.hex)->disabled = true;
    const char *const refused[][2] = {{"nobody@example.org", FIXTURE_PASSWORD},
                                      {"no address", FIXTURE_PASSWORD},
                                      {ANN, "wrong password"},
                                      {ANN, ""},
                                      {"off@example.org", FIXTURE_PASSWORD}};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        authp_response_t out =
            post("/api/auth/login", login_body("email", refused[i][0], refused[i][1]), 401,
                 "invalid_credentials");
        /* All refusals are equal to the byte. */
        first = first != NULL ? first : out.body;
        ck_assert_str_eq(out.body, first);
        ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    }
    (void)post("/api/auth/login", login_body("username", ANN, FIXTURE_PASSWORD), 401,
               "invalid_credentials");
    authp_response_t out =
        post("/api/auth/login", login_body("email", "rec@example.org", FIXTURE_PASSWORD), 403,
             "recruiter_pending");
    ck_assert_str_eq(http_fake_text(&h, &out, "detail"), "Recruiter pending verification");
    const char *door = "/api/auth/login/candidate";
    (void)post(door, login_body("email", "adm@example.org", FIXTURE_PASSWORD), 403,
               "not_candidate");
    (void)post(door, login_body("email", "rec@example.org", FIXTURE_PASSWORD), 403,
               "not_candidate");
    (void)post(door, login_body("username", "ann", FIXTURE_PASSWORD), 422, "validation_failed");
    ck_assert_int_eq(fixture_sessions(&h.f), 0);
    (void)post(door, login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
    (void)post("/api/auth/login", login_body("email", "adm@example.org", FIXTURE_PASSWORD), 200,
               NULL);
    ck_assert_int_eq(fixture_sessions(&h.f), 2);
}
END_TEST

START_TEST(a_sign_in_ends_the_session_whose_cookies_it_came_with)
{
    authp_response_t first = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &first);
    apr_table_setn(h.headers, "X-Token-Delivery", "cookie");
    authp_response_t second =
        post("/api/auth/login", login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&second), 3);
    ck_assert_int_eq(fixture_sessions(&h.f), 2);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    expect_me(http_fake_text(&h, &first, "access_token"), 401, "token_revoked");
    expect_me(http_fake_text(&h, &second, "access_token"), 200, NULL);
    /* A cookie that this server did not make ends no session and does not stop a sign-in. */
    apr_table_setn(h.headers, "Cookie", "__Secure-authp_rt=forged");
    (void)post("/api/auth/login", login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 2);
}
END_TEST

START_TEST(refresh_rotates)
{
    authp_response_t out = http_fake_register(&h, ANN, false);
    const char *first = http_fake_text(&h, &out, "refresh_token");
    out = post("/api/auth/refresh", token_body(first), 200, NULL);
    const char *second = http_fake_text(&h, &out, "refresh_token");
    ck_assert_str_ne(second, first);
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    /* A second tab, or a client whose answer was lost, gets the same successor again. */
    fake_clock_advance(&h.f.clock, 9000);
    out = post("/api/auth/refresh", token_body(first), 200, NULL);
    ck_assert_str_eq(http_fake_text(&h, &out, "refresh_token"), second);
    out = post("/api/auth/refresh", token_body(second), 200, NULL);
    expect_me(http_fake_text(&h, &out, "access_token"), 200, NULL);
    ck_assert_int_eq(fixture_sessions(&h.f), 1);
}
END_TEST

START_TEST(an_old_refresh_token_ends_the_session)
{
    authp_response_t out = http_fake_register(&h, ANN, false);
    const char *first = http_fake_text(&h, &out, "refresh_token");
    out = post("/api/auth/refresh", token_body(first), 200, NULL);
    const char *second = http_fake_text(&h, &out, "refresh_token");
    const char *access = http_fake_text(&h, &out, "access_token");
    fake_clock_advance(&h.f.clock, GRACE_OVER);
    out = post("/api/auth/refresh", token_body(first), 401, "refresh_reused");
    ck_assert_ptr_nonnull(strstr(http_fake_header(&out, "WWW-Authenticate"), "invalid_token"));
    (void)post("/api/auth/refresh", token_body(second), 401, "refresh_invalid");
    expect_me(access, 401, "token_revoked");
    ck_assert_ptr_nonnull(fixture_audit(&h.f, "refresh_reuse"));
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
}
END_TEST

START_TEST(refresh_wants_a_token_of_ours)
{
    authp_response_t out = http_fake_register(&h, ANN, false);
    char *forged = apr_pstrdup(h.f.pool, http_fake_text(&h, &out, "refresh_token"));
    size_t last = strlen(forged) - 4;
    forged[last] = forged[last] == 'A' ? 'B' : 'A';
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 401, "token_missing");
    (void)post("/api/auth/refresh", "", 401, "token_missing");
    (void)post("/api/auth/refresh", "{}", 401, "token_missing");
    (void)post("/api/auth/refresh", token_body(forged), 401, "refresh_invalid");
    (void)post("/api/auth/refresh", token_body("AAAA"), 401, "refresh_invalid");
    (void)post("/api/auth/refresh", "{\"refresh_token\":null}", 422, "validation_failed");
    apr_table_setn(h.headers, "Content-Type", "text/plain");
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 415, "unsupported_media_type");
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
}
END_TEST

START_TEST(refresh_by_cookie)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    const char *before = http_fake_cookie_value(&h, &out, "__Secure-authp_rt");
    http_fake_browser(&h, &out);
    /* Tokens that came as cookies are answered as cookies, whatever X-Token-Delivery says. */
    apr_table_setn(h.headers, "X-Token-Delivery", "json");
    out = http_fake_expect(&h, "POST", "/api/auth/refresh", 200, NULL);
    ck_assert_ptr_null(json_object_get(http_fake_body(&h, &out), "refresh_token"));
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
    ck_assert_str_ne(http_fake_cookie_value(&h, &out, "__Secure-authp_rt"), before);
    ck_assert_str_eq(http_fake_cookie_value(&h, &out, "__Host-authp_at"),
                     http_fake_text(&h, &out, "access_token"));
    /* The token in the body takes precedence over the cookie, and needs no CSRF token. */
    authp_response_t other = http_fake_register(&h, "other@example.org", false);
    http_fake_browser(&h, &out);
    apr_table_unset(h.headers, "X-CSRF-Token");
    apr_table_setn(h.headers, "X-Token-Delivery", "cookie");
    out = post("/api/auth/refresh", token_body(http_fake_text(&h, &other, "refresh_token")), 200,
               NULL);
    ck_assert_ptr_nonnull(http_fake_text(&h, &out, "refresh_token"));
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
}
END_TEST

static void expect_goodbye(const char *body, bool cleared)
{
    authp_response_t out = post("/api/auth/logout", body, 200, NULL);
    ck_assert_str_eq(http_fake_text(&h, &out, "message"), "Logged out successfully");
    ck_assert_int_eq(http_fake_set_cookies(&out), cleared ? 3 : 0);
    if (cleared) {
        ck_assert_str_eq(http_fake_cookie_value(&h, &out, "__Secure-authp_rt"), "");
    }
}

START_TEST(logout_by_refresh_token)
{
    authp_response_t out = http_fake_register(&h, ANN, false);
    const char *refresh = http_fake_text(&h, &out, "refresh_token");
    (void)http_fake_expect(&h, "POST", "/api/auth/logout", 401, "token_missing");
    (void)post("/api/auth/logout", "{\"all\":true}", 401, "token_missing");
    expect_goodbye(token_body("AAAA"), false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    expect_goodbye(token_body(refresh), false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
    expect_goodbye(token_body(refresh), false);
    expect_me(http_fake_text(&h, &out, "access_token"), 401, "token_revoked");
}
END_TEST

START_TEST(logout_by_bearer)
{
    authp_response_t out = http_fake_register(&h, ANN, false);
    const char *access = http_fake_text(&h, &out, "access_token");
    http_fake_bearer(&h, apr_pstrcat(h.f.pool, access, "x", NULL));
    expect_goodbye("", false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    /* An expired token of this server still ends its session. */
    fake_clock_advance(&h.f.clock, 16 * 60000);
    expect_me(access, 401, "token_expired");
    http_fake_bearer(&h, access);
    expect_goodbye("", false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
}
END_TEST

START_TEST(logout_everywhere)
{
    authp_response_t out = http_fake_register(&h, ANN, false);
    (void)http_fake_register(&h, "other@example.org", false);
    (void)post("/api/auth/login", login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 3);
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    expect_goodbye("{\"all\":true}", false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    ck_assert_str_eq(fixture_audit(&h.f, "logout")->reason, "logout_all");
}
END_TEST

/* After a change of the password an old credential ends no other session. A new one does: a refresh
 * token, or an access token. */
START_TEST(logout_everywhere_after_a_change)
{
    const char *id = fixture_user(&h.f, ANN, "candidate", false)->id.hex;
    authp_response_t out =
        post("/api/auth/login", login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
    for (int changed = 0; changed < 2; changed++) {
        mem_store_user(h.f.store, id)->ver = 2;
        mem_store_user(h.f.store, id)->min_ver = 2;
        if (changed == 1) {
            out = post("/api/auth/login", login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
        }
        (void)post("/api/auth/login", login_body("email", ANN, FIXTURE_PASSWORD), 200, NULL);
        const char *body = "{\"all\":true}";
        if (_i == 0) {
            body = apr_pstrcat(h.f.pool, "{\"all\":true,\"refresh_token\":\"",
                               http_fake_text(&h, &out, "refresh_token"), "\"}", NULL);
        } else {
            http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
        }
        expect_goodbye(body, false);
        http_fake_clear(&h);
        ck_assert_int_eq(fixture_live_sessions(&h.f), changed == 0 ? 1 : 0);
    }
}
END_TEST

START_TEST(logout_by_cookie)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    const char *csrf = http_fake_cookie_value(&h, &out, "csrf_token");
    http_fake_browser(&h, &out);
    expect_goodbye("", true);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
    /* The access cookie alone. A browser sends only this one if the path of the refresh cookie is
     * another one. */
    out = http_fake_register(&h, "other@example.org", true);
    http_fake_browser(&h, &out);
    const char *mine = http_fake_cookie_value(&h, &out, "csrf_token");
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, "csrf_token=", mine, "; __Host-authp_at=",
                               http_fake_cookie_value(&h, &out, "__Host-authp_at"), NULL));
    expect_goodbye("", true);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
    /* A forged cookie names no session: no session ends, and the cookie is removed. */
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, "__Secure-authp_rt=AAAA; csrf_token=", csrf, NULL));
    apr_table_setn(h.headers, "X-CSRF-Token", csrf);
    expect_goodbye("", true);
}
END_TEST

/* A csrf_token of another profile belongs to a session of that profile: here it proves nothing, and
 * the cookie stays when the others are removed. */
START_TEST(the_csrf_token_of_another_profile)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &out);
    apr_table_setn(h.headers, "X-CSRF-Token", "a.sid.tag");
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, "csrf_token=a.sid.tag; __Secure-authp_rt=",
                               http_fake_cookie_value(&h, &out, "__Secure-authp_rt"), NULL));
    (void)post("/api/auth/refresh", "", 403, "csrf_failed");
    (void)post("/api/auth/logout", "", 403, "csrf_failed");
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    apr_table_setn(h.headers, "Cookie", "csrf_token=a.sid.tag; __Secure-authp_rt=forged");
    out = http_fake_expect(&h, "GET", "/api/auth/session/renew", 302, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), 2);
    ck_assert_ptr_null(http_fake_set_cookie(&out, "csrf_token"));
}
END_TEST

START_TEST(a_logout_by_token_clears_the_cookies_of_the_same_session_only)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    authp_response_t other = http_fake_register(&h, "other@example.org", false);
    http_fake_browser(&h, &out);
    http_fake_bearer(&h, http_fake_text(&h, &other, "access_token"));
    expect_goodbye("", false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    apr_table_unset(h.headers, "X-CSRF-Token");
    /* A token that nobody has names no session, so it has no cookies either. */
    expect_goodbye(token_body("AAAA"), false);
    http_fake_bearer(&h, "a.b.c");
    expect_goodbye("", false);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    expect_goodbye("", true);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
}
END_TEST

Suite *suite_api_session(void)
{
    Suite *suite = suite_create("api_session");
    TCase *tests = tcase_create("api_session");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, login_by_email_and_by_username);
    tcase_add_test(tests, who_is_not_let_in);
    tcase_add_test(tests, a_sign_in_ends_the_session_whose_cookies_it_came_with);
    tcase_add_test(tests, refresh_rotates);
    tcase_add_test(tests, an_old_refresh_token_ends_the_session);
    tcase_add_test(tests, refresh_wants_a_token_of_ours);
    tcase_add_test(tests, refresh_by_cookie);
    tcase_add_test(tests, logout_by_refresh_token);
    tcase_add_test(tests, logout_by_bearer);
    tcase_add_test(tests, logout_everywhere);
    tcase_add_loop_test(tests, logout_everywhere_after_a_change, 0, 2);
    tcase_add_test(tests, logout_by_cookie);
    tcase_add_test(tests, the_csrf_token_of_another_profile);
    tcase_add_test(tests, a_logout_by_token_clears_the_cookies_of_the_same_session_only);
    suite_add_tcase(suite, tests);
    return suite;
}

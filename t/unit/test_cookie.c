/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens as cookies: exact attributes, the CSRF token in cookie and header, origins. */
#include "api/core/route.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define ANN "ann@example.org"
#define CREDENTIALS "{\"email\":\"" ANN "\",\"password\":\"" FIXTURE_PASSWORD "\"}"
#define NEWCOMER "{\"email\":\"new@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}"
#define WEEK "604800"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static void unset(const char *name)
{
    apr_table_unset(h.headers, name);
}

static void set(const char *name, const char *value)
{
    apr_table_set(h.headers, name, value);
}

static void expect_line(const authp_response_t *out, const char *name, const char *attributes)
{
    const char *line = http_fake_set_cookie(out, name);
    ck_assert_msg(line != NULL, "no %s", name);
    const char *rest = strchr(line, ';');
    ck_assert_ptr_nonnull(rest);
    ck_assert_str_eq(rest, attributes);
}

static void login(void)
{
    http_fake_json(&h, CREDENTIALS);
    set("X-Token-Delivery", "cookie");
}

START_TEST(attributes)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
    expect_line(&out, "__Host-authp_at", "; Path=/; Max-Age=900; SameSite=Lax; Secure; HttpOnly");
    expect_line(&out, "__Secure-authp_rt",
                "; Path=/api/auth; Max-Age=" WEEK "; SameSite=Lax; Secure; HttpOnly");
    expect_line(&out, "csrf_token", "; Path=/; Max-Age=" WEEK "; SameSite=Lax; Secure");
    /* A token is never in the body and in a cookie at the same time. */
    ck_assert_ptr_null(strstr(out.body, http_fake_cookie_value(&h, &out, "__Secure-authp_rt")));
    /* A cookie does not live longer than the absolute limit of the session. */
    h.f.settings->session_absolute_days = 1;
    out = http_fake_register(&h, "b@example.org", true);
    expect_line(&out, "csrf_token", "; Path=/; Max-Age=86400; SameSite=Lax; Secure");
    http_fake_mount(&h, "/accounts", AUTHP_DELIVERY_ASK, NULL);
    login();
    out = http_fake_expect(&h, "POST", "/accounts/login", 200, NULL);
    expect_line(&out, "__Secure-authp_rt",
                "; Path=/accounts; Max-Age=86400; SameSite=Lax; Secure; HttpOnly");
}
END_TEST

START_TEST(attributes_when_cleared)
{
    authp_response_t out = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &out);
    out = http_fake_expect(&h, "POST", "/api/auth/logout", 200, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
    /* The cookie is removed with the same name, path and flags, because otherwise a browser keeps
     * it. */
    ck_assert_str_eq(http_fake_set_cookie(&out, "__Host-authp_at"),
                     "__Host-authp_at=; Path=/; Max-Age=0; SameSite=Lax; Secure; HttpOnly");
    ck_assert_str_eq(
        http_fake_set_cookie(&out, "__Secure-authp_rt"),
        "__Secure-authp_rt=; Path=/api/auth; Max-Age=0; SameSite=Lax; Secure; HttpOnly");
    ck_assert_str_eq(http_fake_set_cookie(&out, "csrf_token"),
                     "csrf_token=; Path=/; Max-Age=0; SameSite=Lax; Secure");
}
END_TEST

START_TEST(without_secure_cookies)
{
    h.f.settings->secure_cookies = false;
    authp_response_t out = http_fake_register(&h, ANN, true);
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
    expect_line(&out, "authp_at", "; Path=/; Max-Age=900; SameSite=Lax; HttpOnly");
    expect_line(&out, "authp_rt", "; Path=/api/auth; Max-Age=" WEEK "; SameSite=Lax; HttpOnly");
    expect_line(&out, "csrf_token", "; Path=/; Max-Age=" WEEK "; SameSite=Lax");
    set("Cookie",
        apr_pstrcat(h.f.pool, "authp_at=", http_fake_text(&h, &out, "access_token"), NULL));
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 200, NULL);
    /* Each setting of SECURE_COOKIES reads its own cookie names only. */
    h.f.settings->secure_cookies = true;
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 401, "token_missing");
}
END_TEST

static const struct {
    authp_delivery_t delivery;
    const char *asked; /* X-Token-Delivery */
    bool cookies;
} ways[] = {
    {AUTHP_DELIVERY_JSON, NULL, false},     {AUTHP_DELIVERY_JSON, "cookie", false},
    {AUTHP_DELIVERY_COOKIE, NULL, true},    {AUTHP_DELIVERY_COOKIE, "json", true},
    {AUTHP_DELIVERY_ASK, NULL, false},      {AUTHP_DELIVERY_ASK, "json", false},
    {AUTHP_DELIVERY_ASK, "cookie", true},   {AUTHP_DELIVERY_ASK, "COOKIE", true},
    {AUTHP_DELIVERY_ASK, "cookies", false},
};

START_TEST(which_way_tokens_are_handed_out)
{
    (void)fixture_user(&h.f, ANN, "candidate", false);
    h.mount->delivery = ways[_i].delivery;
    if (ways[_i].asked != NULL) {
        set("X-Token-Delivery", ways[_i].asked);
    }
    static const char *const targets[] = {"register", "login", "login/candidate"};
    for (int i = 0; i < 3; i++) {
        http_fake_json(&h, i == 0 ? NEWCOMER : CREDENTIALS);
        authp_response_t out =
            http_fake_expect(&h, "POST", apr_pstrcat(h.f.pool, "/api/auth/", targets[i], NULL),
                             i == 0 ? 201 : 200, NULL);
        bool in_body = json_object_get(http_fake_body(&h, &out), "refresh_token") != NULL;
        ck_assert_int_eq(http_fake_set_cookies(&out), ways[_i].cookies ? 3 : 0);
        ck_assert_int_eq(in_body, !ways[_i].cookies);
    }
}
END_TEST

/* Which origins may sign a browser in; NULL: the header is not sent. */
static const struct {
    const char *origin;
    const char *site;
    bool sign_in; /* at sign-in; a request without the headers passes */
    bool unsafe;  /* at a request that a cookie authenticates */
} origins[] = {
    {NULL, NULL, true, false},
    {"https://jobs.example.org", NULL, true, true},
    {"https://JOBS.example.org:443", NULL, true, true},
    {NULL, "same-origin", true, true},
    {NULL, "same-site", false, false},
    {NULL, "cross-site", false, false},
    {NULL, "none", false, false},
    {"https://evil.example", NULL, false, false},
    {"https://evil.example", "same-origin", false, false},
    {"null", "same-origin", false, false},
    {"", NULL, false, false},
    {"http://jobs.example.org", NULL, false, false},
    {"https://jobs.example.org:8443", NULL, false, false},
    {"https://jobs.example.org.evil.example", NULL, false, false},
    {"https://jobs.example.org/", NULL, false, false},
    {"https://app.example.org", NULL, true, true},
    {"https://front.example.org", "cross-site", true, true},
};

static void set_origin(int row)
{
    unset("Origin");
    unset("Sec-Fetch-Site");
    if (origins[row].origin != NULL) {
        set("Origin", origins[row].origin);
    }
    if (origins[row].site != NULL) {
        set("Sec-Fetch-Site", origins[row].site);
    }
}

static void expect_allowed(const char *target, bool allowed)
{
    authp_response_t out =
        http_fake_expect(&h, "POST", target, allowed ? 200 : 403, allowed ? NULL : "origin_denied");
    ck_assert_int_eq(http_fake_set_cookies(&out), allowed ? 3 : 0);
}

START_TEST(origins_of_cookies)
{
    h.f.settings->frontend_origin = "https://front.example.org";
    APR_ARRAY_PUSH(h.f.settings->cors_origins, const char *) = "https://other.example.org";
    APR_ARRAY_PUSH(h.f.settings->cors_origins, const char *) = "https://app.example.org";
    authp_response_t ann = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &ann);
    set_origin(_i);
    /* The refresh changes the cookies, but the old ones stay good for ten seconds. */
    expect_allowed("/api/auth/refresh", origins[_i].unsafe);
    expect_allowed("/api/auth/logout", origins[_i].unsafe);
    ck_assert_int_eq(fixture_live_sessions(&h.f), origins[_i].unsafe ? 0 : 1);
    http_fake_clear(&h);
    login();
    set_origin(_i);
    expect_allowed("/api/auth/login", origins[_i].sign_in);
    /* Tokens in headers are never sent by a browser on its own, so any origin may use them. */
    unset("X-Token-Delivery");
    (void)http_fake_expect(&h, "POST", "/api/auth/login", 200, NULL);
}
END_TEST

static const char *flipped(const char *token)
{
    char *forged = apr_pstrdup(h.f.pool, token);
    forged[0] = forged[0] == 'A' ? 'B' : 'A';
    return forged;
}

/* Sets the three cookies of `out`, but with another csrf_token; NULL: without it. */
static void set_jar(const authp_response_t *out, const char *csrf)
{
    set("Cookie",
        apr_pstrcat(h.f.pool,
                    "__Host-authp_at=", http_fake_cookie_value(&h, out, "__Host-authp_at"),
                    "; __Secure-authp_rt=", http_fake_cookie_value(&h, out, "__Secure-authp_rt"),
                    csrf != NULL ? "; csrf_token=" : "", csrf != NULL ? csrf : "", NULL));
}

static void send_csrf(const authp_response_t *out, const char *kept, const char *sent)
{
    set_jar(out, kept);
    unset("X-CSRF-Token");
    if (sent != NULL) {
        set("X-CSRF-Token", sent);
    }
}

/* A route of the test that needs an access token and changes something. */
static int done;

static authp_err_t do_it(authp_call_t *call)
{
    call->out->status = 204;
    done++;
    return AUTHP_OK;
}

static authp_err_t serve(const char *method)
{
    const authp_route_t route = {.method = method,
                                 .path = "/later",
                                 .handler = do_it,
                                 .auth = AUTHP_AUTH_REQUIRED,
                                 .success = 204};
    authp_request_t request = http_fake_request(&h, method, "/api/auth/later");
    authp_response_t out = {.headers = apr_table_make(h.f.pool, 4)};
    authp_call_t call = {
        .realm = h.f.realm, .request = &request, .route = &route, .out = &out, .pool = h.f.pool};
    return authp_route_serve(&call);
}

static void expect_csrf(const char *what, authp_err_t want)
{
    static const char *const unsafe[] = {"POST", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        authp_err_t err = serve(unsafe[i]);
        ck_assert_msg(err == want, "%s: %s %s", what, unsafe[i], authp_err_name(err));
    }
    if (want == AUTHP_OK) {
        return;
    }
    authp_response_t out = http_fake_expect(&h, "POST", "/api/auth/refresh", 403, "csrf_failed");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    out = http_fake_expect(&h, "POST", "/api/auth/logout", 403, "csrf_failed");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
}

START_TEST(the_double_submit)
{
    authp_response_t ann = http_fake_register(&h, ANN, true);
    authp_response_t bob = http_fake_register(&h, "bob@example.org", true);
    const char *own = http_fake_cookie_value(&h, &ann, "csrf_token");
    const char *foreign = http_fake_cookie_value(&h, &bob, "csrf_token");
    ck_assert_str_ne(own, foreign);
    ck_assert_uint_eq(strlen(own), 43);
    set("Origin", HTTP_FAKE_ORIGIN);
    done = 0;
    send_csrf(&ann, own, NULL);
    expect_csrf("no header", AUTHP_E_CSRF_FAILED);
    send_csrf(&ann, NULL, own);
    expect_csrf("no cookie", AUTHP_E_CSRF_FAILED);
    send_csrf(&ann, "", "");
    expect_csrf("empty", AUTHP_E_CSRF_FAILED);
    send_csrf(&ann, own, flipped(own));
    expect_csrf("unequal", AUTHP_E_CSRF_FAILED);
    send_csrf(&ann, own, apr_pstrcat(h.f.pool, own, "A", NULL));
    expect_csrf("longer", AUTHP_E_CSRF_FAILED);
    /* A neighbouring host has set cookie and header: they are equal, but do not belong to this
     * session. */
    send_csrf(&ann, flipped(own), flipped(own));
    expect_csrf("forged", AUTHP_E_CSRF_FAILED);
    send_csrf(&ann, foreign, foreign);
    expect_csrf("of another session", AUTHP_E_CSRF_FAILED);
    send_csrf(&ann, "x", "x");
    expect_csrf("short", AUTHP_E_CSRF_FAILED);
    ck_assert_int_eq(done, 0);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 2);
    send_csrf(&ann, own, own);
    expect_csrf("as it should be", AUTHP_OK);
    ck_assert_int_eq(done, 3);
    /* The present key makes tokens, and tokens of the previous key are still accepted. */
    fixture_roll_key(&h.f, true);
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 200, NULL);
}
END_TEST

START_TEST(what_needs_no_double_submit)
{
    authp_response_t ann = http_fake_register(&h, ANN, true);
    done = 0;
    set_jar(&ann, NULL);
    ck_assert_int_eq(serve("GET"), AUTHP_OK);
    ck_assert_int_eq(serve("POST"), AUTHP_E_ORIGIN_DENIED);
    set("Origin", "https://evil.example");
    ck_assert_int_eq(serve("GET"), AUTHP_OK);
    ck_assert_int_eq(serve("POST"), AUTHP_E_ORIGIN_DENIED);
    /* No browser sends a bearer token on its own, so it takes precedence over cookies and needs no
     * CSRF token. */
    http_fake_bearer(&h, http_fake_text(&h, &ann, "access_token"));
    ck_assert_int_eq(serve("POST"), AUTHP_OK);
    http_fake_bearer(&h, "bad");
    ck_assert_int_eq(serve("POST"), AUTHP_E_TOKEN_INVALID);
    http_fake_clear(&h);
    ck_assert_int_eq(serve("POST"), AUTHP_E_TOKEN_MISSING);
    ck_assert_int_eq(done, 3);
}
END_TEST

/* Where signing in is optional, cookies whose CSRF token is missing or another session's are as
 * good as none: an admin's browser makes no recruiter for a neighbouring host. */
START_TEST(optional_cookies_want_it_too)
{
    authp_response_t boss = http_fake_register(&h, "boss@example.org", true);
    authp_response_t bob = http_fake_register(&h, "bob@example.org", true);
    const authp_session_t *session =
        fixture_session_of(&h.f, http_fake_cookie_value(&h, &boss, "__Secure-authp_rt"));
    APR_ARRAY_PUSH(mem_store_user(h.f.store, session->user_id.hex)->roles, const char *) = "admin";
    const char *own = http_fake_cookie_value(&h, &boss, "csrf_token");
    const char *foreign = http_fake_cookie_value(&h, &bob, "csrf_token");
    const char *const tries[][2] = {{own, NULL},        {NULL, own}, {own, foreign},
                                    {foreign, foreign}, {"x", "x"},  {own, own}};
    set("Origin", HTTP_FAKE_ORIGIN);
    http_fake_json(&h, NEWCOMER);
    for (int i = 0; i < 6; i++) {
        send_csrf(&boss, tries[i][0], tries[i][1]);
        (void)http_fake_expect(&h, "POST", "/api/auth/register/recruiter", i < 5 ? 403 : 201,
                               i < 5 ? "invite_required" : NULL);
    }
}
END_TEST

START_TEST(logout_by_the_access_cookie_wants_it_too)
{
    authp_response_t ann = http_fake_register(&h, ANN, true);
    authp_response_t bob = http_fake_register(&h, "bob@example.org", true);
    const char *foreign = http_fake_cookie_value(&h, &bob, "csrf_token");
    set("Cookie",
        apr_pstrcat(h.f.pool, "__Host-authp_at=", http_fake_text(&h, &ann, "access_token"),
                    "; csrf_token=", foreign, NULL));
    set("X-CSRF-Token", foreign);
    set("Origin", HTTP_FAKE_ORIGIN);
    (void)http_fake_expect(&h, "POST", "/api/auth/logout", 403, "csrf_failed");
    ck_assert_int_eq(fixture_live_sessions(&h.f), 2);
}
END_TEST

Suite *suite_cookie(void)
{
    Suite *suite = suite_create("cookie");
    TCase *tests = tcase_create("cookie");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, attributes);
    tcase_add_test(tests, attributes_when_cleared);
    tcase_add_test(tests, without_secure_cookies);
    tcase_add_loop_test(tests, which_way_tokens_are_handed_out, 0, sizeof(ways) / sizeof(ways[0]));
    tcase_add_loop_test(tests, origins_of_cookies, 0, sizeof(origins) / sizeof(origins[0]));
    tcase_add_test(tests, the_double_submit);
    tcase_add_test(tests, what_needs_no_double_submit);
    tcase_add_test(tests, optional_cookies_want_it_too);
    tcase_add_test(tests, logout_by_the_access_cookie_wants_it_too);
    suite_add_tcase(suite, tests);
    return suite;
}

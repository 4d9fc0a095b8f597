/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in at a provider as a browser sees it: which state belongs to it, and where it ends. */
#include "person_fixture.h"
#include "provider_fixture.h"
#include "service/account/device.h"
#include "suite.h"
#include "support/http_fake.h"
#include "throttled.h"

#include <string.h>

#include <apr_strings.h>

#define LOGIN "/api/auth/google/login"
#define CALLBACK "/api/auth/google/callback"
#define COOKIE "__Host-authp_oauth"
#define FRONT "https://app.example.org/done"
#define VERIFIER "verifier-verifier-verifier-verifier-verifier"
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static http_fake_t h;
static provider_fixture_t p;
static const char *state; /* of the latest sign-in that began */

static void set_up(void)
{
    http_fake_open(&h);
    h.f.settings->frontend_url = "https://app.example.org";
    h.f.settings->frontend_origin = "https://app.example.org";
    p.f = h.f;
    provider_fixture_join(&p);
}

static void tear_down(void)
{
    http_fake_close(&h);
}

static const char *nonce_of(const char *location)
{
    const char *at = strstr(location, "&nonce=") + strlen("&nonce=");
    return apr_pstrmemdup(h.f.pool, at, strcspn(at, "&"));
}

/* Sets the cookie of the browser to what an answer makes it. */
static const char *keep(const authp_response_t *out)
{
    const char *value = http_fake_cookie_value(&h, out, COOKIE);
    apr_table_setn(h.headers, "Cookie", apr_pstrcat(h.f.pool, COOKIE "=", value, NULL));
    return value;
}

/* Begins a sign-in in this browser. The provider then answers a good id_token. */
static void start(const char *query)
{
    authp_response_t out =
        http_fake_expect(&h, "GET", apr_pstrcat(h.f.pool, LOGIN "?", query, NULL), 302, NULL);
    const char *to = http_fake_header(&out, "Location");
    ck_assert_int_eq(strncmp(to, OP "/auth?x=1&", strlen(OP "/auth?x=1&")), 0);
    state = strstr(to, "&state=") + strlen("&state=");
    state = apr_pstrmemdup(h.f.pool, state, strcspn(state, "&"));
    const char *nonce = apr_psprintf(h.f.pool, "\"%s\"", nonce_of(to));
    provider_fixture_answer(
        &p, provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "nonce", nonce)));
    (void)keep(&out);
}

static const char *with_state(const char *path, const char *query)
{
    return apr_pstrcat(h.f.pool, path, "?state=", state, "&", query, NULL);
}

/* Comes back to the callback. The answer must take the entry out of the cookie. */
static authp_response_t back(const char *query, int status, const char *code)
{
    authp_response_t out = http_fake_expect(&h, "GET", with_state(CALLBACK, query), status, code);
    ck_assert_str_eq(keep(&out), "");
    ck_assert_ptr_nonnull(strstr(http_fake_set_cookie(&out, COOKIE), "; Max-Age=0"));
    return out;
}

static void refused_state(const char *target)
{
    authp_response_t out = http_fake_expect(&h, "GET", target, 400, "oauth_state_invalid");
    ck_assert_ptr_null(http_fake_header(&out, "Location"));
    ck_assert_int_eq(p.token.calls, 0);
    ck_assert_int_eq(fixture_sessions(&h.f), 0);
}

START_TEST(the_cookie)
{
    authp_response_t out = http_fake_expect(&h, "GET", LOGIN, 302, NULL);
    const char *line = http_fake_set_cookie(&out, COOKIE);
    ck_assert_str_eq(strchr(line, ';'), "; Path=/; Max-Age=600; SameSite=Lax; Secure; HttpOnly");
}
END_TEST

START_TEST(tokens_in_the_answer)
{
    start("device_id=my%20phone");
    authp_response_t out = back("code=x", 200, NULL);
    ck_assert_ptr_nonnull(http_fake_text(&h, &out, "access_token"));
    const char *refresh = http_fake_text(&h, &out, "refresh_token");
    ck_assert_str_eq(fixture_session_of(&h.f, refresh)->device_id, "my phone");
    ck_assert_int_eq(fixture_sessions(&h.f), 1);
    ck_assert_str_eq(fixture_audit(&h.f, "login")->reason, "google");
    (void)http_fake_expect(&h, "GET", with_state(CALLBACK, "code=x"), 400, "oauth_state_invalid");
    ck_assert_int_eq(p.token.calls, 1);
}
END_TEST

START_TEST(states_that_are_not_of_this_browser)
{
    start("return_to=/jobs");
    const char *mine = apr_table_get(h.headers, "Cookie");
    apr_table_unset(h.headers, "Cookie");
    refused_state(with_state(CALLBACK, "code=x"));
    const char *theirs = state;
    start("");
    const char *other = state;
    state = theirs;
    refused_state(with_state(CALLBACK, "code=x"));
    state = other;
    apr_table_setn(h.headers, "Cookie", mine);
    refused_state(with_state(CALLBACK, "code=x"));
    refused_state(CALLBACK);
    refused_state(CALLBACK "?code=x");
    refused_state(CALLBACK "?state=&code=x");
}
END_TEST

/* The callback is where redirect_uri says, and nowhere else. */
START_TEST(another_path_or_provider)
{
    start("");
    refused_state(with_state("/api/auth/oidc/google/callback", "code=x"));
    refused_state(with_state("/api/auth/oidc/hub/callback", "code=x"));
    p.hub.redirect_path = "/api/auth/oidc/hub/callback";
    refused_state(with_state("/api/auth/oidc/hub/callback", "code=x"));
    (void)http_fake_expect(&h, "GET", "/api/auth/oidc/none/callback?code=x", 404, "not_found");
    start("");
    p.google.redirect_uri = "https://other.example/api/auth/google/callback";
    refused_state(with_state(CALLBACK, "code=x"));
    p.google.redirect_uri = OP_REDIRECT;
    start("");
    p.google.issuer = "https://other.example";
    refused_state(with_state(CALLBACK, "code=x"));
    p.google.issuer = OP;
    start("");
    refused_state(with_state(CALLBACK, "code=x&iss=https://other.example"));
    /* Whoever sends a foreign answer is not led on to return_to. */
    start("return_to=/jobs");
    refused_state(with_state(CALLBACK, "code=x&iss=https://other.example"));
    ck_assert_str_eq(fixture_audit(&h.f, "login")->reason, "oauth_state_invalid: iss");
}
END_TEST

START_TEST(ten_minutes)
{
    start("");
    fake_clock_advance(&h.f.clock, 600001);
    (void)back("code=x", 400, "oauth_state_invalid");
    ck_assert_int_eq(p.token.calls, 0);
    http_fake_clear(&h);
    start("");
    fake_clock_advance(&h.f.clock, 600000);
    (void)back("code=x", 200, NULL);
}
END_TEST

static const char *code_of(size_t len)
{
    char *text = apr_palloc(h.f.pool, len + 6);
    memset(text, 'c', len + 6);
    memcpy(text, "code=", 5);
    text[len + 5] = '\0';
    return text;
}

START_TEST(answers_without_a_person)
{
    static const struct {
        const char *query;
        int status;
        const char *code;
    } rows[] = {
        {"error=access_denied", 403, "oauth_denied"},
        {"error=access_denied&code=x", 403, "oauth_denied"},
        {"error=server_error", 502, "oauth_failed"},
        {"error=", 502, "oauth_failed"},
        {"x=y", 502, "oauth_failed"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start("");
        (void)back(rows[i].query, rows[i].status, rows[i].code);
    }
    start("");
    (void)back(code_of(4097), 502, "oauth_failed");
    ck_assert_int_eq(p.token.calls, 0);
    start("");
    (void)back(code_of(4096), 200, NULL);
    start("");
    p.token.status = 400;
    p.token.body = "{\"error\":\"invalid_grant\"}";
    (void)back("code=x", 400, "oauth_failed");
    start("");
    /* Nobody is refused while the provider or the store is busy, so no event says so. */
    int events = mem_store_audit_count(h.f.store, "login");
    p.token.status = 503;
    (void)back("code=x", 503, "oauth_unavailable");
    start("");
    p.token.status = 200;
    fake_clock_advance(&h.f.clock, 1000);
    mem_store_fail(h.f.store, "user_update", 0, AUTHP_E_CONFLICT);
    (void)back("code=x", 503, "busy");
    ck_assert_int_eq(mem_store_audit_count(h.f.store, "login"), events);
}
END_TEST

START_TEST(to_a_path)
{
    start("return_to=/jobs%3Fa%3D1");
    authp_response_t out = back("code=x", 302, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Location"), "/jobs?a=1");
    ck_assert_ptr_nonnull(http_fake_set_cookie(&out, "__Host-authp_at"));
    ck_assert_ptr_nonnull(http_fake_set_cookie(&out, "__Secure-authp_rt"));
    ck_assert_ptr_nonnull(http_fake_set_cookie(&out, "csrf_token"));
    ck_assert_ptr_nonnull(http_fake_set_cookie(&out, THROTTLED_DEVICE));
    start("return_to=/jobs%3Fa%3D1");
    out = back("error=access_denied", 302, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Location"),
                     "/signin.html?return_to=%2Fjobs%3Fa%3D1&error=oauth_denied");
    ck_assert_ptr_null(http_fake_set_cookie(&out, "__Host-authp_at"));
}
END_TEST

static const char *challenge_query(const char *more)
{
    const char *challenge = NULL;
    ck_assert_int_eq(authp_pending_challenge(VERIFIER, &challenge, h.f.pool), AUTHP_OK);
    return apr_pstrcat(h.f.pool, "return_to=" FRONT, more,
                       "%23top&device_id=app&code_challenge=", challenge, NULL);
}

/* Sets the body that exchanges the login_code in that address for tokens. */
static void send_code(const char *to)
{
    const char *code = to + strlen(FRONT "?login_code=");
    http_fake_clear(&h);
    http_fake_json(&h, apr_psprintf(h.f.pool, "{\"login_code\":\"%.*s\",\"code_verifier\":\"%s\"}",
                                    (int)strcspn(code, "#"), code, VERIFIER));
}

START_TEST(to_a_front_end)
{
    start(challenge_query(""));
    authp_response_t out = back("code=x", 302, NULL);
    const char *to = http_fake_header(&out, "Location");
    ck_assert_ptr_eq(strstr(to, FRONT "?login_code="), to);
    ck_assert_str_eq(strchr(to, '#'), "#top");
    ck_assert_int_eq(fixture_sessions(&h.f), 0);
    ck_assert_ptr_null(http_fake_set_cookie(&out, "__Host-authp_at"));
    send_code(to);
    out = http_fake_expect(&h, "POST", "/api/auth/login/code", 200, NULL);
    const char *refresh = http_fake_text(&h, &out, "refresh_token");
    ck_assert_str_eq(fixture_session_of(&h.f, refresh)->device_id, "app");
    (void)http_fake_expect(&h, "POST", "/api/auth/login/code", 401, "invalid_credentials");
    http_fake_clear(&h);
    start(challenge_query(""));
    out = back("error=access_denied", 302, NULL);
    to = http_fake_header(&out, "Location");
    ck_assert_ptr_eq(strstr(to, FRONT "?error=oauth_denied&error_description="), to);
}
END_TEST

/* A front end that gets an error finds no code of an earlier answer beside it, and the other way
 * round. */
START_TEST(nothing_of_an_earlier_answer)
{
    static const char *const endings[] = {"code=x", "error=access_denied"};
    static const char *const names[] = {
        "link_code=", "login_code=", "error=", "error_description="};
    for (size_t i = 0; i < LENGTH(endings); i++) {
        start(challenge_query(
            "%3Flink_code%3Dold%26login_code%3Dold%26error%3Dold%26error_description%3Dold"));
        authp_response_t out = back(endings[i], 302, NULL);
        const char *to = http_fake_header(&out, "Location");
        ck_assert_ptr_null(strstr(to, "old"));
        for (size_t j = 0; j < LENGTH(names); j++) {
            const char *name = strstr(to, names[j]);
            ck_assert_msg(name == NULL || strstr(name + 1, names[j]) == NULL, "%s", to);
        }
    }
}
END_TEST

/* Signs in with that device cookie: by a token of Google, at the callback, or with a login_code. */
static authp_response_t sign_in_on(const char *device, int way)
{
    if (way == 0) {
        const char *token =
            provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "nonce", NULL));
        http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"id_token\":\"", token, "\"}", NULL));
        throttled_send(&h, device);
        return http_fake_expect(&h, "POST", "/api/auth/google/token", 200, NULL);
    }
    start(way == 1 ? "" : challenge_query(""));
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, apr_table_get(h.headers, "Cookie"),
                               "; " THROTTLED_DEVICE "=", device, NULL));
    authp_response_t out = back("code=x", way == 1 ? 200 : 302, NULL);
    if (way == 2) {
        send_code(http_fake_header(&out, "Location"));
        throttled_send(&h, device);
        out = http_fake_expect(&h, "POST", "/api/auth/login/code", 200, NULL);
    }
    return out;
}

/* A sign-in at a provider keeps the device of the browser, and adds the account to it. */
START_TEST(the_device_of_a_browser)
{
    authp_device_t before;
    authp_device_t after;
    authp_response_t out = http_fake_register(&h, "eve@example.org", false);
    const char *device = throttled_device(&h, &out);
    ck_assert_int_eq(authp_device_read(h.f.realm, device, &before), AUTHP_OK);
    out = sign_in_on(device, _i);
    ck_assert_int_eq(authp_device_read(h.f.realm, throttled_device(&h, &out), &after), AUTHP_OK);
    ck_assert_mem_eq(after.id, before.id, sizeof(after.id));
    ck_assert_int_eq(after.nusers, 2);
}
END_TEST

/* The event of a removal by an administrator names who did it, and whose identity it was. */
START_TEST(removed_by_an_administrator)
{
    authp_user_t *ada = fixture_user(&h.f, PERSON_EMAIL, "candidate", false);
    authp_user_t *root = fixture_user(&h.f, "root@example.org", "admin", false);
    person_fixture_put(&h.f, mem_store_user(h.f.store, ada->id.hex), "google", OP, PERSON_SUB);
    http_fake_bearer(&h, fixture_start(&h.f, root).access_token);
    (void)http_fake_expect(
        &h, "DELETE",
        apr_pstrcat(h.f.pool, "/api/auth/users/", ada->id.hex, "/identities/google", NULL), 204,
        NULL);
    const authp_audit_t *event = fixture_audit(&h.f, "identity_unlink");
    ck_assert_str_eq(event->actor_id, root->id.hex);
    ck_assert_str_eq(event->subject_id, ada->id.hex);
}
END_TEST

START_TEST(starts_that_are_refused)
{
    static const char *const queries[] = {
        "role=admin",
        "role=",
        "return_to=https://evil.example/&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "return_to=//evil.example",
        "return_to=" FRONT,
        "return_to=" FRONT "&code_challenge=short",
        "return_to=/jobs&code_challenge_method=plain",
    };
    for (size_t i = 0; i < LENGTH(queries); i++) {
        authp_response_t out =
            http_fake_expect(&h, "GET", apr_pstrcat(h.f.pool, LOGIN "?", queries[i], NULL), 422,
                             "validation_failed");
        ck_assert_ptr_null(http_fake_header(&out, "Location"));
        ck_assert_ptr_null(http_fake_set_cookie(&out, COOKIE));
    }
    (void)http_fake_expect(&h, "GET", LOGIN "?ticket=abc", 400, "oauth_state_invalid");
    p.discovery.err = AUTHP_E_UNAVAILABLE;
    provider_fixture_set(&p, 4);
    (void)http_fake_expect(&h, "GET", LOGIN, 503, "oauth_unavailable");
    authp_response_t out = http_fake_expect(&h, "GET", LOGIN "?return_to=/jobs", 302, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Location"),
                     "/signin.html?return_to=%2Fjobs&error=oauth_unavailable");
    ck_assert_ptr_null(http_fake_set_cookie(&out, COOKIE));
}
END_TEST

Suite *suite_api_provider(void)
{
    Suite *suite = suite_create("api_provider");
    TCase *tests = tcase_create("api_provider");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_cookie);
    tcase_add_test(tests, tokens_in_the_answer);
    tcase_add_test(tests, states_that_are_not_of_this_browser);
    tcase_add_test(tests, another_path_or_provider);
    tcase_add_test(tests, ten_minutes);
    tcase_add_test(tests, answers_without_a_person);
    tcase_add_test(tests, to_a_path);
    tcase_add_test(tests, to_a_front_end);
    tcase_add_test(tests, nothing_of_an_earlier_answer);
    tcase_add_loop_test(tests, the_device_of_a_browser, 0, 3);
    tcase_add_test(tests, removed_by_an_administrator);
    tcase_add_test(tests, starts_that_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The account's own routes, with a store that fails in between. */
#include "crypto/password/bcrypt.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define ME "/api/auth/me"
#define PASSWORD "/api/auth/me/password"
#define SESSIONS "/api/auth/sessions"
#define CHANGE                                                                                     \
    "{\"current_password\":\"" FIXTURE_PASSWORD "\",\"new_password\":\"another calm one\"}"

static http_fake_t h;
static authp_user_t *ada;
static authp_grant_t here;

static void setup(void)
{
    http_fake_open(&h);
    ada = fixture_user(&h.f, "ada@example.org", "candidate", false);
    here = fixture_start(&h.f, ada);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static authp_response_t ask(const char *method, const char *target, const char *body, int status,
                            const char *code)
{
    http_fake_clear(&h);
    http_fake_bearer(&h, here.access_token);
    if (body != NULL) {
        http_fake_json(&h, body);
    }
    return http_fake_expect(&h, method, target, status, code);
}

START_TEST(a_name)
{
    (void)ask("PATCH", ME, "{\"name\":\"Ada\"}", 200, NULL);
    ck_assert_str_eq(mem_store_user(h.f.store, ada->id.hex)->name, "Ada");
    (void)ask("PATCH", ME, "{}", 200, NULL);
    ck_assert_str_eq(mem_store_user(h.f.store, ada->id.hex)->name, "Ada");
    (void)ask("PATCH", ME, "{\"name\":\"\"}", 200, NULL);
    ck_assert_ptr_null(mem_store_user(h.f.store, ada->id.hex)->name);
    ck_assert_int_eq(mem_store_user(h.f.store, ada->id.hex)->ver, 1);
    mem_store_fail(h.f.store, "user_update", 0, AUTHP_E_UNAVAILABLE);
    (void)ask("PATCH", ME, "{\"name\":\"x\"}", 503, "store_unavailable");
}
END_TEST

/* Wrong passwords here count together with those of sign-ins by e-mail, also if the account has a
 * username. Otherwise each of the two names would give as many attempts again. */
START_TEST(wrong_ones_count_with_the_sign_ins)
{
    const authp_rate_t wide = {1000, 60};
    fixture_limits(&h.f, wide, wide, (authp_rate_t){3, 60});
    mem_store_user(h.f.store, ada->id.hex)->username = "ada99";
    for (int i = 0; i < 3; i++) {
        (void)ask("POST", PASSWORD,
                  "{\"current_password\":\"x\",\"new_password\":\"another calm one\"}", 403,
                  "invalid_credentials");
    }
    http_fake_clear(&h);
    http_fake_json(&h, "{\"email\":\"ada@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}");
    (void)http_fake_expect(&h, "POST", "/api/auth/login", 429, "rate_limited");
}
END_TEST

START_TEST(a_new_password)
{
    authp_grant_t there = fixture_start(&h.f, ada);
    (void)ask("POST", PASSWORD, "{\"new_password\":\"another calm one\"}", 403,
              "invalid_credentials");
    (void)ask("POST", PASSWORD,
              "{\"current_password\":\"x\",\"new_password\":\"another calm one\"}", 403,
              "invalid_credentials");
    ck_assert_str_eq(fixture_audit(&h.f, "password_change")->outcome, "denied");
    authp_response_t out = ask("POST", PASSWORD, CHANGE, 200, NULL);
    const authp_user_t *row = mem_store_user(h.f.store, ada->id.hex);
    ck_assert_int_eq(row->ver, 2);
    ck_assert_int_eq(row->min_ver, 2);
    ck_assert_str_eq(mem_store_session(h.f.store, there.session->id.hex)->end_reason,
                     "password_change");
    const authp_session_t *mine = mem_store_session(h.f.store, here.session->id.hex);
    ck_assert_int_eq(mine->ended_at, 0);
    ck_assert_int_eq(mine->ver, 2);
    ck_assert_int_eq(mine->generation, 1);
    (void)ask("GET", ME, NULL, 401, "token_revoked");
    here.access_token = http_fake_text(&h, &out, "access_token");
    (void)ask("GET", ME, NULL, 200, NULL);
}
END_TEST

static void another_password(void *ctx)
{
    authp_user_t *row = mem_store_user(h.f.store, ada->id.hex);
    (void)ctx;
    row->password_hash = "$2y$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
    row->ver++;
    row->updated_at++;
}

static void ended(void *ctx)
{
    (void)ctx;
    mem_store_session(h.f.store, here.session->id.hex)->ended_at = 1;
}

START_TEST(a_new_password_and_what_comes_between)
{
    mem_store_before(h.f.store, "user_update", another_password, NULL);
    (void)ask("POST", PASSWORD, CHANGE, 403, "invalid_credentials");
    ck_assert_int_eq(mem_store_user(h.f.store, ada->id.hex)->min_ver, 0);
    authp_user_t *eve = fixture_user(&h.f, "eve@example.org", "candidate", false);
    here = fixture_start(&h.f, eve);
    mem_store_fail(h.f.store, "user_update", 0, AUTHP_E_UNAVAILABLE);
    (void)ask("POST", PASSWORD, CHANGE, 503, "store_unavailable");
    mem_store_fail(h.f.store, "session_rotate", 0, AUTHP_E_CONFLICT);
    (void)ask("POST", PASSWORD, CHANGE, 503, "busy");
    mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    /* Another request rotates the session in between, once. The second try succeeds. */
    authp_user_t *bob = fixture_user(&h.f, "bob@example.org", "candidate", false);
    here = fixture_start(&h.f, bob);
    mem_store_fail(h.f.store, "session_rotate", 1, AUTHP_E_CONFLICT);
    (void)ask("POST", PASSWORD, CHANGE, 200, NULL);
    authp_user_t *mal = fixture_user(&h.f, "mal@example.org", "candidate", false);
    here = fixture_start(&h.f, mal);
    mem_store_before(h.f.store, "session_set_ver", ended, NULL);
    (void)ask("POST", PASSWORD, CHANGE, 401, "token_revoked");
    authp_user_t *pat = fixture_user(&h.f, "pat@example.org", "candidate", false);
    here = fixture_start(&h.f, pat);
    mem_store_before(h.f.store, "session_rotate", ended, NULL);
    (void)ask("POST", PASSWORD, CHANGE, 401, "token_revoked");
}
END_TEST

/* A password of the most bytes that one may have works wherever it is asked for. */
START_TEST(the_longest_password)
{
    char most[AUTHP_BCRYPT_MAX_BYTES + 1];
    memset(most, 'p', sizeof(most) - 1);
    most[0] = 'q';
    most[sizeof(most) - 1] = '\0';
    const char *own = apr_pstrcat(h.f.pool, "\"", most, "\"", NULL);
    const char *login =
        apr_pstrcat(h.f.pool, "{\"email\":\"ada@example.org\",\"password\":", own, "}", NULL);
    const char *change = apr_pstrcat(
        h.f.pool, "{\"current_password\":\"" FIXTURE_PASSWORD "\",\"new_password\":", own, "}",
        NULL);
    (void)ask("POST", PASSWORD,
              apr_pstrcat(h.f.pool,
                          "{\"current_password\":\"" FIXTURE_PASSWORD "\",\"new_password\":\"",
                          most, "p\"}", NULL),
              422, "validation_failed");
    authp_response_t out = ask("POST", PASSWORD, change, 200, NULL);
    here.access_token = http_fake_text(&h, &out, "access_token");
    (void)ask("POST", "/api/auth/login", login, 200, NULL);
    (void)ask("POST", "/api/auth/login/candidate", login, 200, NULL);
    out = ask(
        "POST", PASSWORD,
        apr_pstrcat(h.f.pool, "{\"current_password\":", own, ",\"new_password\":", own, "}", NULL),
        200, NULL);
    here.access_token = http_fake_text(&h, &out, "access_token");
    (void)ask("DELETE", ME, apr_pstrcat(h.f.pool, "{\"password\":\"", most, "p\"}", NULL), 403,
              "invalid_credentials");
    (void)ask("DELETE", ME, apr_pstrcat(h.f.pool, "{\"password\":", own, "}", NULL), 204, NULL);
}
END_TEST

START_TEST(without_a_password)
{
    mem_store_user(h.f.store, ada->id.hex)->password_hash = NULL;
    fake_clock_advance(&h.f.clock, 301000);
    (void)ask("POST", PASSWORD, CHANGE, 401, "insufficient_user_authentication");
    (void)ask("DELETE", ME, NULL, 401, "insufficient_user_authentication");
    fake_clock_advance(&h.f.clock, -1000 + 1);
    (void)ask("POST", PASSWORD, CHANGE, 401, "insufficient_user_authentication");
    fake_clock_advance(&h.f.clock, -1); /* five minutes to the millisecond */
    (void)ask("POST", PASSWORD, CHANGE, 200, NULL);
    ck_assert_int_eq(authp_bcrypt_cost(mem_store_user(h.f.store, ada->id.hex)->password_hash), 4);
}
END_TEST

START_TEST(devices)
{
    authp_user_t *eve = fixture_user(&h.f, "eve@example.org", "candidate", false);
    authp_grant_t theirs = fixture_start(&h.f, eve);
    authp_grant_t there = fixture_start(&h.f, ada);
    authp_response_t out = ask("GET", SESSIONS, NULL, 200, NULL);
    json_t *list = json_object_get(http_fake_body(&h, &out), "items");
    ck_assert_uint_eq(json_array_size(list), 2);
    /* Both sessions were made in the same millisecond, so the order is not defined. */
    ck_assert_int_eq(json_is_true(json_object_get(json_array_get(list, 0), "current")) +
                         json_is_true(json_object_get(json_array_get(list, 1), "current")),
                     1);
    const char *other = apr_pstrcat(h.f.pool, SESSIONS "/", there.session->id.hex, NULL);
    (void)ask("DELETE", apr_pstrcat(h.f.pool, SESSIONS "/", theirs.session->id.hex, NULL), NULL,
              404, "not_found");
    (void)ask("DELETE", SESSIONS "/ffffffffffffffffffffffff", NULL, 404, "not_found");
    (void)ask("DELETE", other, NULL, 204, NULL);
    (void)ask("DELETE", other, NULL, 404, "not_found");
    (void)fixture_start(&h.f, ada);
    (void)ask("DELETE", SESSIONS, NULL, 204, NULL);
    /* the session itself, and the one of another account */
    ck_assert_int_eq(fixture_live_sessions(&h.f), 2);
    ck_assert_int_eq(mem_store_audit_count(h.f.store, "sessions_end"), 1);
    (void)ask("DELETE", SESSIONS, NULL, 204, NULL);
    ck_assert_int_eq(mem_store_audit_count(h.f.store, "sessions_end"), 1); /* nothing was done */
    mem_store_fail(h.f.store, "session_list", 0, AUTHP_E_UNAVAILABLE);
    (void)ask("GET", SESSIONS, NULL, 503, "store_unavailable");
}
END_TEST

START_TEST(deletion)
{
    (void)ask("DELETE", ME, "{\"password\":\"x\"}", 403, "invalid_credentials");
    (void)ask("DELETE", ME, NULL, 403, "invalid_credentials");
    (void)ask("DELETE", ME, "{\"password\":\"" FIXTURE_PASSWORD "\"}", 204, NULL);
    (void)ask("GET", ME, NULL, 401, "token_revoked");
    authp_user_t *boss = fixture_user(&h.f, "boss@example.org", "admin", false);
    here = fixture_start(&h.f, boss);
    (void)ask("DELETE", ME, "{\"password\":\"" FIXTURE_PASSWORD "\"}", 409, "last_admin");
    authp_response_t out = http_fake_register(&h, "c@example.org", true);
    http_fake_browser(&h, &out);
    http_fake_json(&h, "{\"password\":\"" FIXTURE_PASSWORD "\"}");
    out = http_fake_expect(&h, "DELETE", ME, 204, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
}
END_TEST

/* A browser sends cookies of a session and the same session's token as a bearer. When the session
 * has ended, the answer removes the cookies. Cookies of another session stay. */
START_TEST(cookies_of_what_ended)
{
    static const int rows[][2] = {
        {0, 3}, {1, 3}, {2, 0}}; /* what is asked, cookies in the answer */
    authp_response_t out = http_fake_register(&h, "c@example.org", true);
    const char *token = http_fake_text(&h, &out, "access_token");
    authp_principal_t who;
    ck_assert_int_eq(authp_token_verify(h.f.realm, token, strlen(token), &who, h.f.pool), AUTHP_OK);
    const authp_session_t *other =
        fixture_start(&h.f, mem_store_user(h.f.store, who.user_id)).session;
    const char *own = apr_pstrcat(h.f.pool, SESSIONS "/", who.session_id, NULL);
    const char *others = apr_pstrcat(h.f.pool, SESSIONS "/", other->id.hex, NULL);
    http_fake_browser(&h, &out);
    http_fake_bearer(&h, token);
    if (rows[_i][0] == 0) {
        http_fake_json(&h, "{\"password\":\"" FIXTURE_PASSWORD "\"}");
    }
    out = http_fake_expect(&h, "DELETE",
                           rows[_i][0] == 0   ? ME
                           : rows[_i][0] == 1 ? own
                                              : others,
                           204, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), rows[_i][1]);
}
END_TEST

/* A deletion that is refused, or that fails, ends nothing: the browser keeps its cookies. */
START_TEST(cookies_of_what_goes_on)
{
    authp_response_t out = http_fake_register(&h, "c@example.org", true);
    const char *refresh = http_fake_cookie_value(&h, &out, "__Secure-authp_rt");
    const char *own =
        apr_pstrcat(h.f.pool, SESSIONS "/", fixture_session_of(&h.f, refresh)->id.hex, NULL);
    http_fake_browser(&h, &out);
    http_fake_json(&h, "{\"password\":\"x\"}");
    out = http_fake_expect(&h, "DELETE", ME, 403, "invalid_credentials");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    http_fake_json(&h, "{\"password\":\"" FIXTURE_PASSWORD "\"}");
    mem_store_fail(h.f.store, "user_delete", 0, AUTHP_E_UNAVAILABLE);
    out = http_fake_expect(&h, "DELETE", ME, 503, "store_unavailable");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    mem_store_fail(h.f.store, "session_end", 0, AUTHP_E_UNAVAILABLE);
    out = http_fake_expect(&h, "DELETE", own, 503, "store_unavailable");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    out = http_fake_expect(&h, "DELETE", own, 204, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
}
END_TEST

Suite *suite_api_own(void)
{
    Suite *suite = suite_create("api_own");
    TCase *tests = tcase_create("api_own");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_name);
    tcase_add_test(tests, wrong_ones_count_with_the_sign_ins);
    tcase_add_test(tests, a_new_password);
    tcase_add_test(tests, a_new_password_and_what_comes_between);
    tcase_add_test(tests, the_longest_password);
    tcase_add_test(tests, without_a_password);
    tcase_add_test(tests, devices);
    tcase_add_test(tests, deletion);
    tcase_add_loop_test(tests, cookies_of_what_ended, 0, 3);
    tcase_add_test(tests, cookies_of_what_goes_on);
    suite_add_tcase(suite, tests);
    return suite;
}

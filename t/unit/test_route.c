/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch: the order of the checks, and a full gate. */
#include "api/core/dispatch.h"
#include "api/core/profiles.h"
#include "api/core/route.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define REGISTER "/api/auth/register"
#define NEWCOMER "{\"email\":\"new@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

START_TEST(each_check_wins_over_the_next)
{
    static char large[20000];
    /* The request has every fault at first. They are removed one by one, so each refusal is
     * seen. */
    apr_table_setn(h.headers, "X-Token-Delivery", "cookie");
    apr_table_setn(h.headers, "Origin", "https://evil.example");
    h.body = large;
    h.body_len = sizeof(large);
    memset(large, ' ', sizeof(large));
    (void)http_fake_expect(&h, "PUT", "/api/auth/nothing", 404, "not_found");
    authp_response_t out = http_fake_expect(&h, "PUT", REGISTER, 405, "method_not_allowed");
    ck_assert_str_eq(http_fake_header(&out, "Allow"), "POST, OPTIONS");
    (void)http_fake_expect(&h, "POST", REGISTER, 403, "origin_denied");
    apr_table_setn(h.headers, "Origin", HTTP_FAKE_ORIGIN);
    (void)http_fake_expect(&h, "POST", REGISTER, 415, "unsupported_media_type");
    ck_assert_int_eq(h.body_reads, 0);
    apr_table_setn(h.headers, "Content-Type", "application/json");
    (void)http_fake_expect(&h, "POST", REGISTER, 413, "body_too_large");
    http_fake_json(&h, "{");
    (void)http_fake_expect(&h, "POST", REGISTER, 400, "malformed_json");
    http_fake_json(&h, "{\"email\":1}");
    (void)http_fake_expect(&h, "POST", REGISTER, 422, "validation_failed");
    http_fake_json(&h, NEWCOMER);
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL);
    (void)http_fake_expect(&h, "POST", REGISTER, 409, "email_taken");
}
END_TEST

/* A profile that takes bearer tokens only gives no cookies, whatever the client asks for, and takes
 * none. */
START_TEST(bearer_only)
{
    authp_response_t with = http_fake_register(&h, "cookie@example.org", true);
    authp_profile_t profile = *h.mount->profile;
    profile.bearer_only = true;
    h.mount->profile = &profile;
    authp_response_t out = http_fake_register(&h, "bearer@example.org", true);
    ck_assert_ptr_null(http_fake_set_cookie(&out, "__Host-authp_at"));
    ck_assert_ptr_nonnull(http_fake_text(&h, &out, "refresh_token"));
    http_fake_browser(&h, &with);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 401, "token_missing");
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 200, NULL);
}
END_TEST

START_TEST(methods)
{
    /* HEAD is answered where GET is. Names of methods are case-sensitive. */
    (void)http_fake_expect(&h, "HEAD", "/api/auth/healthz", 200, NULL);
    (void)http_fake_expect(&h, "get", "/api/auth/healthz", 405, "method_not_allowed");
    (void)http_fake_expect(&h, "HEAD", REGISTER, 405, "method_not_allowed");
    (void)http_fake_expect(&h, "DELETE", "/api/auth/healthz", 405, "method_not_allowed");
    (void)http_fake_expect(&h, "GET", "/api/auth/Healthz", 404, "not_found");
    (void)http_fake_expect(&h, "GET", "/elsewhere", 404, "not_found");
}
END_TEST

START_TEST(how_reading_a_body_ends)
{
    http_fake_json(&h, NEWCOMER);
    h.body_err = AUTHP_E_TOO_LARGE;
    (void)http_fake_expect(&h, "POST", REGISTER, 413, "body_too_large");
    h.body_err = AUTHP_E_INTERNAL;
    (void)http_fake_expect(&h, "POST", REGISTER, 500, "internal_error");
    /* httpd has answered already, so nothing is written. */
    h.body_err = AUTHP_E_ABORTED;
    authp_response_t out = http_fake_ask(&h, "POST", REGISTER);
    ck_assert_int_eq(out.status, 0);
    ck_assert_int_eq(fixture_sessions(&h.f), 0);
}
END_TEST

START_TEST(the_body_limit_is_a_setting)
{
    h.f.settings->body_limit = (int)strlen(NEWCOMER) - 1;
    http_fake_json(&h, NEWCOMER);
    (void)http_fake_expect(&h, "POST", REGISTER, 413, "body_too_large");
    h.f.settings->body_limit++;
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL);
}
END_TEST

START_TEST(a_full_gate_is_busy)
{
    authp_gate_t gate = {.limit = 1};
    h.gate = &gate;
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 200, NULL);
    ck_assert_int_eq(gate.used, 0);
    gate.used = 1;
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 503, "busy");
    ck_assert_int_eq(gate.used, 1);
    (void)http_fake_expect(&h, "GET", "/api/auth/healthz", 200, NULL);
    /* A request that is refused before does not take a place in the gate. */
    (void)http_fake_expect(&h, "POST", REGISTER, 415, "unsupported_media_type");
    http_fake_json(&h, NEWCOMER);
    (void)http_fake_expect(&h, "POST", REGISTER, 503, "busy");
    gate.used = 0;
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL);
    (void)http_fake_expect(&h, "POST", REGISTER, 409, "email_taken");
    ck_assert_int_eq(gate.used, 0);
}
END_TEST

static authp_err_t answer(authp_call_t *call)
{
    call->out->status = 204;
    return AUTHP_OK;
}

/* A route of the test for admins only. */
static authp_err_t serve_admins(const char *token)
{
    const authp_route_t route = {.method = "GET",
                                 .path = "/later",
                                 .handler = answer,
                                 .auth = AUTHP_AUTH_REQUIRED,
                                 .role = "admin",
                                 .success = 204};
    http_fake_bearer(&h, token);
    authp_request_t request = http_fake_request(&h, "GET", "/api/auth/later");
    authp_response_t out = {.headers = apr_table_make(h.f.pool, 4)};
    authp_call_t call = {
        .realm = h.f.realm, .request = &request, .route = &route, .out = &out, .pool = h.f.pool};
    return authp_route_serve(&call);
}

START_TEST(roles)
{
    authp_user_t *admin = fixture_user(&h.f, "adm@example.org", "admin", false);
    authp_user_t *candidate = fixture_user(&h.f, "can@example.org", "candidate", false);
    const char *token = fixture_start(&h.f, admin).access_token;
    ck_assert_int_eq(serve_admins(token), AUTHP_OK);
    ck_assert_int_eq(serve_admins(fixture_start(&h.f, candidate).access_token),
                     AUTHP_E_INSUFFICIENT_ROLE);
    ck_assert_int_eq(serve_admins("bad"), AUTHP_E_TOKEN_INVALID);
    /* The roles of the account's row count, and not those of the token. */
    apr_array_clear(mem_store_user(h.f.store, admin->id.hex)->roles);
    ck_assert_int_eq(serve_admins(token), AUTHP_E_INSUFFICIENT_ROLE);
}
END_TEST

/* Where signing in is optional, cookies that are not good count as none. A store that does not
 * answer is no reason to take an administrator for nobody. */
typedef enum fault_t {
    GOOD,
    NO_CSRF,
    OTHER_ORIGIN,
    EXPIRED,
    ENDED,
    FORGED,
    NO_STORE,
    BROKEN
} fault_t;

static const struct {
    int status;
    const char *code;
} optional[] = {
    [GOOD] = {201, NULL},
    [NO_CSRF] = {403, "invite_required"},
    [OTHER_ORIGIN] = {403, "invite_required"},
    [EXPIRED] = {403, "invite_required"},
    [ENDED] = {403, "invite_required"},
    [FORGED] = {403, "invite_required"},
    [NO_STORE] = {503, "store_unavailable"},
    [BROKEN] = {500, "internal_error"},
};

static void spoil(fault_t fault, const authp_response_t *boss, authp_session_t *session)
{
    if (fault == NO_CSRF) {
        apr_table_unset(h.headers, "X-CSRF-Token");
    } else if (fault == OTHER_ORIGIN) {
        apr_table_setn(h.headers, "Origin", "https://evil.example");
    } else if (fault == EXPIRED) {
        fake_clock_advance(&h.f.clock, 16 * 60000);
    } else if (fault == ENDED) {
        session->ended_at = 1;
    } else if (fault == FORGED) {
        apr_table_setn(h.headers, "Cookie",
                       apr_pstrcat(h.f.pool, "__Host-authp_at=a.b.c; csrf_token=",
                                   http_fake_cookie_value(&h, boss, "csrf_token"), NULL));
    } else if (fault != GOOD) {
        mem_store_fail(h.f.store, "session_by_id", 0,
                       fault == NO_STORE ? AUTHP_E_UNAVAILABLE : AUTHP_E_INTERNAL);
    }
}

START_TEST(signing_in_is_optional)
{
    authp_response_t boss = http_fake_register(&h, "boss@example.org", true);
    const char *refresh = http_fake_cookie_value(&h, &boss, "__Secure-authp_rt");
    authp_session_t *session =
        mem_store_session(h.f.store, fixture_session_of(&h.f, refresh)->id.hex);
    authp_user_t *row = mem_store_user(h.f.store, session->user_id.hex);
    APR_ARRAY_PUSH(row->roles, const char *) = "admin";
    http_fake_browser(&h, &boss);
    http_fake_json(&h, NEWCOMER);
    spoil((fault_t)_i, &boss, session);
    (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", optional[_i].status,
                           optional[_i].code);
}
END_TEST

/* At a mount that takes forms, the refusal of another type names both types. */
START_TEST(types_of_a_mount_with_forms)
{
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("/auth", authp_profiles_find("assessment"), AUTHP_DELIVERY_ASK);
    static const char *const says[][2] = {
        {"/auth/login", "The body must be application/json or application/x-www-form-urlencoded, "
                        "not compressed."},
        {"/auth/register", "The body must be application/json, not compressed."}};
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
        authp_response_t out = {0};
        authp_request_t request = http_fake_request(&h, "POST", says[i][0]);
        authp_dispatch(h.f.realm, &request, &out, h.f.pool);
        ck_assert_int_eq(out.status, 415);
        ck_assert_str_eq(http_fake_text(&h, &out, "detail"), says[i][1]);
    }
}
END_TEST

Suite *suite_route(void)
{
    Suite *suite = suite_create("route");
    TCase *tests = tcase_create("route");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_check_wins_over_the_next);
    tcase_add_test(tests, bearer_only);
    tcase_add_test(tests, methods);
    tcase_add_test(tests, how_reading_a_body_ends);
    tcase_add_test(tests, the_body_limit_is_a_setting);
    tcase_add_test(tests, a_full_gate_is_busy);
    tcase_add_test(tests, roles);
    tcase_add_loop_test(tests, signing_in_is_optional, 0,
                        (int)(sizeof(optional) / sizeof(optional[0])));
    tcase_add_test(tests, types_of_a_mount_with_forms);
    suite_add_tcase(suite, tests);
    return suite;
}

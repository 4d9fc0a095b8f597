/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch: which check wins over which, and what a store that fails looks like to a client. */
#include "api/problem.h"
#include "suite.h"
#include "support/fixture.h"

#include <apr_strings.h>
#include <string.h>

static fixture_t f;
static apr_table_t *headers;
static const char *sent;
static authp_mount_t mount = {
    .path = "/api/auth", .me_path = "/api/protected/me", .delivery = AUTHP_DELIVERY_ASK};

static const char *get_header(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

static authp_err_t read_body(void *ctx, size_t limit, const char **data, size_t *len)
{
    (void)ctx;
    if (strlen(sent) > limit) {
        return AUTHP_E_TOO_LARGE;
    }
    *data = sent;
    *len = strlen(sent);
    return AUTHP_OK;
}

static void setup(void)
{
    fixture_open(&f);
    headers = apr_table_make(f.pool, 8);
    sent = "";
}

static void teardown(void)
{
    fixture_close(&f);
}

static authp_response_t ask(const char *method, const char *path, authp_gate_t *gate)
{
    authp_response_t out;
    authp_request_t request = {.mount = &mount,
                               .method = method,
                               .path = path,
                               .headers = {get_header, headers},
                               .scheme = "https",
                               .host = "jobs.example.org",
                               .client_ip = "192.0.2.1",
                               .request_id = "65f0c0ffee00000000000001",
                               .read_body = read_body,
                               .gate = gate};
    authp_api_handle(f.realm, &request, &out, f.pool);
    return out;
}

static void expect(const char *method, const char *path, int status, const char *code)
{
    authp_response_t out = ask(method, path, NULL);
    ck_assert_msg(out.status == status, "%s %s: %d %s", method, path, out.status, out.body);
    if (code != NULL) {
        ck_assert_msg(strstr(out.body, apr_pstrcat(f.pool, "\"code\":\"", code, "\"", NULL)) !=
                          NULL,
                      "%s", out.body);
        ck_assert_str_eq(apr_table_get(out.headers, "Content-Type"), "application/problem+json");
    }
    ck_assert_str_eq(apr_table_get(out.headers, "X-Request-Id"), "65f0c0ffee00000000000001");
}

START_TEST(each_check_wins_over_the_next)
{
    /* Everything is wrong with this request; one thing after the other is put right. */
    apr_table_set(headers, "X-Token-Delivery", "cookie");
    apr_table_set(headers, "Origin", "https://evil.example");
    sent = "{";
    expect("PUT", "/api/auth/nothing", 404, "not_found");
    expect("PUT", "/api/auth/register", 405, "method_not_allowed");
    expect("POST", "/api/auth/register", 403, "origin_denied");
    apr_table_set(headers, "Origin", "https://jobs.example.org");
    expect("POST", "/api/auth/register", 415, "unsupported_media_type");
    apr_table_set(headers, "Content-Type", "application/json");
    char *large = apr_palloc(f.pool, 20001);
    memset(large, ' ', 20000);
    large[20000] = '\0';
    sent = large;
    expect("POST", "/api/auth/register", 413, "body_too_large");
    sent = "{";
    expect("POST", "/api/auth/register", 400, "malformed_json");
    sent = "{\"email\":1}";
    expect("POST", "/api/auth/register", 422, "validation_failed");
    sent = "{\"email\":\"new@example.org\",\"password\":\"correct horse\"}";
    expect("POST", "/api/auth/register", 201, NULL);
    expect("POST", "/api/auth/register", 409, "email_taken");
}
END_TEST

START_TEST(a_failing_store_is_said)
{
    apr_table_set(headers, "Content-Type", "application/json");
    sent = "{\"email\":\"new@example.org\",\"password\":\"correct horse\"}";
    mem_store_fail(f.realm->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    expect("POST", "/api/auth/register", 503, "store_unavailable");
    expect("POST", "/api/auth/login", 503, "store_unavailable");
    expect("GET", "/api/auth/readyz", 503, "store_unavailable");
    ck_assert_ptr_nonnull(
        apr_table_get(ask("GET", "/api/auth/readyz", NULL).headers, "Retry-After"));
    expect("GET", "/api/auth/healthz", 200, NULL);
    mem_store_fail(f.realm->store, "user_create", 0, AUTHP_E_INTERNAL);
    expect("POST", "/api/auth/register", 500, "internal_error");
    /* The account is there, the session is not: sign in. */
    mem_store_fail(f.realm->store, "session_create", 0, AUTHP_E_UNAVAILABLE);
    expect("POST", "/api/auth/register", 503, "store_unavailable");
    mem_store_fail(f.realm->store, NULL, 0, AUTHP_OK);
    expect("POST", "/api/auth/register", 409, "email_taken");
    expect("POST", "/api/auth/login", 200, NULL);
}
END_TEST

START_TEST(a_full_gate_is_busy)
{
    authp_gate_t gate = {.limit = 1};
    ck_assert_int_eq(ask("GET", "/api/auth/readyz", &gate).status, 200);
    ck_assert_int_eq(gate.used, 0);
    gate.used = 1;
    authp_response_t out = ask("GET", "/api/auth/readyz", &gate);
    ck_assert_int_eq(out.status, 503);
    ck_assert_ptr_nonnull(strstr(out.body, "\"busy\""));
    ck_assert_int_eq(gate.used, 1);
    ck_assert_int_eq(ask("GET", "/api/auth/healthz", &gate).status, 200);
}
END_TEST

START_TEST(preflights)
{
    expect("OPTIONS", "/api/auth/login", 204, NULL);
    apr_table_set(headers, "Access-Control-Request-Method", "POST");
    apr_table_set(headers, "Origin", "https://evil.example");
    expect("OPTIONS", "/api/auth/login", 403, "origin_denied");
    APR_ARRAY_PUSH(f.settings->cors_origins, const char *) = "https://app.example.org";
    apr_table_set(headers, "Origin", "https://app.example.org");
    authp_response_t out = ask("OPTIONS", "/api/auth/login", NULL);
    ck_assert_int_eq(out.status, 204);
    ck_assert_str_eq(apr_table_get(out.headers, "Access-Control-Allow-Origin"),
                     "https://app.example.org");
    ck_assert_str_eq(apr_table_get(out.headers, "Access-Control-Allow-Credentials"), "true");
    ck_assert_ptr_nonnull(strstr(apr_table_get(out.headers, "Vary"), "Origin"));
}
END_TEST

START_TEST(problems_have_words)
{
    for (int i = 0; authp_problem_at(i) != NULL; i++) {
        const authp_problem_t *problem = authp_problem_at(i);
        authp_response_t out = {0};
        ck_assert_ptr_eq(authp_problem_of(problem->err), problem);
        authp_problem_fill(problem->err, NULL, NULL, "id", &out, f.pool);
        ck_assert_int_eq(out.status, problem->status);
        ck_assert_int_eq((apr_table_get(out.headers, "WWW-Authenticate") != NULL),
                         problem->status == 401);
        bool later = problem->status == 429 || problem->status == 503;
        ck_assert_int_eq((apr_table_get(out.headers, "Retry-After") != NULL), later);
    }
    ck_assert_str_eq(authp_problem_of(AUTHP_E_RECRUITER_PENDING)->detail,
                     "Recruiter pending verification");
    ck_assert_str_eq(authp_problem_of(AUTHP_E_CONFLICT)->code, "internal_error");
}
END_TEST

Suite *suite_route(void)
{
    Suite *suite = suite_create("route");
    TCase *tests = tcase_create("route");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_check_wins_over_the_next);
    tcase_add_test(tests, a_failing_store_is_said);
    tcase_add_test(tests, a_full_gate_is_busy);
    tcase_add_test(tests, preflights);
    tcase_add_test(tests, problems_have_words);
    suite_add_tcase(suite, tests);
    return suite;
}

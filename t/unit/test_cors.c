/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-origin requests: which origins may read an answer, and the answers to preflights. */
#include "suite.h"
#include "support/http_fake.h"

#include "api/core/cors.h"
#include "api/core/profiles.h"

#include <string.h>

#define APP "https://app.example.org"
#define LOGIN "/api/auth/login"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
    h.f.settings->frontend_origin = "https://front.example.org";
    APR_ARRAY_PUSH(h.f.settings->cors_origins, const char *) = APP;
}

static void teardown(void)
{
    http_fake_close(&h);
}

static void set(const char *name, const char *value)
{
    apr_table_set(h.headers, name, value);
}

/* NULL: no script of another origin may read the answer. */
static void expect_readable(const authp_response_t *out, const char *origin)
{
    ck_assert_ptr_nonnull(strstr(http_fake_header(out, "Vary"), "Origin"));
    ck_assert_pstr_eq(http_fake_header(out, "Access-Control-Allow-Origin"), origin);
    ck_assert_pstr_eq(http_fake_header(out, "Access-Control-Expose-Headers"),
                      origin != NULL ? "X-Request-Id, Retry-After, WWW-Authenticate" : NULL);
    bool credentials = origin != NULL && h.mount->delivery != AUTHP_DELIVERY_JSON;
    ck_assert_pstr_eq(http_fake_header(out, "Access-Control-Allow-Credentials"),
                      credentials ? "true" : NULL);
}

static const struct {
    const char *origin;
    bool allowed;
} origins[] = {
    {NULL, false},
    {APP, true},
    {"https://front.example.org", true},
    {HTTP_FAKE_ORIGIN, true},
    {"https://APP.example.org:443", true},
    {"https://evil.example", false},
    {"http://app.example.org", false},
    {"https://app.example.org.evil.example", false},
    {"https://sub.app.example.org", false},
    {"https://app.example.org:8443", false},
    {"https://app.example.org/", false},
    {"https://evil.example@app.example.org", false},
    {"null", false},
    {"*", false},
    {"", false},
};

START_TEST(who_may_read)
{
    const char *origin = origins[_i].origin;
    /* The origin is repeated exactly as it was sent. */
    const char *echo = origins[_i].allowed ? origin : NULL;
    if (origin != NULL) {
        set("Origin", origin);
    }
    /* Success and refusal have the same headers, so that a front end can read why it was
     * refused. */
    authp_response_t out = http_fake_expect(&h, "GET", "/api/auth/healthz", 200, NULL);
    expect_readable(&out, echo);
    out = http_fake_expect(&h, "GET", "/api/auth/me", 401, "token_missing");
    expect_readable(&out, echo);
    out = http_fake_expect(&h, "GET", "/api/auth/nothing", 404, "not_found");
    expect_readable(&out, echo);
    h.mount->delivery = AUTHP_DELIVERY_JSON;
    out = http_fake_expect(&h, "GET", "/api/auth/openapi.json", 200, NULL);
    expect_readable(&out, echo);
}
END_TEST

START_TEST(a_preflight)
{
    const char *origin = origins[_i].origin;
    bool allowed = origins[_i].allowed;
    set("Access-Control-Request-Method", "POST");
    set("Access-Control-Request-Headers", "content-type, x-csrf-token");
    set("Origin", origin);
    authp_response_t out = http_fake_expect(&h, "OPTIONS", LOGIN, allowed ? 204 : 403,
                                            allowed ? NULL : "origin_denied");
    expect_readable(&out, allowed ? origin : NULL);
    ck_assert_pstr_eq(http_fake_header(&out, "Access-Control-Allow-Methods"),
                      allowed ? "POST, OPTIONS" : NULL);
    ck_assert_pstr_eq(http_fake_header(&out, "Access-Control-Allow-Headers"),
                      allowed ? "Authorization, Content-Type, X-CSRF-Token, X-Token-Delivery"
                              : NULL);
    ck_assert_pstr_eq(http_fake_header(&out, "Access-Control-Max-Age"), allowed ? "600" : NULL);
    ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "no-store");
    ck_assert(!allowed || out.body_len == 0);
}
END_TEST

START_TEST(options_that_are_no_preflight)
{
    authp_response_t out = http_fake_expect(&h, "OPTIONS", "/api/auth/me", 204, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
    expect_readable(&out, NULL);
    ck_assert_ptr_null(http_fake_header(&out, "Access-Control-Allow-Methods"));
    out = http_fake_expect(&h, "OPTIONS", "/api/auth/session/renew", 204, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Allow"), "GET, OPTIONS");
    /* With only one of the two headers the request is no preflight, but a plain OPTIONS. */
    set("Access-Control-Request-Method", "POST");
    out = http_fake_expect(&h, "OPTIONS", LOGIN, 204, NULL);
    ck_assert_ptr_null(http_fake_header(&out, "Access-Control-Allow-Methods"));
    apr_table_unset(h.headers, "Access-Control-Request-Method");
    set("Origin", "https://evil.example");
    out = http_fake_expect(&h, "OPTIONS", LOGIN, 204, NULL);
    expect_readable(&out, NULL);
    ck_assert_ptr_null(http_fake_header(&out, "Access-Control-Allow-Methods"));
    (void)http_fake_expect(&h, "OPTIONS", "/api/auth/nothing", 404, "not_found");
    ck_assert_int_eq(h.body_reads, 0);
}
END_TEST

/* Front ends of other back ends send all their requests with cookies, which are no credential
 * there. */
START_TEST(a_bearer_mount_takes_credentials)
{
    *h.mount = authp_mount_make("/auth", authp_profiles_find("assessment"), AUTHP_DELIVERY_JSON);
    set("Origin", APP);
    authp_response_t out = http_fake_expect(&h, "GET", "/auth/healthz", 200, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Access-Control-Allow-Credentials"), "true");
    set("Origin", "https://evil.example");
    out = http_fake_expect(&h, "GET", "/auth/healthz", 200, NULL);
    ck_assert_ptr_null(http_fake_header(&out, "Access-Control-Allow-Credentials"));
}
END_TEST

/* An answer may live longer than its request, so it has a copy of the origin: at a route, and at a
 * guarded place, where cookies are always a credential. */
START_TEST(the_origin_is_copied)
{
    char origin[] = APP;
    authp_response_t refusal = {.headers = apr_table_make(h.f.pool, 2)};
    apr_table_setn(h.headers, "Origin", origin);
    h.mount->delivery = AUTHP_DELIVERY_JSON;
    const authp_guard_request_t guarded = {.method = "GET",
                                           .headers = http_fake_headers(&h),
                                           .scheme = "https",
                                           .host = "jobs.example.org"};
    authp_response_t out = http_fake_expect(&h, "GET", "/api/auth/healthz", 200, NULL);
    apr_table_setn(refusal.headers, "Vary", "Accept");
    authp_cors_refusal(h.f.realm, &guarded, &refusal, h.f.pool);
    memset(origin, 'x', sizeof(origin) - 1);
    expect_readable(&out, APP);
    ck_assert_str_eq(http_fake_header(&refusal, "Access-Control-Allow-Origin"), APP);
    ck_assert_str_eq(http_fake_header(&refusal, "Access-Control-Allow-Credentials"), "true");
    ck_assert_str_eq(http_fake_header(&refusal, "Vary"), "Accept, Origin");
    refusal.headers = apr_table_make(h.f.pool, 2);
    authp_cors_refusal(h.f.realm, &guarded, &refusal, h.f.pool);
    ck_assert_str_eq(http_fake_header(&refusal, "Vary"), "Origin");
    ck_assert_ptr_null(http_fake_header(&refusal, "Access-Control-Allow-Origin"));
    ck_assert_ptr_null(http_fake_header(&refusal, "Access-Control-Allow-Credentials"));
}
END_TEST

Suite *suite_cors(void)
{
    Suite *suite = suite_create("cors");
    TCase *tests = tcase_create("cors");
    const int count = sizeof(origins) / sizeof(origins[0]);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, who_may_read, 0, count);
    tcase_add_loop_test(tests, a_preflight, 1, count);
    tcase_add_test(tests, options_that_are_no_preflight);
    tcase_add_test(tests, a_bearer_mount_takes_credentials);
    tcase_add_test(tests, the_origin_is_copied);
    suite_add_tcase(suite, tests);
    return suite;
}

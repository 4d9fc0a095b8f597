/* SPDX-License-Identifier: Apache-2.0 */
/* The store operations that each route with a refresh token makes. The test fails if a route reads
 * the same row twice. */
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>

#define ANN "ann@example.org"
#define GRACE_OVER 11000

static http_fake_t h;
static authp_response_t ann;

static void by_cookie(void)
{
    ann = http_fake_register(&h, ANN, true);
    http_fake_browser(&h, &ann);
}

static void by_body(const char *more)
{
    ann = http_fake_register(&h, ANN, false);
    const char *token = http_fake_text(&h, &ann, "refresh_token");
    http_fake_json(&h,
                   apr_pstrcat(h.f.pool, "{\"refresh_token\":\"", token, "\"", more, "}", NULL));
}

static void set_up(void)
{
    http_fake_open(&h);
}

static void tear_down(void)
{
    http_fake_close(&h);
}

static void expect_calls(const char *method, const char *path, int status, const char *calls)
{
    (void)mem_store_calls(h.f.store, h.f.pool);
    (void)http_fake_expect(&h, method, path, status, NULL);
    ck_assert_str_eq(mem_store_calls(h.f.store, h.f.pool), calls);
}

START_TEST(refresh)
{
    by_body("");
    expect_calls("POST", "/api/auth/refresh", 200, "session_by_id user_by_id session_rotate");
    /* In the grace window nothing is written. */
    expect_calls("POST", "/api/auth/refresh", 200, "session_by_id user_by_id");
    fake_clock_advance(&h.f.clock, GRACE_OVER);
    expect_calls("POST", "/api/auth/refresh", 401,
                 "session_by_id user_by_id session_end audit_append");
}
END_TEST

START_TEST(refresh_by_cookie)
{
    by_cookie();
    expect_calls("POST", "/api/auth/refresh", 200, "session_by_id user_by_id session_rotate");
}
END_TEST

/* After a lost race the row is read once more. */
static void rotate(void *ctx)
{
    mem_store_session(h.f.store, ctx)->generation++;
}

START_TEST(refresh_that_lost_a_race)
{
    by_cookie();
    const char *token = http_fake_cookie_value(&h, &ann, "__Secure-authp_rt");
    mem_store_before(h.f.store, "session_rotate", rotate, fixture_session_of(&h.f, token)->id.hex);
    expect_calls("POST", "/api/auth/refresh", 200,
                 "session_by_id user_by_id session_rotate session_by_id");
}
END_TEST

START_TEST(renew)
{
    by_cookie();
    expect_calls("GET", "/api/auth/session/renew", 302, "session_by_id user_by_id session_rotate");
}
END_TEST

START_TEST(logout)
{
    by_body("");
    expect_calls("POST", "/api/auth/logout", 200, "session_by_id session_end audit_append");
}
END_TEST

START_TEST(logout_of_all)
{
    by_body(",\"all\":true");
    expect_calls("POST", "/api/auth/logout", 200,
                 "session_by_id user_by_id session_end_user audit_append");
}
END_TEST

START_TEST(logout_by_cookie)
{
    by_cookie();
    http_fake_json(&h, "{\"all\":true}");
    expect_calls("POST", "/api/auth/logout", 200,
                 "session_by_id user_by_id session_end_user audit_append");
}
END_TEST

Suite *suite_refresh_reads(void)
{
    Suite *suite = suite_create("refresh_reads");
    TCase *reads = tcase_create("reads");
    tcase_add_checked_fixture(reads, set_up, tear_down);
    tcase_add_test(reads, refresh);
    tcase_add_test(reads, refresh_by_cookie);
    tcase_add_test(reads, refresh_that_lost_a_race);
    tcase_add_test(reads, renew);
    tcase_add_test(reads, logout);
    tcase_add_test(reads, logout_of_all);
    tcase_add_test(reads, logout_by_cookie);
    suite_add_tcase(suite, reads);
    return suite;
}

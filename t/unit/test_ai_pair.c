/* SPDX-License-Identifier: Apache-2.0 */
/* A sign-in at a mount of the profile ai ends the session that the browser had before: the one that
 * the platform's access cookie names, also after the token's time, because the browser would go on
 * with that session by its refresh token; and the one that its csrf_token names. */
#include "api/core/profiles.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>

#define CREDENTIALS "{\"email\":\"bea@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}"
#define ACCESS "__Host-authp_at"
#define CSRF "csrf_token"

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

Suite *suite_ai_pair(void)
{
    Suite *suite = suite_create("ai_pair");
    TCase *tests = tcase_create("ai_pair");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, ends_the_platforms_session, 0,
                        (int)(sizeof(tries) / sizeof(tries[0])));
    tcase_add_loop_test(tests, ends_the_session_of_the_csrf_token, 0,
                        (int)(sizeof(named) / sizeof(named[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

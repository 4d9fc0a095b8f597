/* SPDX-License-Identifier: Apache-2.0 */
/* A document that is fetched and kept: for how long, and what happens after a failure. */
#include <string.h>

#include <apr_pools.h>

#include "kept_fixture.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define OTHER_URL "https://op.example/jwks2"
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

static kept_fixture_t f;

static void set_up(void)
{
    kept_fixture_open(&f);
}

static void tear_down(void)
{
    kept_fixture_close(&f);
}

static void get_fails(authp_err_t expected)
{
    const void *value = NULL;
    ck_assert_int_eq(authp_kept_get(f.kept, KEPT_URL, &value, f.pool), expected);
    ck_assert_ptr_null(value);
}

static const char *renewed(const void *value)
{
    ck_assert_int_eq(authp_kept_renew(f.kept, KEPT_URL, &value, f.pool), AUTHP_OK);
    return value;
}

START_TEST(fetches_once)
{
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    ck_assert_int_eq(f.script.calls, 1);
    ck_assert_str_eq(f.script.url, KEPT_URL);
    ck_assert_uint_eq(f.script.limit, 1234);
    ck_assert_int_eq(f.script.timeout_ms, KEPT_PATIENCE_MS);
}
END_TEST

static const struct {
    int64_t max_age;
    authp_ms_t life;
} lives[] = {
    {-1, 5 * MINUTE},   {0, 5 * MINUTE},    {1, 5 * MINUTE},
    {300, 5 * MINUTE},  {301, 301 * 1000},  {22123, INT64_C(22123000)},
    {86400, 24 * HOUR}, {86401, 24 * HOUR}, {31536000, 24 * HOUR},
};

START_TEST(kept_as_long_as_the_server_says)
{
    f.script.max_age = lives[_i].max_age;
    kept_fixture_get(&f, KEPT_URL);
    f.script.body = "two";
    fake_clock_advance(&f.clock, lives[_i].life - 1);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    fake_clock_advance(&f.clock, 1);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "two");
    ck_assert_int_eq(f.script.calls, 2);
}
END_TEST

static const struct {
    authp_err_t err;
    int status;
    const char *body;
    authp_err_t expected;
} failures[] = {
    {AUTHP_E_UNAVAILABLE, 200, "two", AUTHP_E_UNAVAILABLE},
    {AUTHP_E_TOO_LARGE, 200, "two", AUTHP_E_TOO_LARGE},
    {AUTHP_E_BUSY, 200, "two", AUTHP_E_BUSY},
    {AUTHP_OK, 302, "two", AUTHP_E_UNAVAILABLE},
    {AUTHP_OK, 404, "two", AUTHP_E_UNAVAILABLE},
    {AUTHP_OK, 500, "two", AUTHP_E_UNAVAILABLE},
    {AUTHP_OK, 204, "two", AUTHP_E_UNAVAILABLE},
    {AUTHP_OK, 200, "bad", AUTHP_E_MALFORMED},
};

static void fail_as(int i)
{
    f.script.err = failures[i].err;
    f.script.status = failures[i].status;
    f.script.body = failures[i].body;
}

static void work_again(void)
{
    f.script.err = AUTHP_OK;
    f.script.status = 200;
    f.script.body = "three";
}

START_TEST(old_value_after_a_failure)
{
    kept_fixture_get(&f, KEPT_URL);
    fail_as(_i);
    fake_clock_advance(&f.clock, 5 * MINUTE);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    ck_assert_int_eq(f.script.calls, 2);
    /* The next try is a minute later, however long the server is away. */
    work_again();
    fake_clock_advance(&f.clock, MINUTE - 1);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    ck_assert_int_eq(f.script.calls, 2);
    fail_as(_i);
    fake_clock_advance(&f.clock, 30 * 24 * HOUR);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    work_again();
    fake_clock_advance(&f.clock, MINUTE);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "three");
}
END_TEST

START_TEST(first_failure_is_remembered)
{
    fail_as(_i);
    get_fails(failures[_i].expected);
    work_again();
    fake_clock_advance(&f.clock, AUTHP_KEPT_FAILED_MS - 1);
    get_fails(failures[_i].expected);
    ck_assert_int_eq(f.script.calls, 1);
    fake_clock_advance(&f.clock, 1);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "three");
    ck_assert_int_eq(f.script.calls, 2);
}
END_TEST

/* A success forgets the failure of another document. */
START_TEST(a_failure_is_forgotten)
{
    const void *value = NULL;
    f.script.err = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(authp_kept_get(f.kept, KEPT_URL "2", &value, f.pool), AUTHP_E_UNAVAILABLE);
    f.script.err = AUTHP_OK;
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "one");
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL "2"), "one");
    ck_assert_int_eq(f.script.calls, 3);
}
END_TEST

START_TEST(log_names_the_host_alone)
{
    f.script.status = 302;
    get_fails(AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(f.line, "AUTHP0014: https://op.example: status 302 instead of 200");
    f.script.status = 200;
    f.script.body = "bad";
    fake_clock_advance(&f.clock, AUTHP_KEPT_FAILED_MS);
    get_fails(AUTHP_E_MALFORMED);
    ck_assert_str_eq(f.line, "AUTHP0015: https://op.example: the document is refused: malformed");
}
END_TEST

START_TEST(another_url_is_another_document)
{
    kept_fixture_get(&f, KEPT_URL);
    f.script.body = "two";
    ck_assert_str_eq(kept_fixture_get(&f, OTHER_URL), "two");
    ck_assert_str_eq(f.script.url, OTHER_URL);
    /* What was fetched from elsewhere does not stand in for it. */
    f.script.err = AUTHP_E_UNAVAILABLE;
    get_fails(AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(kept_fixture_get(&f, OTHER_URL), "two");
}
END_TEST

START_TEST(renews_once_a_minute)
{
    const char *first = kept_fixture_get(&f, KEPT_URL);
    f.script.body = "two";
    const char *second = renewed(first); /* right after the fetch that filled it */
    ck_assert_str_eq(second, "two");
    ck_assert_str_eq(first, "one");
    f.script.body = "three";
    ck_assert_ptr_eq(renewed(second), second);
    fake_clock_advance(&f.clock, MINUTE - 1);
    ck_assert_ptr_eq(renewed(second), second);
    ck_assert_int_eq(f.script.calls, 2);
    /* Whoever has an older one gets the newest at any time. */
    ck_assert_ptr_eq(renewed(first), second);
    ck_assert_int_eq(f.script.calls, 2);
    fake_clock_advance(&f.clock, 1);
    ck_assert_str_eq(renewed(second), "three");
    ck_assert_int_eq(f.script.calls, 3);
}
END_TEST

/* A renewal that failed says nothing about a document of another address. */
START_TEST(renewal_of_another_url)
{
    const void *value = kept_fixture_get(&f, KEPT_URL);
    f.script.err = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(authp_kept_renew(f.kept, KEPT_URL, &value, f.pool), AUTHP_E_UNAVAILABLE);
    work_again();
    const char *other = kept_fixture_get(&f, OTHER_URL);
    value = other;
    ck_assert_int_eq(authp_kept_renew(f.kept, OTHER_URL, &value, f.pool), AUTHP_OK);
    ck_assert_ptr_eq(value, other);
}
END_TEST

START_TEST(renewal_that_fails)
{
    const void *value = kept_fixture_get(&f, KEPT_URL);
    const void *first = value;
    fail_as(_i);
    ck_assert_int_eq(authp_kept_renew(f.kept, KEPT_URL, &value, f.pool), failures[_i].expected);
    ck_assert_ptr_eq(value, first);
    /* For a minute the error is that of this renewal. Others still get the old value. */
    work_again();
    ck_assert_int_eq(authp_kept_renew(f.kept, KEPT_URL, &value, f.pool), failures[_i].expected);
    ck_assert_ptr_eq(kept_fixture_get(&f, KEPT_URL), first);
    ck_assert_int_eq(f.script.calls, 2);
    fake_clock_advance(&f.clock, MINUTE);
    ck_assert_str_eq(renewed(first), "three");
}
END_TEST

START_TEST(renews_without_a_value)
{
    const void *value = NULL;
    ck_assert_int_eq(authp_kept_renew(f.kept, KEPT_URL, &value, f.pool), AUTHP_OK);
    ck_assert_str_eq(value, "one");
    ck_assert_int_eq(f.script.calls, 1);
}
END_TEST

/* A value lives while one of its holders does, and no longer. */
START_TEST(lives_with_its_holders)
{
    apr_pool_t *own = NULL;
    apr_pool_t *caller = NULL;
    const void *value = NULL;
    apr_pool_create(&own, NULL);
    apr_pool_create(&caller, NULL);
    f.kept = kept_fixture_with(&f, KEPT_PATIENCE_MS, own);
    ck_assert_int_eq(authp_kept_get(f.kept, KEPT_URL, &value, caller), AUTHP_OK);
    ck_assert_int_eq(authp_kept_get(f.kept, KEPT_URL, &value, caller), AUTHP_OK);
    f.script.body = "two";
    fake_clock_advance(&f.clock, 5 * MINUTE);
    ck_assert_str_eq(kept_fixture_get(&f, KEPT_URL), "two");
    ck_assert_int_eq(f.freed, 0);
    ck_assert_str_eq(value, "one");
    apr_pool_destroy(caller);
    ck_assert_int_eq(f.freed, 1);
    apr_pool_destroy(own);
    ck_assert_int_eq(f.freed, 1); /* the pool of the test holds the second one */
    apr_pool_clear(f.pool);
    ck_assert_int_eq(f.freed, 2);
}
END_TEST

/* What is refused is freed at once. */
START_TEST(refused_is_freed)
{
    f.script.body = "bad";
    get_fails(AUTHP_E_MALFORMED);
    ck_assert_int_eq(f.freed, 1);
}
END_TEST

Suite *suite_kept(void)
{
    Suite *suite = suite_create("kept");
    TCase *tests = tcase_create("kept");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, fetches_once);
    tcase_add_loop_test(tests, kept_as_long_as_the_server_says, 0, COUNT(lives));
    tcase_add_loop_test(tests, old_value_after_a_failure, 0, COUNT(failures));
    tcase_add_loop_test(tests, first_failure_is_remembered, 0, COUNT(failures));
    tcase_add_test(tests, a_failure_is_forgotten);
    tcase_add_test(tests, log_names_the_host_alone);
    tcase_add_test(tests, another_url_is_another_document);
    tcase_add_test(tests, renews_once_a_minute);
    tcase_add_test(tests, renewal_of_another_url);
    tcase_add_loop_test(tests, renewal_that_fails, 0, COUNT(failures));
    tcase_add_test(tests, renews_without_a_value);
    tcase_add_test(tests, lives_with_its_holders);
    tcase_add_test(tests, refused_is_freed);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Limit classes of routes: 429 and Retry-After, their place in the order of the checks, and the
 * device cookie. */
#include <string.h>

#include <apr_strings.h>

#include "api/core/dispatch.h"
#include "api/core/profiles.h"
#include "api/core/throttle.h"
#include "crypto/password/hasher.h"
#include "http_fake.h"
#include "suite.h"
#include "throttled.h"

#define LOGIN "/api/auth/login"
#define REGISTER "/api/auth/register"
#define DEVICE THROTTLED_DEVICE

static http_fake_t h;

static void set_up(void)
{
    http_fake_open(&h);
    fixture_limits(&h.f, (authp_rate_t){4, 60}, (authp_rate_t){2, 60}, (authp_rate_t){100, 60});
}

static void tear_down(void)
{
    http_fake_close(&h);
}

START_TEST(one_too_many)
{
    throttled_wrong(&h, "nobody@example.org");
    for (int i = 0; i < 4; i++) {
        authp_response_t out = http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
        ck_assert(!out.slow);
    }
    throttled_wait(&h, "POST", LOGIN, "15");
    throttled_wait(&h, "POST", "/api/auth/login/candidate", "15");
    throttled_wait(&h, "POST", "/api/auth/login/recruiter", "15");
    throttled_wait(&h, "POST", "/api/auth/me/password", "15"); /* before the token is verified */
    throttled_wait(&h, "DELETE", "/api/auth/me", "15");
    /* registering counts as an attempt at a password, too */
    throttled_wait(&h, "POST", REGISTER, "15");
    fake_clock_advance(&h.f.clock, 14000);
    throttled_wait(&h, "POST", LOGIN, "1");
    fake_clock_advance(&h.f.clock, 1000);
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    throttled_wait(&h, "POST", LOGIN, "15");
}
END_TEST

/* 404 and 405 come before the limit, every other refusal after it. */
START_TEST(where_it_stands_in_the_order)
{
    throttled_wrong(&h, "nobody@example.org");
    for (int i = 0; i < 4; i++) {
        (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    }
    (void)http_fake_expect(&h, "POST", "/api/auth/logins", 404, "not_found");
    (void)http_fake_expect(&h, "PUT", LOGIN, 405, "method_not_allowed");
    ck_assert_int_eq(http_fake_ask(&h, "OPTIONS", LOGIN).status, 204);
    int reads = h.body_reads;
    http_fake_json(&h, "no json");
    throttled_wait(&h, "POST", LOGIN, "15");
    apr_table_set(h.headers, "X-Token-Delivery", "cookie");
    apr_table_set(h.headers, "Origin", "https://evil.example");
    throttled_wait(&h, "POST", LOGIN, "15");
    ck_assert_int_eq(h.body_reads, reads);
    ck_assert_int_eq(http_fake_ask(&h, "GET", "/api/auth/healthz").status, 200);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 401, "token_missing");
}
END_TEST

/* Routes that have nothing to do with credentials have no limit. Refreshing has one that is ten
 * times as high. */
START_TEST(other_classes)
{
    http_fake_json(&h, "{\"refresh_token\":\"x\"}");
    for (int i = 0; i < 20; i++) {
        (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 401, "refresh_invalid");
        ck_assert_int_eq(http_fake_ask(&h, "POST", "/api/auth/logout").status, 200);
    }
    throttled_wait(&h, "POST", "/api/auth/refresh", "2");
    throttled_wait(&h, "POST", "/api/auth/logout", "2");
    throttled_wait(&h, "GET", "/api/auth/session/renew", "2");
    throttled_wrong(&h, "nobody@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    for (int i = 0; i < 100; i++) {
        (void)http_fake_expect(&h, "GET", "/api/auth/users", 401, "token_missing");
    }
}
END_TEST

/* New accounts count, and so do requests that find an address taken. Requests with invalid fields
 * do not. */
START_TEST(which_registrations_count)
{
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){2, 60}, (authp_rate_t){100, 60});
    for (int i = 0; i < 10; i++) {
        http_fake_json(&h, "{\"email\":\"no address\",\"password\":\"short\"}");
        (void)http_fake_expect(&h, "POST", REGISTER, 422, "validation_failed");
        http_fake_json(&h, "no json");
        (void)http_fake_expect(&h, "POST", REGISTER, 400, "malformed_json");
        throttled_right(&h, "ada@example.org");
        (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 403, "invite_required");
    }
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL);
    (void)http_fake_expect(&h, "POST", REGISTER, 409, "email_taken");
    throttled_wait(&h, "POST", REGISTER, "30");
    throttled_wait(&h, "POST", REGISTER "/recruiter", "30");
    throttled_wrong(&h, "nobody@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    fake_clock_advance(&h.f.clock, 30000);
    http_fake_json(&h, "{\"email\":\"eve@example.org\",\"password\":\"" FIXTURE_PASSWORD
                       "\",\"invite_code\":\"guess\"}");
    (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 403, "invite_invalid");
    throttled_wait(&h, "POST", REGISTER, "30");
}
END_TEST

/* At mounts whose names are taken with another error: that one counts as well. */
START_TEST(names_that_are_taken_count)
{
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("/auth", authp_profiles_find("ai"), AUTHP_DELIVERY_ASK);
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){2, 60}, (authp_rate_t){100, 60});
    http_fake_json(&h, "{\"username\":\"ada\",\"password\":\"" FIXTURE_PASSWORD "\"}");
    static const int statuses[] = {200, 400, 429};
    for (int i = 0; i < 3; i++) {
        authp_request_t request = http_fake_request(&h, "POST", "/auth/register");
        authp_response_t out = {0};
        authp_dispatch(h.f.realm, &request, &out, h.f.pool);
        ck_assert_int_eq(out.status, statuses[i]);
    }
}
END_TEST

static const struct {
    const char *profile;
    const char *path;
} recruiters[] = {{"platform", REGISTER "/recruiter"}, {"assessment", "/auth/recruiter/register"}};

/* An administrator may make any number of accounts. */
START_TEST(not_those_of_an_administrator)
{
    const authp_profile_t *profile = authp_profiles_find(recruiters[_i].profile);
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("/auth", profile, AUTHP_DELIVERY_ASK);
    h.mount = &APR_ARRAY_IDX(h.mounts, _i == 0 ? 0 : h.mounts->nelts - 1, authp_mount_t);
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){2, 60}, (authp_rate_t){100, 60});
    const authp_grant_t admin =
        fixture_start(&h.f, fixture_user(&h.f, "root@example.org", "admin", false));
    http_fake_bearer(&h, admin.access_token);
    for (int i = 0; i < 10; i++) {
        throttled_right(&h, apr_psprintf(h.f.pool, "recruiter%d@example.org", i));
        (void)http_fake_expect(&h, "POST", recruiters[_i].path, 201, NULL);
    }
}
END_TEST

START_TEST(the_device_cookie)
{
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){100, 60}, (authp_rate_t){100, 60});
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *line = http_fake_set_cookie(&out, DEVICE);
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, "; Path=/api/auth;"));
    ck_assert_ptr_nonnull(strstr(line, "; Max-Age=34560000;"));
    ck_assert_ptr_nonnull(strstr(line, "; SameSite=Lax"));
    ck_assert_ptr_nonnull(strstr(line, "; Secure"));
    ck_assert_ptr_nonnull(strstr(line, "; HttpOnly"));
    const char *first = throttled_device(&h, &out);
    /* The same device after a second account has signed in on it. */
    throttled_send(&h, first);
    throttled_right(&h, "bob@example.org");
    out = http_fake_expect(&h, "POST", REGISTER, 201, NULL);
    const char *second = throttled_device(&h, &out);
    ck_assert_uint_eq(strlen(second), strlen(first) + 16);
    ck_assert_int_eq(strncmp(second, first, 21), 0);
    /* A forged device cookie is ignored. */
    throttled_send(&h, apr_pstrcat(h.f.pool, "A", first + 1, NULL));
    out = http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert_uint_eq(strlen(throttled_device(&h, &out)), strlen(first));
    ck_assert_int_ne(strncmp(throttled_device(&h, &out), first, 21), 0);
    throttled_wrong(&h, "ada@example.org");
    out = http_fake_expect(&h, "POST", LOGIN, 401, NULL);
    ck_assert_ptr_null(http_fake_set_cookie(&out, DEVICE));
}
END_TEST

START_TEST(the_device_cookie_without_secure)
{
    h.f.settings->secure_cookies = false;
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *line = http_fake_set_cookie(&out, "authp_device");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(line, "Secure"));
    ck_assert_ptr_null(http_fake_set_cookie(&out, DEVICE));
    /* The cookie is also read under this name: the client is a known device. */
    throttled_wrong(&h, "nobody@example.org");
    while (http_fake_ask(&h, "POST", LOGIN).status == 401) {
    }
    throttled_right(&h, "ada@example.org");
    apr_table_set(h.headers, "Cookie", apr_pstrmemdup(h.f.pool, line, strcspn(line, ";")));
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
}
END_TEST

/* Other clients of the same address do not lock a known device out. The device does not let its
 * owner try passwords of other accounts any faster. */
START_TEST(devices_count_apart)
{
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *device = throttled_device(&h, &out);
    throttled_wrong(&h, "nobody@example.org");
    while (http_fake_ask(&h, "POST", LOGIN).status == 401) {
    }
    throttled_right(&h, "ada@example.org");
    throttled_wait(&h, "POST", LOGIN, "15");
    throttled_send(&h, device);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    throttled_wrong(&h, "nobody@example.org");
    throttled_wait(&h, "POST", LOGIN, "15");
    throttled_wait(&h, "POST", LOGIN, "15");
    throttled_right(&h, "ada@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    throttled_wait(&h, "POST", LOGIN, "15"); /* five in all, which is the device's own limit */
    throttled_send(&h, apr_pstrcat(h.f.pool, "A", device + 1, NULL));
    fake_clock_advance(&h.f.clock, 1000);
    throttled_wait(&h, "POST", LOGIN, "14");
}
END_TEST

Suite *suite_throttle(void)
{
    Suite *suite = suite_create("throttle");
    TCase *tests = tcase_create("throttle");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_too_many);
    tcase_add_test(tests, where_it_stands_in_the_order);
    tcase_add_test(tests, other_classes);
    tcase_add_test(tests, which_registrations_count);
    tcase_add_test(tests, names_that_are_taken_count);
    tcase_add_loop_test(tests, not_those_of_an_administrator, 0,
                        (int)(sizeof(recruiters) / sizeof(recruiters[0])));
    tcase_add_test(tests, the_device_cookie);
    tcase_add_test(tests, the_device_cookie_without_secure);
    tcase_add_test(tests, devices_count_apart);
    suite_add_tcase(suite, tests);
    return suite;
}

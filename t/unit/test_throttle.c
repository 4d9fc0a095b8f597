/* SPDX-License-Identifier: Apache-2.0 */
/* Limit classes of the routes: 429 and Retry-After, in which order, for whom; and the device
 * cookie. */
#include <string.h>

#include <apr_strings.h>

#include "api/throttle.h"
#include "crypto/hasher.h"
#include "http_fake.h"
#include "suite.h"

#define LOGIN "/api/auth/login"
#define REGISTER "/api/auth/register"
#define DEVICE "__Secure-authp_device"

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

static void wrong_password(const char *email)
{
    http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"email\":\"", email,
                                   "\",\"password\":\"wrong password\"}", NULL));
}

static void new_account(const char *email)
{
    http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"email\":\"", email,
                                   "\",\"password\":\"" FIXTURE_PASSWORD "\"}", NULL));
}

static void expect_wait(const char *method, const char *path, const char *seconds)
{
    authp_response_t out = http_fake_expect(&h, method, path, 429, "rate_limited");
    ck_assert_str_eq(http_fake_header(&out, "Retry-After"), seconds);
    ck_assert(out.slow);
}

START_TEST(one_too_many)
{
    wrong_password("nobody@example.org");
    for (int i = 0; i < 4; i++) {
        authp_response_t out = http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
        ck_assert(!out.slow);
    }
    expect_wait("POST", LOGIN, "15");
    expect_wait("POST", "/api/auth/login/candidate", "15");
    expect_wait("POST", "/api/auth/login/recruiter", "15");
    expect_wait("POST", "/api/auth/me/password", "15"); /* before the token is asked for */
    expect_wait("DELETE", "/api/auth/me", "15");
    expect_wait("POST", REGISTER, "15"); /* which tries a credential, too */
    fake_clock_advance(&h.f.clock, 14000);
    expect_wait("POST", LOGIN, "1");
    fake_clock_advance(&h.f.clock, 1000);
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    expect_wait("POST", LOGIN, "15");
}
END_TEST

/* 404 and 405 before it, everything else after it. */
START_TEST(where_it_stands_in_the_order)
{
    wrong_password("nobody@example.org");
    for (int i = 0; i < 4; i++) {
        (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    }
    (void)http_fake_expect(&h, "POST", "/api/auth/logins", 404, "not_found");
    (void)http_fake_expect(&h, "PUT", LOGIN, 405, "method_not_allowed");
    ck_assert_int_eq(http_fake_ask(&h, "OPTIONS", LOGIN).status, 204);
    int reads = h.body_reads;
    http_fake_json(&h, "no json");
    expect_wait("POST", LOGIN, "15");
    apr_table_set(h.headers, "X-Token-Delivery", "cookie");
    apr_table_set(h.headers, "Origin", "https://evil.example");
    expect_wait("POST", LOGIN, "15");
    ck_assert_int_eq(h.body_reads, reads);
    ck_assert_int_eq(http_fake_ask(&h, "GET", "/api/auth/healthz").status, 200);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 401, "token_missing");
}
END_TEST

/* What is not about credentials has no limit; refreshing has one ten times as wide. */
START_TEST(other_classes)
{
    http_fake_json(&h, "{\"refresh_token\":\"x\"}");
    for (int i = 0; i < 20; i++) {
        (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 401, "refresh_invalid");
        ck_assert_int_eq(http_fake_ask(&h, "POST", "/api/auth/logout").status, 200);
    }
    expect_wait("POST", "/api/auth/refresh", "2");
    expect_wait("POST", "/api/auth/logout", "2");
    expect_wait("GET", "/api/auth/session/renew", "2");
    wrong_password("nobody@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    for (int i = 0; i < 100; i++) {
        (void)http_fake_expect(&h, "GET", "/api/auth/users", 401, "token_missing");
    }
}
END_TEST

/* Accounts made, and addresses found out to be taken, count; mistakes do not. */
START_TEST(which_registrations_count)
{
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){2, 60}, (authp_rate_t){100, 60});
    for (int i = 0; i < 10; i++) {
        http_fake_json(&h, "{\"email\":\"no address\",\"password\":\"short\"}");
        (void)http_fake_expect(&h, "POST", REGISTER, 422, "validation_failed");
        http_fake_json(&h, "no json");
        (void)http_fake_expect(&h, "POST", REGISTER, 400, "malformed_json");
        new_account("ada@example.org");
        (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 403, "invite_required");
    }
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL);
    (void)http_fake_expect(&h, "POST", REGISTER, 409, "email_taken");
    expect_wait("POST", REGISTER, "30");
    expect_wait("POST", REGISTER "/recruiter", "30");
    wrong_password("nobody@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    fake_clock_advance(&h.f.clock, 30000);
    http_fake_json(&h, "{\"email\":\"eve@example.org\",\"password\":\"" FIXTURE_PASSWORD
                       "\",\"invite_code\":\"guess\"}");
    (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 403, "invite_invalid");
    expect_wait("POST", REGISTER, "30");
}
END_TEST

/* An administrator makes as many as they like. */
START_TEST(not_those_of_an_administrator)
{
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){2, 60}, (authp_rate_t){100, 60});
    const authp_grant_t admin =
        fixture_start(&h.f, fixture_user(&h.f, "root@example.org", "admin", false));
    http_fake_bearer(&h, admin.access_token);
    for (int i = 0; i < 10; i++) {
        new_account(apr_psprintf(h.f.pool, "recruiter%d@example.org", i));
        (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 201, NULL);
    }
}
END_TEST

static const char *device_of(const authp_response_t *out)
{
    return http_fake_cookie_value(&h, out, DEVICE);
}

static void send_device(const char *value)
{
    apr_table_set(h.headers, "Cookie", apr_pstrcat(h.f.pool, "a=b; " DEVICE "=", value, NULL));
}

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
    const char *first = device_of(&out);
    /* The same device, with somebody else too. */
    send_device(first);
    new_account("bob@example.org");
    out = http_fake_expect(&h, "POST", REGISTER, 201, NULL);
    const char *second = device_of(&out);
    ck_assert_uint_eq(strlen(second), strlen(first) + 16);
    ck_assert_int_eq(strncmp(second, first, 21), 0);
    /* A forged one is none. */
    send_device(apr_pstrcat(h.f.pool, "A", first + 1, NULL));
    out = http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert_uint_eq(strlen(device_of(&out)), strlen(first));
    ck_assert_int_ne(strncmp(device_of(&out), first, 21), 0);
    wrong_password("ada@example.org");
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
}
END_TEST

/* A neighbour of the same address does not keep a device's owner out, and the device does not let
 * its owner try other people's passwords any faster. */
START_TEST(devices_count_apart)
{
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *device = device_of(&out);
    wrong_password("nobody@example.org");
    while (http_fake_ask(&h, "POST", LOGIN).status == 401) {
    }
    new_account("ada@example.org");
    expect_wait("POST", LOGIN, "15");
    send_device(device);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    wrong_password("nobody@example.org");
    expect_wait("POST", LOGIN, "15");
    expect_wait("POST", LOGIN, "15");
    new_account("ada@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    expect_wait("POST", LOGIN, "15"); /* five in all: now it is the device's own limit */
    send_device(apr_pstrcat(h.f.pool, "A", device + 1, NULL));
    fake_clock_advance(&h.f.clock, 1000);
    expect_wait("POST", LOGIN, "14");
}
END_TEST

/* The gate keeps a place for those who are no strangers. */
START_TEST(a_place_at_the_gate)
{
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *device = device_of(&out);
    authp_gate_t gate = {.limit = 4};
    h.gate = &gate;
    for (int i = 0; i < 3; i++) {
        ck_assert(authp_gate_enter(&gate, true));
    }
    ck_assert(!authp_gate_enter(&gate, true));
    new_account("ada@example.org");
    out = http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert(out.slow);
    send_device(device);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert(authp_gate_enter(&gate, false));
    out = http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert(!out.slow);
    ck_assert_int_eq(gate.strangers, 3);
    ck_assert_int_eq(gate.used, 1);
}
END_TEST

/* Strangers who fill the line for hashes are too many; the others may ask a busy server again. */
START_TEST(too_many_strangers)
{
    authp_hasher_bound_t *bound = NULL;
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *device = device_of(&out);
    const char *token = http_fake_text(&h, &out, "access_token");
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &h.f.rng.random, 0, &h.f.realm->hasher, h.f.pool),
                     AUTHP_OK);
    int first = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
    int second = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
    ck_assert_int_ge(second, 0);
    /* Who has a token finds the gate full of strangers, and is none of too many who sign in. */
    authp_gate_t gate = {.limit = 4, .strangers = 3};
    h.gate = &gate;
    http_fake_bearer(&h, token);
    (void)http_fake_expect(&h, "DELETE", "/api/auth/me", 503, "busy");
    h.gate = NULL;
    fake_clock_advance(&h.f.clock, 60000);
    wrong_password("nobody@example.org");
    expect_wait("POST", LOGIN, "1");
    new_account("eve@example.org");
    expect_wait("POST", REGISTER, "1");
    expect_wait("POST", REGISTER, "1");
    new_account("ada@example.org");
    send_device(device);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL); /* a place of its own */
    while (authp_hasher_bound_admit(bound, AUTHP_HASH_KNOWN) >= 0) {
    }
    out = http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert(!out.slow);
    authp_hasher_bound_leave(bound, first);
    authp_hasher_bound_leave(bound, second);
    send_device(NULL);
    fake_clock_advance(&h.f.clock, 60000);
    new_account("eve@example.org");
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL); /* being refused did not count */
}
END_TEST

static void fill_with_strangers(void *ctx)
{
    authp_gate_t *gate = ctx;
    gate->strangers += 3;
}

/* Without a device everybody is a stranger until the store has said who asks; after that an
 * administrator has the places of those who are none. */
START_TEST(an_administrator_at_the_gate)
{
    authp_gate_t gate = {.limit = 4};
    const authp_grant_t admin =
        fixture_start(&h.f, fixture_user(&h.f, "root@example.org", "admin", false));
    h.gate = &gate;
    http_fake_bearer(&h, admin.access_token);
    new_account("ada@example.org");
    mem_store_before(h.f.store, "session_by_id", fill_with_strangers, &gate);
    (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 201, NULL);
    ck_assert_int_eq(gate.strangers, 3);
    ck_assert_int_eq(gate.used, 0);
}
END_TEST

/* Others go on all the time, but none leaves: who waits to go on is told after two seconds. */
START_TEST(nobody_waits_for_ever)
{
    authp_gate_t gate = {.limit = 8, .asking = 100, .asked_at = INT64_MAX / 2};
    h.gate = &gate;
    wrong_password("nobody@example.org");
    int64_t began = authp_clock_now(authp_clock_monotonic());
    (void)http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert_int_ge(authp_clock_now(authp_clock_monotonic()) - began, 1900);
    ck_assert_int_eq(gate.asking, 100);
    ck_assert_int_eq(gate.strangers, 0);
}
END_TEST

/* In a flood the line for hashes stays short, though there is time for more. */
START_TEST(a_short_line_in_a_flood)
{
    authp_hasher_bound_t *bound = NULL;
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    authp_gate_size(&gate, 25, &crowd);
    (void)http_fake_register(&h, "ada@example.org", false);
    ck_assert_int_eq(authp_hasher_bound_make(1, 20, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &h.f.rng.random, 0, &h.f.realm->hasher, h.f.pool),
                     AUTHP_OK);
    h.gate = &gate;
    int places[5];
    for (int i = 0; i < 5; i++) {
        places[i] = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
        ck_assert_int_ge(places[i], 0);
    }
    new_account("ada@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    int64_t now = authp_clock_now(authp_clock_monotonic());
    crowd.seen = now;
    crowd.began = now - 5000;
    authp_hasher_bound_assume(bound, 248);
    expect_wait("POST", LOGIN, "1");
    ck_assert_int_eq(gate.strangers, 0);
    authp_hasher_bound_leave(bound, places[4]);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert_int_eq(gate.asking, 0);
}
END_TEST

/* However long people have come in a crowd: nobody is sent away while the line is done in a moment.
 */
START_TEST(a_quick_line_is_no_flood)
{
    authp_hasher_bound_t *bound = NULL;
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    authp_gate_size(&gate, 25, &crowd);
    (void)http_fake_register(&h, "ada@example.org", false);
    ck_assert_int_eq(authp_hasher_bound_make(1, 20, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &h.f.rng.random, 0, &h.f.realm->hasher, h.f.pool),
                     AUTHP_OK);
    h.gate = &gate;
    int64_t now = authp_clock_now(authp_clock_monotonic());
    crowd.seen = now;
    crowd.began = now - 60000;
    for (int i = 0; i < 5; i++) {
        ck_assert(authp_gate_enter(&gate, true));
        ck_assert_int_ge(authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER), 0);
    }
    ck_assert(!authp_gate_enter(&gate, true));
    new_account("ada@example.org");
    authp_hasher_bound_assume(bound, 41); /* 246 ms with one more */
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert_int_eq(gate.strangers, 5);
    authp_hasher_bound_assume(bound, 42);
    expect_wait("POST", LOGIN, "1");
    ck_assert_int_eq(gate.strangers, 5);
    gate.strangers = gate.burst;
    authp_hasher_bound_assume(bound, 1);
    (void)http_fake_expect(&h, "POST", LOGIN, 503, "busy"); /* those are all threads but a few */
}
END_TEST

/* What was refused because of a flood stays 429, though the line is short again by the time of the
 * answer. */
START_TEST(refused_in_a_flood)
{
    authp_route_t route = {.flags = AUTHP_ROUTE_LIMIT_CREDENTIAL};
    authp_request_t request = {.gate = NULL};
    authp_call_t call = {.realm = h.f.realm, .request = &request, .route = &route};
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_BUSY);
    call.crowded = true;
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(call.retry_after, 1);
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
    tcase_add_test(tests, not_those_of_an_administrator);
    tcase_add_test(tests, the_device_cookie);
    tcase_add_test(tests, the_device_cookie_without_secure);
    tcase_add_test(tests, devices_count_apart);
    tcase_add_test(tests, a_place_at_the_gate);
    tcase_add_test(tests, too_many_strangers);
    tcase_add_test(tests, an_administrator_at_the_gate);
    tcase_add_test(tests, nobody_waits_for_ever);
    tcase_add_test(tests, a_short_line_in_a_flood);
    tcase_add_test(tests, a_quick_line_is_no_flood);
    tcase_add_test(tests, refused_in_a_flood);
    suite_add_tcase(suite, tests);
    return suite;
}

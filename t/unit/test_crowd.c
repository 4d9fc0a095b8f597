/* SPDX-License-Identifier: Apache-2.0 */
/* A full gate and a long line for hashes: which requests wait, which get 429, and which get 503. */
#include <pthread.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "api/core/throttle.h"
#include "crypto/password/hasher_bound.h"
#include "faults.h"
#include "http_fake.h"
#include "suite.h"
#include "throttled.h"

#define LOGIN "/api/auth/login"
#define REGISTER "/api/auth/register"

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

/* The gate keeps a place for clients that are no strangers. */
START_TEST(a_place_at_the_gate)
{
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *device = throttled_device(&h, &out);
    authp_gate_t gate = {.limit = 4};
    h.gate = &gate;
    for (int i = 0; i < 3; i++) {
        ck_assert(authp_gate_enter(&gate, true));
    }
    ck_assert(!authp_gate_enter(&gate, true));
    throttled_right(&h, "ada@example.org");
    out = http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert(out.slow);
    throttled_send(&h, device);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert(authp_gate_enter(&gate, false));
    out = http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert(!out.slow);
    ck_assert_int_eq(gate.strangers, 3);
    ck_assert_int_eq(gate.used, 1);
}
END_TEST

/* If strangers fill the line for hashes, they get 429. Others get 503 and may retry. */
START_TEST(too_many_strangers)
{
    authp_hasher_bound_t *bound = NULL;
    authp_response_t out = http_fake_register(&h, "ada@example.org", false);
    const char *device = throttled_device(&h, &out);
    const char *token = http_fake_text(&h, &out, "access_token");
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &h.f.rng.random, 0, &h.f.realm->hasher, h.f.pool),
                     AUTHP_OK);
    int first = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
    int second = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
    ck_assert_int_ge(second, 0);
    /* A client with a token finds the gate full of strangers. It gets 503, because it is not one of
     * them. */
    authp_gate_t gate = {.limit = 4, .strangers = 3};
    h.gate = &gate;
    http_fake_bearer(&h, token);
    (void)http_fake_expect(&h, "DELETE", "/api/auth/me", 503, "busy");
    h.gate = NULL;
    fake_clock_advance(&h.f.clock, 60000);
    throttled_wrong(&h, "nobody@example.org");
    throttled_wait(&h, "POST", LOGIN, "1");
    throttled_right(&h, "eve@example.org");
    throttled_wait(&h, "POST", REGISTER, "1");
    throttled_wait(&h, "POST", REGISTER, "1");
    throttled_right(&h, "ada@example.org");
    throttled_send(&h, device);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL); /* it uses a place for known clients */
    while (authp_hasher_bound_admit(bound, AUTHP_HASH_KNOWN) >= 0) {
    }
    out = http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert(!out.slow);
    authp_hasher_bound_leave(bound, first);
    authp_hasher_bound_leave(bound, second);
    throttled_send(&h, NULL);
    fake_clock_advance(&h.f.clock, 60000);
    throttled_right(&h, "eve@example.org");
    /* the refused registration was not counted */
    (void)http_fake_expect(&h, "POST", REGISTER, 201, NULL);
}
END_TEST

static void fill_with_strangers(void *ctx)
{
    authp_gate_t *gate = ctx;
    gate->strangers += 3;
}

/* Without a device cookie a client counts as a stranger until the store has been asked for its
 * account. After that an administrator uses the places for known clients. */
START_TEST(an_administrator_at_the_gate)
{
    authp_gate_t gate = {.limit = 4};
    const authp_grant_t admin =
        fixture_start(&h.f, fixture_user(&h.f, "root@example.org", "admin", false));
    h.gate = &gate;
    http_fake_bearer(&h, admin.access_token);
    throttled_right(&h, "ada@example.org");
    mem_store_before(h.f.store, "session_by_id", fill_with_strangers, &gate);
    (void)http_fake_expect(&h, "POST", REGISTER "/recruiter", 201, NULL);
    ck_assert_int_eq(gate.strangers, 3);
    ck_assert_int_eq(gate.used, 0);
}
END_TEST

/* Other requests enter the store all the time but none leaves: a request that waits gets 503 after
 * two seconds, in which it tries every 5 ms. */
START_TEST(nobody_waits_for_ever)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    const authp_grant_t grant =
        fixture_start(&h.f, fixture_user(&h.f, "root@example.org", "admin", false));
    authp_gate_size(&gate, 25, &crowd);
    h.gate = &gate;
    faults_open();
    faults.awake = true;
    gate.asking = 100;
    gate.asked_at = INT64_MAX / 2;
    throttled_wrong(&h, "nobody@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 503, "busy");
    ck_assert_int_eq(faults.sleeps, 400);
    ck_assert_int_eq(faults.us, 2000000);
    ck_assert_int_eq(gate.asking, 100);
    ck_assert_int_eq(gate.strangers, 0);
    /* The same of a request that is no sign-in and waits for a place. */
    faults.sleeps = 0;
    faults.us = 0;
    gate.used = gate.limit;
    gate.let_in_at = INT64_MAX / 2;
    http_fake_clear(&h);
    http_fake_bearer(&h, grant.access_token);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 503, "busy");
    ck_assert_int_eq(faults.sleeps, 400);
    ck_assert_int_eq(faults.us, 2000000);
    ck_assert_int_eq(gate.used, gate.limit);
    ck_assert_int_eq(gate.waiting, 0);
    /* A store that has let nobody in for 250 ms gets no more requests that wait. */
    faults.sleeps = 0;
    gate.let_in_at = authp_clock_now(authp_clock_monotonic()) - 250;
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 503, "busy");
    ck_assert_int_eq(faults.sleeps, 0);
    faults_open();
}
END_TEST

/* Makes an account for Ada, a gate of 25 threads, and a hasher with one slot. Returns the bound of
 * the hasher. */
static authp_hasher_bound_t *host_with(authp_gate_t *gate, authp_crowd_t *crowd)
{
    authp_hasher_bound_t *bound = NULL;
    authp_gate_size(gate, 25, crowd);
    (void)http_fake_register(&h, "ada@example.org", false);
    ck_assert_int_eq(authp_hasher_bound_make(1, 20, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &h.f.rng.random, 0, &h.f.realm->hasher, h.f.pool),
                     AUTHP_OK);
    h.gate = gate;
    return bound;
}

/* Whatever a request ends with, it leaves no place taken behind it. */
static const struct {
    const char *method;
    const char *target;
    const char *op; /* fails */
    int status;
} ends[] = {{"POST", LOGIN, NULL, 200},
            {"POST", LOGIN, "user_by_login", 503},
            {"POST", LOGIN, "session_create", 503},
            {"POST", LOGIN "/recruiter", NULL, 403},
            {"POST", REGISTER, NULL, 409},
            {"POST", REGISTER, "user_create", 503},
            {"POST", REGISTER "/recruiter", NULL, 403},
            {"DELETE", "/api/auth/me", NULL, 401},
            {"POST", "/api/auth/refresh", NULL, 422},
            {"GET", "/api/auth/me", NULL, 401},
            {"GET", "/api/auth/readyz", "ping", 503}};

START_TEST(no_place_is_left_taken)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    (void)host_with(&gate, &crowd);
    fixture_limits(&h.f, (authp_rate_t){100, 60}, (authp_rate_t){100, 60}, (authp_rate_t){100, 60});
    throttled_right(&h, "ada@example.org");
    for (int twice = 0; twice < 2; twice++) {
        mem_store_fail(h.f.store, ends[_i].op, 0,
                       ends[_i].op != NULL ? AUTHP_E_UNAVAILABLE : AUTHP_OK);
        (void)http_fake_expect(&h, ends[_i].method, ends[_i].target, ends[_i].status, NULL);
        ck_assert_int_eq(gate.used, 0);
        ck_assert_int_eq(gate.strangers, 0);
        ck_assert_int_eq(gate.asking, 0);
        ck_assert_int_eq(gate.waiting, 0);
    }
    mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    throttled_wrong(&h, "ada@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 401, "invalid_credentials");
    ck_assert_int_eq(gate.asking, 0);
}
END_TEST

static void *leave_later(void *data)
{
    apr_sleep(30000);
    authp_gate_leave(data, false);
    return NULL;
}

/* A request that is no sign-in waits for a place. It leaves the line whether it gets one or not. */
START_TEST(who_waited_leaves_the_line)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    pthread_t thread;
    const authp_grant_t grant =
        fixture_start(&h.f, fixture_user(&h.f, "root@example.org", "admin", false));
    (void)host_with(&gate, &crowd);
    while (authp_gate_enter(&gate, false)) {
    }
    ck_assert_int_eq(gate.used, gate.limit);
    http_fake_bearer(&h, grant.access_token);
    ck_assert_int_eq(pthread_create(&thread, NULL, leave_later, &gate), 0);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 200, NULL);
    pthread_join(thread, NULL);
    ck_assert_int_eq(gate.used, gate.limit - 1);
    ck_assert_int_eq(gate.waiting, 0);
    ck_assert(authp_gate_enter(&gate, false));
    gate.let_in_at -= 1000; /* the store lets nobody in */
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 503, "busy");
    ck_assert_int_eq(gate.used, gate.limit);
    ck_assert_int_eq(gate.waiting, 0);
}
END_TEST

/* In a flood the line for hashes stays short, although there is time for more. */
START_TEST(a_short_line_in_a_flood)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    authp_hasher_bound_t *bound = host_with(&gate, &crowd);
    int places[5];
    for (int i = 0; i < 5; i++) {
        places[i] = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER);
        ck_assert_int_ge(places[i], 0);
    }
    throttled_right(&h, "ada@example.org");
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    int64_t now = authp_clock_now(authp_clock_monotonic());
    crowd.seen = now;
    crowd.began = now - 5000;
    authp_hasher_bound_assume(bound, 248000);
    throttled_wait(&h, "POST", LOGIN, "1");
    ck_assert_int_eq(gate.strangers, 0);
    authp_hasher_bound_leave(bound, places[4]);
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert_int_eq(gate.asking, 0);
}
END_TEST

/* A crowd that goes on for a long time is not refused while the whole line of hashes takes less
 * than 250 ms. */
START_TEST(a_quick_line_is_no_flood)
{
    authp_crowd_t crowd = {.began = 0};
    authp_gate_t gate = {.limit = 0};
    authp_hasher_bound_t *bound = host_with(&gate, &crowd);
    int64_t now = authp_clock_now(authp_clock_monotonic());
    crowd.seen = now;
    crowd.began = now - 60000;
    for (int i = 0; i < 5; i++) {
        ck_assert(authp_gate_enter(&gate, true));
        ck_assert_int_ge(authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER), 0);
    }
    ck_assert(!authp_gate_enter(&gate, true));
    throttled_right(&h, "ada@example.org");
    authp_hasher_bound_assume(bound,
                              20000); /* the line takes 240 ms with those that have entered */
    (void)http_fake_expect(&h, "POST", LOGIN, 200, NULL);
    ck_assert_int_eq(gate.strangers, 5);
    authp_hasher_bound_assume(bound, 23000);
    throttled_wait(&h, "POST", LOGIN, "1");
    ck_assert_int_eq(gate.strangers, 5);
    gate.strangers = gate.burst;
    authp_hasher_bound_assume(bound, 1000);
    /* strangers have all threads that they may have */
    (void)http_fake_expect(&h, "POST", LOGIN, 503, "busy");
}
END_TEST

/* A request that is refused because of a flood gets 429, even if the line is short again when the
 * answer is made. */
START_TEST(refused_in_a_flood)
{
    authp_route_t route = {.flags = AUTHP_ROUTE_LIMIT_CREDENTIAL};
    authp_request_t request = {.gate = NULL};
    authp_call_t call = {.realm = h.f.realm, .request = &request, .route = &route};
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_BUSY);
    call.crowded = true;
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(call.retry_after, 1);
    ck_assert_str_eq(call.detail, "Too many people sign in at once: try again in a moment.");
    /* Nothing else becomes a 429, and nobody who is signed in gets one. */
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_UNAVAILABLE), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_OK), AUTHP_OK);
    route.auth = AUTHP_AUTH_REQUIRED;
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_BUSY);
    route.auth = AUTHP_AUTH_OPTIONAL;
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_RATE_LIMITED);
    call.user = fixture_user(&h.f, "root@example.org", "admin", false);
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_BUSY);
    call.user = NULL;
    route.flags = AUTHP_ROUTE_LIMIT_REFRESH;
    ck_assert_int_eq(authp_throttle_settle(&call, AUTHP_E_BUSY), AUTHP_E_BUSY);
}
END_TEST

Suite *suite_crowd(void)
{
    Suite *suite = suite_create("crowd");
    TCase *tests = tcase_create("crowd");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_place_at_the_gate);
    tcase_add_test(tests, too_many_strangers);
    tcase_add_test(tests, an_administrator_at_the_gate);
    tcase_add_test(tests, nobody_waits_for_ever);
    tcase_add_loop_test(tests, no_place_is_left_taken, 0, (int)(sizeof(ends) / sizeof(ends[0])));
    tcase_add_test(tests, who_waited_leaves_the_line);
    tcase_add_test(tests, a_short_line_in_a_flood);
    tcase_add_test(tests, a_quick_line_is_no_flood);
    tcase_add_test(tests, refused_in_a_flood);
    suite_add_tcase(suite, tests);
    return suite;
}

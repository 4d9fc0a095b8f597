/* SPDX-License-Identifier: Apache-2.0 */
/* What one process knows of its providers: discovery while a provider is down and back, and how
 * many callers may wait for providers. */
#include "provider_fixture.h"
#include "suite.h"

#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static provider_fixture_t p;

static void set_up(void)
{
    provider_fixture_open(&p);
}

static void tear_down(void)
{
    provider_fixture_close(&p);
}

static authp_err_t discover(void)
{
    const authp_discovery_t *found = NULL;
    authp_err_t err = authp_provider_set_discovery(p.f.realm, &p.google, &found, p.f.pool);
    ck_assert_int_eq(err == AUTHP_OK, found != NULL);
    return err;
}

static authp_err_t ask(authp_fetched_t *answer)
{
    authp_fetch_t request = {.url = p.token.url};
    return authp_provider_set_ask(p.f.realm, &p.google, &request, answer, p.f.pool);
}

START_TEST(names)
{
    ck_assert_ptr_eq(authp_provider_set_find(p.f.realm, "google"), &p.google);
    ck_assert_ptr_eq(authp_provider_set_find(p.f.realm, "hub"), &p.hub);
    ck_assert_ptr_null(authp_provider_set_find(p.f.realm, "goo"));
    ck_assert_ptr_null(authp_provider_set_find(p.f.realm, "Google"));
    ck_assert_ptr_null(authp_provider_set_find(p.f.realm, ""));
    p.f.realm->providers = NULL;
    ck_assert_ptr_null(authp_provider_set_find(p.f.realm, "google"));
    ck_assert_int_eq(p.discovery.calls, 0);
}
END_TEST

START_TEST(a_document_is_fetched_once)
{
    ck_assert_int_eq(discover(), AUTHP_OK);
    ck_assert_int_eq(discover(), AUTHP_OK);
    ck_assert_int_eq(p.discovery.calls, 1);
    ck_assert_int_eq(p.discovery.asked.timeout_ms, 3000);
    ck_assert_uint_eq(p.discovery.asked.limit, 65536);
    fake_clock_advance(&p.f.clock, 299999);
    ck_assert_int_eq(discover(), AUTHP_OK);
    ck_assert_int_eq(p.discovery.calls, 1);
    fake_clock_advance(&p.f.clock, 1);
    ck_assert_int_eq(discover(), AUTHP_OK);
    ck_assert_int_eq(p.discovery.calls, 2);
}
END_TEST

/* A failure is remembered for a second, and the provider is asked again after it. */
START_TEST(down_and_back)
{
    p.discovery.err = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(discover(), AUTHP_E_OAUTH_UNAVAILABLE);
    p.discovery.err = AUTHP_OK;
    fake_clock_advance(&p.f.clock, 999);
    ck_assert_int_eq(discover(), AUTHP_E_OAUTH_UNAVAILABLE);
    ck_assert_int_eq(p.discovery.calls, 1);
    fake_clock_advance(&p.f.clock, 1);
    ck_assert_int_eq(discover(), AUTHP_OK);
    /* The old document stays while the provider is down again. */
    p.discovery.status = 503;
    fake_clock_advance(&p.f.clock, 86400000);
    ck_assert_int_eq(discover(), AUTHP_OK);
    ck_assert_int_eq(p.discovery.calls, 3);
    p.discovery.status = 200;
    p.discovery.body = "{\"issuer\":\"https://evil.example\"}";
    fake_clock_advance(&p.f.clock, 60000);
    ck_assert_int_eq(discover(), AUTHP_OK);
    ck_assert_int_eq(p.discovery.calls, 4);
}
END_TEST

START_TEST(documents_that_are_refused)
{
    const char *const bodies[] = {"", "[]", "{}", "{\"issuer\":\"https://evil.example\"}",
                                  "{\"issuer\":\"" OP "\"}"};
    static const authp_err_t errors[] = {AUTHP_E_TOO_LARGE, AUTHP_E_BUSY, AUTHP_E_MALFORMED,
                                         AUTHP_E_UNAVAILABLE};
    const char *good = p.discovery.body;
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        p.discovery.body = bodies[i];
        provider_fixture_set(&p, 4);
        ck_assert_int_eq(discover(), AUTHP_E_OAUTH_UNAVAILABLE);
    }
    p.discovery.body = good;
    for (size_t i = 0; i < LENGTH(errors); i++) {
        p.discovery.err = errors[i];
        provider_fixture_set(&p, 4);
        ck_assert_int_eq(discover(), AUTHP_E_OAUTH_UNAVAILABLE);
    }
    p.discovery.err = AUTHP_E_INTERNAL;
    provider_fixture_set(&p, 4);
    ck_assert_int_eq(discover(), AUTHP_E_INTERNAL);
}
END_TEST

/* The keys are those of the address that discovery names now. */
START_TEST(keys_at_another_address)
{
    json_t *claims = NULL;
    const char *why = NULL;
    const char *token =
        provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, NULL, NULL));
    ck_assert_int_eq(
        authp_provider_set_verify(p.f.realm, &p.google, token, &claims, &why, p.f.pool), AUTHP_OK);
    ck_assert_str_eq(json_string_value(json_object_get(claims, "sub")), "1001");
    ck_assert_uint_eq(p.keys.asked.limit, AUTHP_JWK_SET_MOST);
    ck_assert_int_eq(p.keys.asked.timeout_ms, 3000);
    p.discovery.body = "{\"issuer\":\"" OP "\",\"authorization_endpoint\":\"" OP "/auth\","
                       "\"token_endpoint\":\"" OP "/token\",\"jwks_uri\":\"" OP "/jwks2\"}";
    p.keys.url = OP "/jwks2";
    p.keys.body = "{\"keys\":[{\"kid\":\"rsa\"," JOSE_RSA "}]}";
    fake_clock_advance(&p.f.clock, 300000);
    ck_assert_int_eq(
        authp_provider_set_verify(p.f.realm, &p.google, token, &claims, &why, p.f.pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_str_eq(why, "kid");
}
END_TEST

static authp_err_t inner;
static int depth;

/* Asks as another caller, while this one waits for the provider. */
static void another_caller(void)
{
    authp_fetched_t answer;
    if (depth-- > 0) {
        inner = ask(&answer);
    }
}

/* As many callers as the bound wait for providers. A further one is refused, and a place that was
 * left can be taken. */
START_TEST(a_bound_of_callers)
{
    authp_fetched_t answer;
    p.during = another_caller;
    for (int most = 1; most <= 3; most++) {
        provider_fixture_set(&p, most);
        for (int again = 0; again < 2; again++) {
            depth = most - 1;
            inner = AUTHP_OK;
            ck_assert_int_eq(ask(&answer), AUTHP_OK);
            ck_assert_int_eq(inner, AUTHP_OK);
        }
        p.token.calls = 0;
        depth = most;
        ck_assert_int_eq(ask(&answer), AUTHP_OK);
        ck_assert_int_eq(p.token.calls, most);
        depth = 0;
        ck_assert_int_eq(ask(&answer), AUTHP_OK);
    }
}
END_TEST

static authp_err_t refused;

static void another_caller_of_each_kind(void)
{
    json_t *claims = NULL;
    const char *why = NULL;
    authp_fetched_t answer;
    p.during = NULL;
    refused = ask(&answer);
    ck_assert_int_eq(discover(), refused);
    ck_assert_int_eq(
        authp_provider_set_verify(p.f.realm, &p.google, "a.b.c", &claims, &why, p.f.pool), refused);
}

START_TEST(every_kind_of_caller_is_counted)
{
    authp_fetched_t answer;
    provider_fixture_set(&p, 1);
    p.during = another_caller_of_each_kind;
    ck_assert_int_eq(ask(&answer), AUTHP_OK);
    ck_assert_int_eq(refused, AUTHP_E_OAUTH_UNAVAILABLE);
    ck_assert_int_eq(p.discovery.calls, 0);
    /* After errors, too, places are free. */
    p.token.err = AUTHP_E_UNAVAILABLE;
    p.discovery.err = AUTHP_E_UNAVAILABLE;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(&answer), AUTHP_E_OAUTH_UNAVAILABLE);
        ck_assert_int_eq(discover(), AUTHP_E_OAUTH_UNAVAILABLE);
        fake_clock_advance(&p.f.clock, 1000);
    }
    ck_assert_int_eq(p.token.calls, 4);
    ck_assert_int_eq(p.discovery.calls, 3);
}
END_TEST

static authp_err_t to_other;

static void another_provider(void)
{
    authp_fetched_t answer;
    authp_fetch_t request = {.url = p.token.url};
    if (depth-- > 0) {
        inner = ask(&answer);
        return;
    }
    p.during = NULL;
    refused = ask(&answer);
    to_other = authp_provider_set_ask(p.f.realm, &p.hub, &request, &answer, p.f.pool);
}

/* Callers of one provider leave places for another one. */
START_TEST(a_share_for_each_provider)
{
    authp_fetched_t answer;
    provider_fixture_set(&p, 4);
    p.during = another_provider;
    depth = 2;
    ck_assert_int_eq(ask(&answer), AUTHP_OK);
    ck_assert_int_eq(inner, AUTHP_OK);
    ck_assert_int_eq(refused, AUTHP_E_OAUTH_UNAVAILABLE);
    ck_assert_int_eq(to_other, AUTHP_OK);
}
END_TEST

static const authp_provider_t *callers[5];
static authp_err_t answers[LENGTH(callers)];
static size_t caller;

/* Each caller asks while the ones before it wait. */
static void next_caller(void)
{
    size_t mine = caller++;
    if (mine < LENGTH(callers)) {
        authp_fetched_t answer;
        authp_fetch_t request = {.url = p.token.url};
        answers[mine] =
            authp_provider_set_ask(p.f.realm, callers[mine], &request, &answer, p.f.pool);
    }
}

/* A caller that finds its provider's share free, but not the whole, takes nothing of the share. */
START_TEST(refused_for_the_whole)
{
    provider_fixture_set(&p, 4);
    p.during = next_caller;
    for (size_t i = 0; i < LENGTH(callers); i++) {
        callers[i] = i < 2 ? &p.hub : &p.google;
    }
    caller = 0;
    next_caller();
    for (size_t i = 0; i < LENGTH(callers); i++) {
        ck_assert_int_eq(answers[i], i < 4 ? AUTHP_OK : AUTHP_E_OAUTH_UNAVAILABLE);
    }
    caller = 2; /* three of Google alone */
    next_caller();
    ck_assert_int_eq(answers[4], AUTHP_OK);
}
END_TEST

static int64_t waited;

static void caller_in_vain(void)
{
    authp_fetched_t answer;
    p.during = NULL;
    int64_t began = authp_clock_now(authp_clock_monotonic());
    refused = ask(&answer);
    waited = authp_clock_now(authp_clock_monotonic()) - began;
}

/* Rows in this order, with one place: after an answer callers wait again, and without one only the
 * first of a second does. */
static const struct {
    authp_err_t err; /* what ends the request that has the place */
    int advance;     /* before it */
    bool waits;
} waits[] = {{AUTHP_OK, 0, true},
             {AUTHP_E_UNAVAILABLE, 0, true},
             {AUTHP_E_UNAVAILABLE, 999, false},
             {AUTHP_E_UNAVAILABLE, 1, true},
             {AUTHP_OK, 0, false},
             {AUTHP_OK, 0, true}};

START_TEST(who_waits_for_a_place)
{
    authp_fetched_t answer;
    provider_fixture_set(&p, 1);
    for (size_t i = 0; i < LENGTH(waits); i++) {
        fake_clock_advance(&p.f.clock, waits[i].advance);
        p.token.err = waits[i].err;
        p.during = caller_in_vain;
        (void)ask(&answer);
        ck_assert_int_eq(refused, AUTHP_E_OAUTH_UNAVAILABLE);
        ck_assert_msg((waited >= 290) == waits[i].waits, "row %zu: %d ms", i, (int)waited);
    }
}
END_TEST

static void look_it_up(void)
{
    p.during = NULL;
    inner = discover();
}

/* A document that is kept already is read without a place. */
START_TEST(documents_that_are_kept)
{
    authp_fetched_t answer;
    provider_fixture_set(&p, 1);
    ck_assert_int_eq(discover(), AUTHP_OK);
    p.during = look_it_up;
    ck_assert_int_eq(ask(&answer), AUTHP_OK);
    ck_assert_int_eq(inner, AUTHP_OK);
    ck_assert_int_eq(p.discovery.calls, 1);
}
END_TEST

Suite *suite_provider_set(void)
{
    Suite *suite = suite_create("provider_set");
    TCase *tests = tcase_create("provider_set");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, names);
    tcase_add_test(tests, a_share_for_each_provider);
    tcase_add_test(tests, refused_for_the_whole);
    tcase_add_test(tests, who_waits_for_a_place);
    tcase_add_test(tests, documents_that_are_kept);
    tcase_add_test(tests, a_document_is_fetched_once);
    tcase_add_test(tests, down_and_back);
    tcase_add_test(tests, documents_that_are_refused);
    tcase_add_test(tests, keys_at_another_address);
    tcase_add_test(tests, a_bound_of_callers);
    tcase_add_test(tests, every_kind_of_caller_is_counted);
    suite_add_tcase(suite, tests);
    return suite;
}

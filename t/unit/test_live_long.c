/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that live longer than the live table remembers: the store is asked about each once an
 * hour. */
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "api/core/guard.h"
#include "live_fixture.h"
#include "service/account/admin.h"
#include "service/live/live_change.h"
#include "service/session/token.h"
#include "suite.h"

#define MINUTE INT64_C(60000)

static live_fixture_t live;
static fixture_t *const f = &live.f;
static authp_grant_t grant;
static authp_principal_t who;

static const authp_terms_t month = {
    .prf = "month", .minutes = 43200, .most_minutes = 43200, .claims = AUTHP_TERMS_ROLE};
static const authp_client_t client = {.ip = "192.0.2.7", .terms = &month};
static const authp_actor_t admin = {.id = "6b0000000000000000000009"};

static void set_up(void)
{
    live_fixture_open(&live);
    f->settings->access_token_minutes = 0; /* each profile has its own lifetime */
    ck_assert_int_eq(authp_realm_remember(f->realm, 1048576, f->pool), AUTHP_OK);
    ck_assert_int_eq(authp_session_start(f->realm, live.user, &client, &grant, f->pool), AUTHP_OK);
    live_fixture_poll(&live);
}

static void tear_down(void)
{
    live_fixture_close(&live);
}

static const char *get(void *ctx, const char *name)
{
    return strcmp(name, "Authorization") == 0 ? ctx : NULL;
}

static authp_err_t ask(void)
{
    const authp_guard_request_t request = {
        .method = "GET",
        .target = "/",
        .headers = {get, apr_pstrcat(f->pool, "Bearer ", grant.access_token, NULL)}};
    authp_via_t via = AUTHP_VIA_NONE;
    (void)mem_store_calls(f->store, f->pool);
    return authp_guard_authenticate(f->realm, &request, &who, &via, f->pool);
}

/* The answers of the store that live_store.c keeps are good for a second. */
static void forget_answers(void)
{
    usleep(1050000);
}

/* Time passes, and the poll goes on. */
static void wait_for(int minutes)
{
    fake_clock_advance(&f->clock, minutes * MINUTE);
    live_fixture_poll(&live);
}

static void expect_asked(bool asked)
{
    const char *calls = mem_store_calls(f->store, f->pool);
    ck_assert_msg((strstr(calls, "session_by_id") != NULL) == asked, "calls: %s", calls);
}

START_TEST(young_ones_ask_nothing)
{
    ck_assert_int_eq(grant.expires_in, 43200 * 60);
    wait_for(14);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(false);
    ck_assert_str_eq(who.prf, "month");
    ck_assert_int_eq(who.known_at, who.iat);
}
END_TEST

START_TEST(old_ones_ask_once)
{
    wait_for(3 * 24 * 60);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(true);
    /* The answer may be one that was kept for a second. It must not hide a later change. */
    ck_assert_int_lt(who.known_at, authp_clock_now(f->realm->clock) / 1000 - 1);
    forget_answers();
    mem_store_fail(f->store, "session_by_id", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(ask(), AUTHP_OK);
    wait_for(14);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(false);
    ck_assert_str_eq(who.email, "ada@example.org");
    wait_for(4); /* the table of the fixture remembers 17 minutes */
    ck_assert_int_eq(ask(), AUTHP_E_UNAVAILABLE);
    expect_asked(true);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(true);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(false);
}
END_TEST

START_TEST(revoked_after_the_answer)
{
    wait_for(60);
    ck_assert_int_eq(ask(), AUTHP_OK);
    ck_assert_int_eq(
        authp_live_change_session_end(f->realm, grant.session->id.hex, "logout", f->pool),
        AUTHP_OK);
    forget_answers();
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
    expect_asked(false);
}
END_TEST

START_TEST(new_password_after_the_answer)
{
    wait_for(60);
    ck_assert_int_eq(ask(), AUTHP_OK);
    ck_assert_int_eq(authp_admin_reset_password(f->realm, &admin, live.user->id.hex,
                                                "another calm word", f->pool),
                     AUTHP_OK);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* A change from before the answer counts by the answer, and one from after it by the table. */
START_TEST(roles_before_and_after)
{
    const authp_verdict_t withdraw = {.id = live.user->id.hex, .verified = false};
    const authp_verdict_t give = {.id = live.user->id.hex, .verified = true};
    authp_user_t *out = NULL;
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &withdraw, &out, f->pool), AUTHP_OK);
    wait_for(60);
    ck_assert_int_eq(ask(), AUTHP_OK);
    ck_assert_uint_eq(who.roles, 0);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(false);
    ck_assert_uint_eq(who.roles, 0);
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &give, &out, f->pool), AUTHP_OK);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(false);
    ck_assert_uint_eq(who.roles, authp_roles_bit(f->realm->roles, "recruiter"));
}
END_TEST

START_TEST(ended_before_the_answer)
{
    ck_assert_int_eq(
        authp_live_change_session_end(f->realm, grant.session->id.hex, "logout", f->pool),
        AUTHP_OK);
    wait_for(60);
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* With the clock set back the answer is from the future. It would count for two hours more, but a
 * change of that time may be forgotten by then. */
START_TEST(clock_set_back_after_the_answer)
{
    wait_for(180);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(true);
    forget_answers();
    wait_for(-120);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(true);
    ck_assert_int_le(who.known_at, authp_clock_now(f->realm->clock) / 1000);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(false);
    mem_store_fail(f->store, "session_by_id", 0, AUTHP_E_UNAVAILABLE);
    wait_for(18);
    ck_assert_int_eq(ask(), AUTHP_E_UNAVAILABLE);
}
END_TEST

/* Without the cache of tokens there is no place for the answer, so the store is asked again. */
START_TEST(without_a_cache)
{
    f->realm->token_cache = NULL;
    wait_for(60);
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(true);
    forget_answers();
    ck_assert_int_eq(ask(), AUTHP_OK);
    expect_asked(true);
}
END_TEST

/* The row of the session outlives its longest token, and a later refresh by somebody who gets short
 * tokens does not shorten it. */
START_TEST(the_row_lives_as_long)
{
    const authp_ms_t until = authp_clock_now(f->realm->clock) + 43200 * MINUTE;
    ck_assert_int_eq(grant.session->expires_at, until);
    authp_grant_t next = {0};
    ck_assert_int_eq(fixture_refresh(f, grant.refresh_token, &next, f->pool), AUTHP_OK);
    ck_assert_int_eq(next.session->expires_at, until);
    ck_assert_int_eq(next.expires_in, 15 * 60);
    wait_for(43199);
    ck_assert_int_eq(ask(), AUTHP_OK);
    wait_for(1);
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_EXPIRED);
}
END_TEST

static int pages;
static int freed;

static apr_status_t count_freed(void *data)
{
    (void)data;
    freed++;
    return APR_SUCCESS;
}

/* The pages before have been freed. */
static authp_err_t leaves_memory(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                 authp_seen_t *seen, apr_pool_t *pool)
{
    ck_assert_int_eq(freed, pages);
    apr_pool_cleanup_register(pool, NULL, count_freed, apr_pool_cleanup_null);
    pages++;
    return mem_store_ops.session_ended(self, since, limit, out, seen, pool);
}

/* A poll frees each page before it reads the next one, and all of them at its end, because one
 * child polls for months. */
START_TEST(a_poll_leaves_no_memory)
{
    authp_store_ops_t ops = *f->store->ops;
    ops.session_ended = leaves_memory;
    f->store->ops = &ops;
    for (int i = 0; i < 1200; i++) {
        authp_grant_t each = fixture_start(f, live.user);
        mem_store_session(f->store, each.session->id.hex)->ended_at =
            authp_clock_now(f->realm->clock) + i;
    }
    for (int rounds = 1; rounds <= 2; rounds++) {
        pages = freed = 0;
        live_fixture_poll(&live);
        ck_assert_int_ge(pages, 3);
        ck_assert_int_eq(freed, pages);
    }
    f->store->ops = &mem_store_ops;
}
END_TEST

Suite *suite_live_long(void)
{
    Suite *suite = suite_create("live_long");
    TCase *tests = tcase_create("live_long");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, young_ones_ask_nothing);
    tcase_add_test(tests, old_ones_ask_once);
    tcase_add_test(tests, revoked_after_the_answer);
    tcase_add_test(tests, new_password_after_the_answer);
    tcase_add_test(tests, roles_before_and_after);
    tcase_add_test(tests, ended_before_the_answer);
    tcase_add_test(tests, clock_set_back_after_the_answer);
    tcase_add_test(tests, without_a_cache);
    tcase_add_test(tests, the_row_lives_as_long);
    tcase_add_test(tests, a_poll_leaves_no_memory);
    suite_add_tcase(suite, tests);
    return suite;
}

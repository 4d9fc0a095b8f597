/* SPDX-License-Identifier: Apache-2.0 */
/* A token counts with the facts of the account at the time of the request, not at the time when the
 * token was made. Tests each fact in each way by which a page, a route or the next token learns it.
 */
#include "live_fixture.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/live/live.h"
#include "service/live/standing.h"
#include "service/session/token.h"
#include "suite.h"

#include <string.h>

#define COMBINATIONS 8

static live_fixture_t live;
static fixture_t *const f = &live.f;

static void set_up(void)
{
    live_fixture_open(&live);
}

static void tear_down(void)
{
    live_fixture_close(&live);
}

/* Bit 0: the address is proven. Bit 1: the recruiter is verified. Bit 2: the account is an admin,
 * too. */
static authp_err_t edit(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const int *facts = ctx;
    user->email_verified = (*facts & 1) != 0;
    user->is_recruiter_verified = (*facts & 2) != 0;
    if ((*facts & 4) != 0) {
        authp_user_add_role(user, "admin", pool);
    }
    return AUTHP_OK;
}

static void change(int facts)
{
    authp_user_t *out = NULL;
    authp_user_edit_t how = {.fn = edit, .ctx = &facts};
    ck_assert_int_eq(authp_user_change(f->realm, live.user->id.hex, &how, &out, f->pool), AUTHP_OK);
}

static void change_elsewhere(int facts)
{
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL;
    change(facts);
    f->realm->live = here;
}

static void pass_without_the_store(void)
{
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_live_guard(f->realm, &live.who, AUTHP_UNAVAILABLE_DENY, f->pool),
                     AUTHP_OK);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
}

static void changed_here(int facts)
{
    live_fixture_poll(&live);
    change(facts);
    pass_without_the_store();
}

static void polled(int facts)
{
    live_fixture_poll(&live);
    change_elsewhere(facts);
    live_fixture_poll(&live);
    pass_without_the_store();
}

/* The table is cold, so the store is asked. The second question is answered from memory. */
static void asked(int facts)
{
    authp_principal_t first = live.who;
    change_elsewhere(facts);
    ck_assert_int_eq(authp_live_guard(f->realm, &first, AUTHP_UNAVAILABLE_DENY, f->pool), AUTHP_OK);
    pass_without_the_store();
    ck_assert_int_eq(first.roles, live.who.roles);
    ck_assert_int_eq(first.email_verified, live.who.email_verified);
}

static void by_a_route(int facts)
{
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    change_elsewhere(facts);
    ck_assert_int_eq(authp_standing_check(f->realm, &live.who, &user, &session, f->pool), AUTHP_OK);
}

static void in_the_next_token(int facts)
{
    authp_grant_t next = {0};
    change_elsewhere(facts);
    ck_assert_int_eq(fixture_refresh(f, live.grant.refresh_token, &next, f->pool), AUTHP_OK);
    live.who = live_fixture_principal(&live, &next);
    ck_assert_int_eq(live.who.ver, mem_store_user(f->store, live.user->id.hex)->ver);
}

static void (*const ways[])(int facts) = {changed_here, polled, asked, by_a_route,
                                          in_the_next_token};

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

START_TEST(each_fact_in_each_way)
{
    const int facts = _i % COMBINATIONS;
    ways[_i / COMBINATIONS](facts);
    authp_roles_t want = 0;
    want |= (facts & 2) != 0 ? authp_roles_bit(f->realm->roles, "recruiter") : 0;
    want |= (facts & 4) != 0 ? authp_roles_bit(f->realm->roles, "admin") : 0;
    ck_assert_int_eq(live.who.roles, want);
    ck_assert_int_eq(live.who.email_verified, (facts & 1) != 0);
    ck_assert_str_eq(live.who.user_id, live.user->id.hex);
}
END_TEST

Suite *suite_facts(void)
{
    Suite *suite = suite_create("facts");
    TCase *tests = tcase_create("facts");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_fact_in_each_way, 0, WAYS * COMBINATIONS);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Guarded pages and the live table: every way of revoking, and every state of table and store. */
#include <string.h>
#include <unistd.h>

#include "live_fixture.h"
#include "service/account/admin.h"
#include "service/account/own.h"
#include "service/live/live.h"
#include "service/live/live_change.h"
#include "service/live_table/live_layout.h"
#include "suite.h"

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

static authp_err_t guard(authp_principal_t *principal, authp_unavailable_t otherwise)
{
    return authp_live_guard(f->realm, principal, otherwise, f->pool);
}

static authp_err_t pass(void)
{
    return guard(&live.who, AUTHP_UNAVAILABLE_DENY);
}

static authp_roles_t bit(const char *role)
{
    return authp_roles_bit(f->realm->roles, role);
}

static const authp_actor_t admin = {.id = "6b0000000000000000000009"};

/* --- what is revoked here is dead at once, without the store --- */

static void by_logout(void)
{
    ck_assert_int_eq(
        authp_session_logout(f->realm,
                             &(const authp_leaving_t){live.user->id.hex, live.grant.session->id.hex,
                                                      live.user->ver, NULL},
                             false, NULL, f->pool),
        AUTHP_OK);
}

static void by_logout_of_all(void)
{
    ck_assert_int_eq(
        authp_session_logout(f->realm,
                             &(const authp_leaving_t){live.user->id.hex, live.grant.session->id.hex,
                                                      live.user->ver, NULL},
                             true, NULL, f->pool),
        AUTHP_OK);
}

static void by_admin(void)
{
    int count = 0;
    ck_assert_int_eq(authp_admin_end_sessions(f->realm, &admin, live.user->id.hex, &count, f->pool),
                     AUTHP_OK);
    ck_assert_int_eq(count, 1);
}

static void by_disabling(void)
{
    const authp_user_patch_t patch = {.has_disabled = true, .disabled = true};
    authp_user_t *out = NULL;
    ck_assert_int_eq(authp_admin_patch(f->realm, &admin, live.user->id.hex, &patch, &out, f->pool),
                     AUTHP_OK);
}

static void by_deleting(void)
{
    ck_assert_int_eq(authp_admin_delete(f->realm, &admin, live.user->id.hex, f->pool), AUTHP_OK);
}

/* The account's entry alone makes its tokens invalid. */
static void by_deleting_while_sessions_stay(void)
{
    mem_store_fail(f->store, "session_end_user", 1, AUTHP_E_UNAVAILABLE);
    by_deleting();
}

static void by_password_reset(void)
{
    ck_assert_int_eq(authp_admin_reset_password(f->realm, &admin, live.user->id.hex,
                                                "another calm word", f->pool),
                     AUTHP_OK);
}

static void by_theft(void)
{
    ck_assert_int_eq(authp_live_change_session_end(f->realm, live.grant.session->id.hex,
                                                   "refresh_reuse", f->pool),
                     AUTHP_OK);
}

static void (*const ways[])(void) = {by_logout,         by_logout_of_all,
                                     by_admin,          by_disabling,
                                     by_deleting,       by_deleting_while_sessions_stay,
                                     by_password_reset, by_theft};

START_TEST(revoked_here)
{
    authp_grant_t other = fixture_start(f, fixture_user(f, "eve@example.org", "admin", false));
    authp_principal_t eve = live_fixture_principal(&live, &other);
    live_fixture_poll(&live);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ways[_i]();
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_eq(guard(&live.who, AUTHP_UNAVAILABLE_ALLOW_VALID), AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_eq(guard(&eve, AUTHP_UNAVAILABLE_DENY), AUTHP_OK);
}
END_TEST

/* The same with a cold table: an entry in the table counts before the store is asked. */
START_TEST(revoked_here_while_cold)
{
    ck_assert_int_eq(pass(), AUTHP_OK); /* decided by the store */
    ways[_i]();
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* --- revoked elsewhere: within a round of the poll --- */

START_TEST(revoked_elsewhere)
{
    live_fixture_poll(&live);
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL; /* as another host, or the tool */
    ways[_i]();
    f->realm->live = here;
    ck_assert_int_eq(pass(), AUTHP_OK);
    live_fixture_poll(&live);
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* The change is older than this host's first round. */
START_TEST(revoked_before_we_came)
{
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL;
    ways[_i]();
    f->realm->live = here;
    live_fixture_poll(&live);
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* --- roles of now --- */

START_TEST(withdrawn_and_verified)
{
    const authp_verdict_t withdraw = {.id = live.user->id.hex, .verified = false};
    const authp_verdict_t verify = {.id = live.user->id.hex, .verified = true};
    authp_user_t *out = NULL;
    live_fixture_poll(&live);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_uint_eq(live.who.roles, bit("recruiter"));
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &withdraw, &out, f->pool), AUTHP_OK);
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_uint_eq(live.who.roles, 0);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    live.who.roles = 0;
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &verify, &out, f->pool), AUTHP_OK);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_uint_eq(live.who.roles, bit("recruiter"));
}
END_TEST

/* Another host made the change a moment ago, and the same change is requested here. It takes effect
 * here at once, because it was confirmed here. */
START_TEST(confirmed_though_done_elsewhere)
{
    const authp_verdict_t withdraw = {.id = live.user->id.hex, .verified = false};
    authp_user_t *out = NULL;
    live_fixture_poll(&live);
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL;
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &withdraw, &out, f->pool), AUTHP_OK);
    by_logout_of_all();
    f->realm->live = here;
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &withdraw, &out, f->pool), AUTHP_OK);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_uint_eq(live.who.roles, 0);
    by_logout_of_all();
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* A session that another host has ended up to a minute ago is told with those that end here. Longer
 * ago, the poll has read it. */
START_TEST(ended_elsewhere_a_minute_ago)
{
    live_fixture_poll(&live);
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL;
    by_theft();
    f->realm->live = here;
    fake_clock_advance(&f->clock, 60000 + _i);
    ck_assert_int_eq(authp_live_change_session_end_user(f->realm, live.user->id.hex, NULL, "admin",
                                                        NULL, f->pool),
                     AUTHP_OK);
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(pass(), _i == 0 ? AUTHP_E_TOKEN_REVOKED : AUTHP_OK);
}
END_TEST

/* A change that was made here counts more than an answer of the store, which may be up to a second
 * old. */
START_TEST(newer_than_the_stores_answer)
{
    const authp_verdict_t withdraw = {.id = live.user->id.hex, .verified = false};
    authp_user_t *out = NULL;
    /* the table is cold: the store says recruiter, and that answer is kept */
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_int_eq(authp_admin_verify(f->realm, &admin, &withdraw, &out, f->pool), AUTHP_OK);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_uint_eq(live.who.roles, 0);
}
END_TEST

/* After a password change the session continues with new tokens, and all older tokens are
 * refused. */
START_TEST(password_change)
{
    const authp_self_t self = {
        .user = live.user, .session = live.grant.session, .client = &fixture_client};
    const authp_password_change_t change = {.current = FIXTURE_PASSWORD,
                                            .wanted = "another calm word"};
    authp_grant_t next = {0};
    authp_grant_t elsewhere = fixture_start(f, live.user);
    authp_principal_t other = live_fixture_principal(&live, &elsewhere);
    live_fixture_poll(&live);
    ck_assert_int_eq(authp_own_password(f->realm, &self, &change, &next, f->pool), AUTHP_OK);
    authp_principal_t now = live_fixture_principal(&live, &next);
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_eq(guard(&other, AUTHP_UNAVAILABLE_DENY), AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_eq(guard(&now, AUTHP_UNAVAILABLE_DENY), AUTHP_OK);
}
END_TEST

/* --- all states of the table, all states of the store, both policies --- */

typedef enum table_state_t { T_WARM, T_COLD, T_STALE, T_FULL, T_OTHER, TABLE_STATES } table_state_t;
typedef enum store_state_t { S_UP, S_REVOKED, S_DOWN, S_NOT_OPEN, STORE_STATES } store_state_t;

static void set_table(table_state_t state)
{
    if (state != T_COLD) {
        live_fixture_poll(&live);
    }
    if (state == T_STALE) {
        atomic_fetch_sub(&live.shared->news_at, 5001);
    } else if (state == T_FULL) {
        for (uint32_t i = 0; i < live.shared->nbuckets; i++) {
            atomic_store(&live.shared->buckets[i].full_until, UINT32_MAX);
        }
    } else if (state == T_OTHER) {
        const authp_live_terms_t terms = {
            .store_id = "other", .roles = f->settings->roles, .token_ms = 1, .max_lag_ms = 1};
        authp_live_table_t *other = NULL;
        ck_assert_int_eq(authp_live_table_open(live.shared, &terms, &other, f->pool), AUTHP_OK);
    }
}

static void set_store(store_state_t state)
{
    if (state == S_REVOKED) {
        mem_store_session(f->store, live.grant.session->id.hex)->ended_at = 1;
    } else if (state == S_DOWN) {
        mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    } else if (state == S_NOT_OPEN) {
        ck_assert_int_eq(authp_live_make(live.table, 2, &f->realm->live, f->pool), AUTHP_OK);
    }
}

START_TEST(every_combination)
{
    int policies = 2;
    table_state_t at_table = (table_state_t)(_i / (STORE_STATES * policies));
    store_state_t at_store = (store_state_t)(_i / policies % STORE_STATES);
    authp_unavailable_t policy =
        _i % policies == 0 ? AUTHP_UNAVAILABLE_DENY : AUTHP_UNAVAILABLE_ALLOW_VALID;
    set_table(at_table);
    set_store(at_store);
    authp_err_t expected = AUTHP_OK;
    if (at_table != T_WARM && at_store == S_REVOKED) {
        expected = AUTHP_E_TOKEN_REVOKED;
    } else if (at_table != T_WARM && at_store != S_UP && policy == AUTHP_UNAVAILABLE_DENY) {
        expected = AUTHP_E_UNAVAILABLE;
    }
    /* Asked twice: the second time the kept answer decides. */
    ck_assert_msg(guard(&live.who, policy) == expected, "table %d, store %d", at_table, at_store);
    ck_assert_msg(guard(&live.who, policy) == expected, "table %d, store %d: again", at_table,
                  at_store);
    ck_assert_uint_eq(live.who.roles, bit("recruiter"));
}
END_TEST

/* --- the store is not asked more than it must --- */

static int asked;

static void count(void *ctx)
{
    (void)ctx;
    asked++;
}

START_TEST(asked_once_a_second)
{
    mem_store_before(f->store, "session_by_id", count, NULL);
    asked = 0;
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(pass(), AUTHP_OK);
    }
    ck_assert_int_eq(asked, 1);
    usleep(1050000);
    mem_store_before(f->store, "session_by_id", count, NULL);
    ck_assert_int_eq(pass(), AUTHP_OK);
    ck_assert_int_eq(asked, 2);
}
END_TEST

/* Answers from before the table was emptied do not count, because the table may have forgotten a
 * newer change. */
START_TEST(answers_end_with_the_table)
{
    ck_assert_int_eq(pass(), AUTHP_OK);
    mem_store_session(f->store, live.grant.session->id.hex)->ended_at = 1;
    ck_assert_int_eq(pass(), AUTHP_OK);
    atomic_store(&live.shared->state,
                 authp_live_layout_next_state(atomic_load(&live.shared->state)));
    ck_assert_int_eq(pass(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(a_store_that_failed_has_a_rest)
{
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(pass(), AUTHP_E_UNAVAILABLE);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(pass(), AUTHP_E_UNAVAILABLE);
    usleep(1050000);
    ck_assert_int_eq(pass(), AUTHP_OK);
}
END_TEST

Suite *suite_live_guard(void)
{
    const int nways = (int)(sizeof(ways) / sizeof(ways[0]));
    Suite *suite = suite_create("live_guard");
    TCase *tests = tcase_create("live_guard");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, revoked_here, 0, nways);
    tcase_add_loop_test(tests, revoked_here_while_cold, 0, nways);
    tcase_add_loop_test(tests, revoked_elsewhere, 0, nways);
    tcase_add_loop_test(tests, revoked_before_we_came, 0, nways);
    tcase_add_test(tests, withdrawn_and_verified);
    tcase_add_test(tests, confirmed_though_done_elsewhere);
    tcase_add_loop_test(tests, ended_elsewhere_a_minute_ago, 0, 2);
    tcase_add_test(tests, newer_than_the_stores_answer);
    tcase_add_test(tests, password_change);
    tcase_add_loop_test(tests, every_combination, 0, TABLE_STATES * STORE_STATES * 2);
    tcase_add_test(tests, asked_once_a_second);
    tcase_add_test(tests, answers_end_with_the_table);
    tcase_add_test(tests, a_store_that_failed_has_a_rest);
    suite_add_tcase(suite, tests);
    return suite;
}

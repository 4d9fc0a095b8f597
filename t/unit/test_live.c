/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a verified token still counts. */
#include <string.h>

#include "fixture.h"
#include "service/live/live.h"
#include "service/live/standing.h"
#include "suite.h"

static fixture_t f;
static authp_user_t *user;
static authp_grant_t grant;
static authp_principal_t who;

static void set_up(void)
{
    fixture_open(&f);
    user = fixture_user(&f, "ada@example.org", "recruiter", true);
    grant = fixture_start(&f, user);
    who = (authp_principal_t){0};
    ck_assert_int_eq(
        authp_token_verify(f.realm, grant.access_token, strlen(grant.access_token), &who, f.pool),
        AUTHP_OK);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t ask(void)
{
    authp_user_t *account = NULL;
    authp_session_t *row = NULL;
    authp_err_t err = authp_standing_check(f.realm, &who, &account, &row, f.pool);
    /* Both are returned, or both are untouched. */
    ck_assert_int_eq(account != NULL, err == AUTHP_OK);
    ck_assert_int_eq(row != NULL, err == AUTHP_OK);
    return err;
}

START_TEST(lives)
{
    authp_user_t *account = NULL;
    authp_session_t *row = NULL;
    ck_assert_int_eq(authp_standing_check(f.realm, &who, &account, &row, f.pool), AUTHP_OK);
    ck_assert_str_eq(account->id.hex, user->id.hex);
    ck_assert_str_eq(row->id.hex, grant.session->id.hex);
    ck_assert_uint_eq(who.roles, authp_roles_bit(f.realm->roles, "recruiter"));
}
END_TEST

/* After a recruiter's verification was withdrawn, the roles of the row count and not those of the
 * token. The same holds for everything else that changed. */
START_TEST(present_facts_count)
{
    authp_user_t *row = mem_store_user(f.store, user->id.hex);
    row->is_recruiter_verified = false;
    row->ver++;
    row->email_verified = true;
    row->name = "Ada L.";
    ck_assert_int_eq(ask(), AUTHP_OK);
    ck_assert_uint_eq(who.roles, 0);
    ck_assert(who.email_verified);
    ck_assert_str_eq(who.name, "Ada L.");
}
END_TEST

START_TEST(session_ended)
{
    ck_assert_int_eq(
        authp_session_logout(
            f.realm, &(const authp_leaving_t){user->id.hex, grant.session->id.hex, user->ver, NULL},
            false, &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(session_idle)
{
    fake_clock_advance(&f.clock, 7 * INT64_C(86400000) - 1);
    ck_assert_int_eq(ask(), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(session_too_old)
{
    mem_store_session(f.store, grant.session->id.hex)->absolute_expires_at = FAKE_CLOCK_START;
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(session_unknown)
{
    who.session_id = "000000000000000000000000";
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(session_of_another)
{
    const authp_user_t *other = fixture_user(&f, "bob@example.org", "candidate", false);
    who.user_id = other->id.hex;
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(user_gone)
{
    mem_store_session(f.store, grant.session->id.hex)->user_id =
        (authp_id_t){"000000000000000000000000"};
    who.user_id = "000000000000000000000000";
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(user_disabled)
{
    mem_store_user(f.store, user->id.hex)->disabled = true;
    const authp_roles_t before = who.roles;
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
    ck_assert_uint_eq(who.roles, before);
}
END_TEST

START_TEST(token_below_min_ver)
{
    mem_store_user(f.store, user->id.hex)->min_ver = who.ver;
    ck_assert_int_eq(ask(), AUTHP_OK);
    mem_store_user(f.store, user->id.hex)->min_ver = who.ver + 1;
    mem_store_session(f.store, grant.session->id.hex)->ver = who.ver + 1;
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(session_below_min_ver)
{
    mem_store_user(f.store, user->id.hex)->min_ver = who.ver + 1;
    who.ver++;
    ck_assert_int_eq(ask(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(store_down)
{
    for (int nth = 1; nth <= 2; nth++) {
        mem_store_fail(f.store, NULL, nth, AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(ask(), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(ask(), AUTHP_OK);
}
END_TEST

/* Without a live table the token alone counts. */
START_TEST(guard_needs_no_store)
{
    f.realm->store = NULL;
    const authp_roles_t before = who.roles;
    ck_assert_int_eq(authp_live_guard(f.realm, &who, AUTHP_UNAVAILABLE_DENY, f.pool), AUTHP_OK);
    ck_assert_uint_eq(who.roles, before);
}
END_TEST

Suite *suite_live(void)
{
    Suite *suite = suite_create("live");
    TCase *live = tcase_create("live");
    tcase_add_checked_fixture(live, set_up, tear_down);
    tcase_add_test(live, lives);
    tcase_add_test(live, present_facts_count);
    tcase_add_test(live, session_ended);
    tcase_add_test(live, session_idle);
    tcase_add_test(live, session_too_old);
    tcase_add_test(live, session_unknown);
    tcase_add_test(live, session_of_another);
    tcase_add_test(live, user_gone);
    tcase_add_test(live, user_disabled);
    tcase_add_test(live, token_below_min_ver);
    tcase_add_test(live, session_below_min_ver);
    tcase_add_test(live, store_down);
    tcase_add_test(live, guard_needs_no_store);
    suite_add_tcase(suite, live);
    return suite;
}

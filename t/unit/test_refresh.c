/* SPDX-License-Identifier: Apache-2.0 */
/* The refresh rules on a store. test_refresh_rules.c tests the decision table, test_refresh_races.c
 * races and failures of the store. */
#include <string.h>

#include "fixture.h"
#include "service/live/live.h"
#include "service/live/standing.h"
#include "service/session/refresh_token.h"
#include "suite.h"

#define DAY INT64_C(86400000)

static fixture_t f;
static authp_user_t *user;
static authp_grant_t first;

static void set_up(void)
{
    fixture_open(&f);
    user = fixture_user(&f, "ada@example.org", "candidate", false);
    first = fixture_start(&f, user);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t refresh(const char *token, authp_grant_t *out)
{
    return fixture_refresh(&f, token, out, f.pool);
}

static authp_grant_t refresh_ok(const char *token)
{
    authp_grant_t grant = {0};
    ck_assert_int_eq(refresh(token, &grant), AUTHP_OK);
    return grant;
}

static authp_session_t *row(void)
{
    return mem_store_session(f.store, first.session->id.hex);
}

static void expect(const char *token, authp_err_t err)
{
    authp_grant_t grant = {.expires_in = 77};
    ck_assert_int_eq(refresh(token, &grant), err);
    ck_assert_int_eq(grant.expires_in, 77);
    ck_assert_ptr_null(grant.refresh_token);
}

START_TEST(rotates)
{
    fake_clock_advance(&f.clock, 60000);
    const authp_grant_t next = refresh_ok(first.refresh_token);
    ck_assert_str_ne(next.refresh_token, first.refresh_token);
    ck_assert_str_ne(next.access_token, first.access_token);
    ck_assert_str_eq(next.session->id.hex, first.session->id.hex);
    ck_assert_int_eq(next.refresh_expires_in, 7 * 24 * 60 * 60);
    ck_assert_int_eq(row()->generation, 1);
    ck_assert_int_eq(row()->rotated_at, FAKE_CLOCK_START + 60000);
    ck_assert_int_eq(row()->last_used_at, FAKE_CLOCK_START + 60000);
    ck_assert_int_eq(row()->expires_at, FAKE_CLOCK_START + 60000 + 7 * DAY);
    ck_assert_int_eq(row()->absolute_expires_at, FAKE_CLOCK_START + 90 * DAY);
    /* The session stays one row, however often it is refreshed. */
    authp_grant_t grant = next;
    for (int i = 2; i < 20; i++) {
        fake_clock_advance(&f.clock, 60000);
        grant = refresh_ok(grant.refresh_token);
        ck_assert_int_eq(row()->generation, i);
    }
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
}
END_TEST

START_TEST(keeps_auth_time)
{
    authp_principal_t who = {0};
    fake_clock_advance(&f.clock, 3600000);
    const authp_grant_t next = refresh_ok(first.refresh_token);
    ck_assert_int_eq(
        authp_token_verify(f.realm, next.access_token, strlen(next.access_token), &who, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(who.auth_time, FAKE_CLOCK_START / 1000);
}
END_TEST

START_TEST(grace_remakes_the_same_successor)
{
    const authp_grant_t next = refresh_ok(first.refresh_token);
    fake_clock_advance(&f.clock, 9999);
    /* Only whole seconds count of the time that is left. */
    ck_assert_int_eq(refresh_ok(first.refresh_token).refresh_expires_in, 7 * 24 * 60 * 60 - 10);
    fake_clock_advance(&f.clock, 1);
    const authp_grant_t again = refresh_ok(first.refresh_token);
    ck_assert_str_eq(again.refresh_token, next.refresh_token);
    ck_assert_int_eq(row()->generation, 1);
    /* a repeat does not extend the grace window */
    ck_assert_int_eq(row()->rotated_at, FAKE_CLOCK_START);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
}
END_TEST

static void expect_theft(const char *token)
{
    expect(token, AUTHP_E_REFRESH_REUSED);
    ck_assert_int_ne(row()->ended_at, 0);
    ck_assert_str_eq(row()->end_reason, "refresh_reuse");
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 1);
    /* Nobody knows who it was; whose session it was is known. */
    const authp_audit_t *entry = fixture_audit(&f, "refresh_reuse");
    ck_assert_ptr_null(entry->actor_id);
    ck_assert_str_eq(entry->subject_id, user->id.hex);
    ck_assert_str_eq(entry->session_id, row()->id.hex);
}

START_TEST(replay_after_grace_is_theft)
{
    const authp_grant_t next = refresh_ok(first.refresh_token);
    fake_clock_advance(&f.clock, 10001);
    expect_theft(first.refresh_token);
    /* Both the thief's token and the owner's are invalid, and a second replay is not recorded as
     * theft. */
    expect(next.refresh_token, AUTHP_E_REFRESH_INVALID);
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 1);
    authp_principal_t who = {0};
    authp_user_t *account = NULL;
    authp_session_t *session = NULL;
    ck_assert_int_eq(
        authp_token_verify(f.realm, next.access_token, strlen(next.access_token), &who, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(authp_standing_check(f.realm, &who, &account, &session, f.pool),
                     AUTHP_E_TOKEN_REVOKED);
}
END_TEST

START_TEST(two_behind_is_theft_at_once)
{
    const authp_grant_t next = refresh_ok(first.refresh_token);
    (void)refresh_ok(next.refresh_token);
    expect_theft(first.refresh_token);
}
END_TEST

START_TEST(no_grace)
{
    f.settings->refresh_token_grace = 0;
    (void)refresh_ok(first.refresh_token);
    expect_theft(first.refresh_token);
}
END_TEST

/* After a backup was restored the row has an older generation than the token. The token is refused,
 * and the session does not end. */
START_TEST(ahead_is_invalid_and_ends_nothing)
{
    const authp_grant_t next = refresh_ok(first.refresh_token);
    mem_store_session(f.store, first.session->id.hex)->generation = 0;
    expect(next.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(row()->ended_at, 0);
    ck_assert_int_eq(row()->generation, 0);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
}
END_TEST

START_TEST(replay_of_an_ended_session)
{
    (void)refresh_ok(first.refresh_token);
    ck_assert_int_eq(
        authp_session_logout(
            f.realm, &(const authp_leaving_t){user->id.hex, first.session->id.hex, user->ver, NULL},
            false, &fixture_client, f.pool),
        AUTHP_OK);
    fake_clock_advance(&f.clock, 60000);
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_str_eq(row()->end_reason, "logout");
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
}
END_TEST

START_TEST(idle_limit)
{
    fake_clock_advance(&f.clock, 7 * DAY - 1);
    const authp_grant_t next = refresh_ok(first.refresh_token);
    fake_clock_advance(&f.clock, 7 * DAY);
    expect(next.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(row()->generation, 1);
}
END_TEST

START_TEST(absolute_limit)
{
    authp_grant_t grant = first;
    for (int day = 6; day < 90; day += 6) {
        fake_clock_advance(&f.clock, 6 * DAY);
        grant = refresh_ok(grant.refresh_token);
    }
    ck_assert_int_eq(row()->expires_at, FAKE_CLOCK_START + 90 * DAY);
    ck_assert_int_eq(grant.refresh_expires_in, 6 * 24 * 60 * 60);
    fake_clock_advance(&f.clock, 6 * DAY - 30000);
    grant = refresh_ok(grant.refresh_token);
    ck_assert_int_eq(grant.expires_in, 30);
    fake_clock_advance(&f.clock, 30000);
    expect(grant.refresh_token, AUTHP_E_REFRESH_INVALID);
}
END_TEST

/* With REFRESH_TOKEN_ROTATION=false the token stays the same and its expiry moves. */
START_TEST(without_rotation)
{
    f.settings->refresh_token_rotation = false;
    for (int i = 1; i <= 3; i++) {
        fake_clock_advance(&f.clock, DAY);
        const authp_grant_t grant = refresh_ok(first.refresh_token);
        ck_assert_str_eq(grant.refresh_token, first.refresh_token);
        ck_assert_int_eq(row()->generation, 0);
        ck_assert_int_eq(row()->last_used_at, FAKE_CLOCK_START + i * DAY);
        ck_assert_int_eq(row()->expires_at, FAKE_CLOCK_START + i * DAY + 7 * DAY);
        ck_assert_int_eq(grant.session->expires_at, row()->expires_at);
    }
    fake_clock_advance(&f.clock, 7 * DAY);
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
}
END_TEST

START_TEST(forged)
{
    static const char *const tokens[] = {
        NULL, "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        expect(tokens[i], AUTHP_E_REFRESH_INVALID);
    }
    /* The token was made from the database without the server's key. */
    const char *made = NULL;
    fixture_roll_key(&f, false);
    ck_assert_int_eq(authp_refresh_token_make(f.realm->keys, row(), 0, &made, f.pool), AUTHP_OK);
    fixture_restore_key(&f);
    expect(made, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(row()->generation, 0);
    ck_assert_int_eq(row()->ended_at, 0);
}
END_TEST

/* Replacing the key signs nobody out. A token of neither key is refused and ends no session. */
START_TEST(rolled_key)
{
    fixture_roll_key(&f, true);
    const authp_grant_t next = refresh_ok(first.refresh_token);
    fixture_roll_key(&f, false); /* only the new key */
    const authp_grant_t third = refresh_ok(next.refresh_token);
    ck_assert_int_eq(third.session->generation, 2);
    fixture_restore_key(&f);
    expect(third.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(row()->ended_at, 0);
}
END_TEST

START_TEST(user_decides)
{
    authp_user_t *stored = mem_store_user(f.store, user->id.hex);
    stored->min_ver = first.session->ver + 1;
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    stored->min_ver = first.session->ver;
    stored->disabled = true;
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    stored->disabled = false;
    mem_store_session(f.store, first.session->id.hex)->user_id =
        (authp_id_t){"000000000000000000000000"};
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(row()->generation, 0);
    ck_assert_int_eq(row()->ended_at, 0);
}
END_TEST

/* A recruiter whose verification was withdrawn stays signed in, without the role. */
START_TEST(withdrawn_recruiter)
{
    authp_user_t *rita = fixture_user(&f, "rita@example.org", "recruiter", true);
    const authp_grant_t grant = fixture_start(&f, rita);
    authp_principal_t who = {0};
    mem_store_user(f.store, rita->id.hex)->is_recruiter_verified = false;
    const authp_grant_t next = refresh_ok(grant.refresh_token);
    ck_assert_int_eq(
        authp_token_verify(f.realm, next.access_token, strlen(next.access_token), &who, f.pool),
        AUTHP_OK);
    ck_assert_uint_eq(who.roles, 0);
}
END_TEST

Suite *suite_refresh(void)
{
    Suite *suite = suite_create("refresh");
    TCase *rules = tcase_create("refresh");
    tcase_add_checked_fixture(rules, set_up, tear_down);
    tcase_add_test(rules, rotates);
    tcase_add_test(rules, keeps_auth_time);
    tcase_add_test(rules, grace_remakes_the_same_successor);
    tcase_add_test(rules, replay_after_grace_is_theft);
    tcase_add_test(rules, two_behind_is_theft_at_once);
    tcase_add_test(rules, no_grace);
    tcase_add_test(rules, ahead_is_invalid_and_ends_nothing);
    tcase_add_test(rules, replay_of_an_ended_session);
    tcase_add_test(rules, idle_limit);
    tcase_add_test(rules, absolute_limit);
    tcase_add_test(rules, without_rotation);
    tcase_add_test(rules, forged);
    tcase_add_test(rules, rolled_key);
    tcase_add_test(rules, user_decides);
    tcase_add_test(rules, withdrawn_recruiter);
    suite_add_tcase(suite, rules);
    return suite;
}

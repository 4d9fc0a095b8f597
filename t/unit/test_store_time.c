/* SPDX-License-Identifier: Apache-2.0 */
/* A host whose clock is eight days ahead of the store's. The times that it writes, and the expiry
 * that it computes, follow the store's clock. */
#include "fixture.h"
#include "service/account/own.h"
#include "service/invite/invite.h"
#include "service/limit/limit.h"
#include "service/live/live.h"
#include "service/live/live_change.h"
#include "service/live/standing.h"
#include "service/session/token.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <string.h>

#define ADA "ada@example.org"
#define DAY INT64_C(86400000)
#define WRONG (8 * DAY)

static fixture_t f;
static authp_user_t *ada;
static authp_grant_t before; /* made on a host whose clock is right */

static void set_up(void)
{
    const authp_rate_t rate = {1000, 60};
    fixture_open(&f);
    fixture_limits(&f, rate, rate, (authp_rate_t){3, 60});
    ada = fixture_user(&f, ADA, "candidate", false);
    before = fixture_start(&f, ada);
    fake_clock_advance(&f.clock, WRONG);
    mem_store_ahead(f.store, -WRONG);
    ck_assert_int_eq(authp_store_measure_clock(f.store, f.realm->clock, f.pool), AUTHP_OK);
}

static void tear_down(void)
{
    fixture_close(&f);
}

START_TEST(what_is_stored)
{
    authp_grant_t grant = fixture_start(&f, ada);
    const authp_session_t *row = mem_store_session(f.store, grant.session->id.hex);
    ck_assert_int_eq(row->created_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->last_used_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->auth_time, FAKE_CLOCK_START);
    ck_assert_int_eq(row->expires_at, FAKE_CLOCK_START + 7 * DAY);
    ck_assert_int_eq(row->absolute_expires_at, FAKE_CLOCK_START + 90 * DAY);
    /* The client is told durations, not times. */
    ck_assert_int_eq(grant.expires_in, 15 * 60);
    ck_assert_int_eq(grant.refresh_expires_in, 7 * 24 * 60 * 60);
    authp_grant_t next = {0};
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &next, f.pool), AUTHP_OK);
    ck_assert_int_eq(row->rotated_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->expires_at, FAKE_CLOCK_START + 7 * DAY);
    ck_assert_int_eq(authp_live_change_session_end(f.realm, row->id.hex, "logout", f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(row->ended_at, FAKE_CLOCK_START);
    const authp_user_t *bob = fixture_user(&f, "bob@example.org", "candidate", false);
    ck_assert_int_eq(bob->created_at, FAKE_CLOCK_START);
    ck_assert_int_eq(fixture_audit(&f, "user_create")->at, FAKE_CLOCK_START);
}
END_TEST

START_TEST(what_lives)
{
    authp_grant_t next = {0};
    authp_principal_t who = {
        .user_id = ada->id.hex, .session_id = before.session->id.hex, .ver = ada->ver};
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    ck_assert_int_eq(authp_standing_check(f.realm, &who, &user, &session, f.pool), AUTHP_OK);
    ck_assert_int_eq(fixture_refresh(&f, before.refresh_token, &next, f.pool), AUTHP_OK);
    ck_assert_int_eq(next.expires_in, 15 * 60);
    /* A session that has expired by the store's clock is refused. */
    mem_store_session(f.store, before.session->id.hex)->expires_at = FAKE_CLOCK_START;
    ck_assert_int_eq(authp_standing_check(f.realm, &who, &user, &session, f.pool),
                     AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_eq(fixture_refresh(&f, next.refresh_token, &next, f.pool),
                     AUTHP_E_REFRESH_INVALID);
}
END_TEST

/* The access token ends with the session, whose limit is in the store's time. */
START_TEST(the_tokens_end)
{
    authp_grant_t grant = fixture_start(&f, ada);
    authp_session_t *row = mem_store_session(f.store, grant.session->id.hex);
    row->absolute_expires_at = FAKE_CLOCK_START + 60000;
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &grant, f.pool), AUTHP_OK);
    ck_assert_int_eq(grant.expires_in, 60);
    ck_assert_int_eq(grant.refresh_expires_in, 60);
}
END_TEST

/* How far the store's clock is from this host's. */
static const authp_ms_t offsets[] = {0, 1, -1, 20000, -20000, 8 * DAY, -8 * DAY};

START_TEST(how_far_the_clocks_are_apart)
{
    int64_t offset = 7;
    mem_store_ahead(f.store, offsets[_i]);
    ck_assert_int_eq(authp_store_measure_clock(f.store, f.realm->clock, f.pool), AUTHP_OK);
    ck_assert(authp_store_offset(f.store, &offset));
    ck_assert_int_eq(offset, offsets[_i]);
    ck_assert_int_eq(authp_realm_now(f.realm), authp_clock_now(f.realm->clock) + offsets[_i]);
}
END_TEST

/* How long a token lives: as long as its session, but not longer than the settings say, whichever
 * of the two clocks is ahead. */
static const struct {
    int ahead; /* milliseconds of the store */
    int left;  /* milliseconds until the session ends */
    int seconds;
} lives[] = {{0, 900000, 900},      {0, 899000, 899},      {0, 901000, 900},
             {10000, 895000, 895},  {10000, 900000, 900},  {10000, 905000, 900},
             {-10000, 895000, 895}, {-10000, 900000, 900}, {-10000, 905000, 900}};

START_TEST(how_long_a_token_lives)
{
    authp_session_t row = {.id = {"65f0c0ffee00000000000001"}};
    const char *token = NULL;
    int seconds = 0;
    mem_store_ahead(f.store, lives[_i].ahead);
    ck_assert_int_eq(authp_store_measure_clock(f.store, f.realm->clock, f.pool), AUTHP_OK);
    const authp_token_order_t order = {.user = ada, .session = &row};
    row.expires_at = authp_realm_now(f.realm) + lives[_i].left;
    ck_assert_int_eq(authp_token_issue(f.realm, &order, &token, &seconds, f.pool), AUTHP_OK);
    ck_assert_int_eq(seconds, lives[_i].seconds);
}
END_TEST

/* The times in a token are those of this host, which checks them later. The time of the sign-in is
 * the store's time. */
START_TEST(a_token_goes_by_this_host)
{
    authp_principal_t who = {0};
    authp_grant_t grant = fixture_start(&f, ada);
    size_t len = strlen(grant.access_token);
    ck_assert_int_eq(authp_token_verify(f.realm, grant.access_token, len, &who, f.pool), AUTHP_OK);
    ck_assert_int_eq(who.iat, (FAKE_CLOCK_START + WRONG) / 1000);
    ck_assert_int_eq(who.exp, who.iat + 15 * 60);
    ck_assert_int_eq(who.auth_time, FAKE_CLOCK_START / 1000);
    fake_clock_advance(&f.clock, 15 * 60 * 1000 - 1);
    ck_assert_int_eq(authp_token_verify(f.realm, grant.access_token, len, &who, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(authp_token_verify(f.realm, grant.access_token, len, &who, f.pool),
                     AUTHP_E_TOKEN_EXPIRED);
    /* A token of a host whose clock is right is not in the future here, but has expired long
     * ago. */
    len = strlen(before.access_token);
    ck_assert_int_eq(authp_token_verify(f.realm, before.access_token, len, &who, f.pool),
                     AUTHP_E_TOKEN_EXPIRED);
}
END_TEST

START_TEST(invites)
{
    const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = ADA, .hours = 1};
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    authp_user_t *user = ada;
    ck_assert_int_eq(authp_invite_make(f.realm, &boss, &wanted, &invite, &code, f.pool), AUTHP_OK);
    ck_assert_int_eq(invite->created_at, FAKE_CLOCK_START);
    ck_assert_int_eq(invite->expires_at, FAKE_CLOCK_START + DAY / 24);
    /* Used on a host whose clock is right, within the hour of the invite. */
    fake_clock_advance(&f.clock, -WRONG);
    authp_store_set_offset(f.store, 0);
    ck_assert_int_eq(authp_invite_redeem(f.realm, code, &fixture_client, &user, f.pool), AUTHP_OK);
    ck_assert(user->is_recruiter_verified);
    ck_assert_int_eq(user->auth_changed_at, FAKE_CLOCK_START);
}
END_TEST

START_TEST(an_invite_of_others)
{
    const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = ADA, .hours = 1};
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    authp_user_t *user = ada;
    fake_clock_advance(&f.clock, -WRONG);
    authp_store_set_offset(f.store, 0);
    ck_assert_int_eq(authp_invite_make(f.realm, &boss, &wanted, &invite, &code, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, WRONG);
    authp_store_set_offset(f.store, -WRONG);
    ck_assert_int_eq(authp_invite_redeem(f.realm, code, &fixture_client, &user, f.pool), AUTHP_OK);
    ck_assert_int_eq(user->auth_changed_at, FAKE_CLOCK_START);
}
END_TEST

/* Wrong passwords that this host counted also count on a host whose clock is right. */
START_TEST(failures)
{
    authp_grant_t grant;
    int wait = 0;
    authp_client_t client = fixture_client;
    const authp_rate_t rate = {1000, 60};
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = "wrong",
                              .password_len = strlen("wrong")};
    client.retry_after = &wait;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_login_by_password(f.realm, &in, &client, &grant, f.pool),
                         AUTHP_E_INVALID_CREDENTIALS);
    }
    fixture_limits(&f, rate, rate, (authp_rate_t){3, 60}); /* the shared memory of another host */
    fake_clock_advance(&f.clock, -WRONG);
    authp_store_set_offset(f.store, 0);
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &client, &grant, f.pool),
                     AUTHP_E_RATE_LIMITED);
}
END_TEST

Suite *suite_store_time(void)
{
    Suite *suite = suite_create("store_time");
    TCase *tests = tcase_create("store_time");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, how_far_the_clocks_are_apart, 0,
                        sizeof(offsets) / sizeof(offsets[0]));
    tcase_add_loop_test(tests, how_long_a_token_lives, 0, sizeof(lives) / sizeof(lives[0]));
    tcase_add_test(tests, what_is_stored);
    tcase_add_test(tests, what_lives);
    tcase_add_test(tests, the_tokens_end);
    tcase_add_test(tests, a_token_goes_by_this_host);
    tcase_add_test(tests, invites);
    tcase_add_test(tests, an_invite_of_others);
    tcase_add_test(tests, failures);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two sign-ins with one invite, and changes of the account between the lost claim and the second
 * look at the account. */
#include "fixture.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/invite/invite.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <string.h>

#define ADA "ada@example.org"

static fixture_t f;
static authp_user_t *row; /* the row of Ada's account */
static const char *code;
static const char *invite_id;

static void set_up(void)
{
    static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = ADA, .hours = 1};
    authp_invite_t *invite = NULL;
    fixture_open(&f);
    row = mem_store_user(f.store, fixture_user(&f, ADA, "candidate", false)->id.hex);
    ck_assert_int_eq(authp_invite_make(f.realm, &boss, &wanted, &invite, &code, f.pool), AUTHP_OK);
    invite_id = invite->id.hex;
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t sign_in(authp_grant_t *grant)
{
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD),
                              .door = AUTHP_DOOR_RECRUITER,
                              .invite_code = code};
    return authp_login_by_password(f.realm, &in, &fixture_client, grant, f.pool);
}

static void nothing(void)
{
}

static void is_disabled(void)
{
    row->disabled = true;
}

static void changes_her_password(void)
{
    row->password_hash = "$2y$04$changedchangedchangedchangedchangedchangedchangedchan";
    row->ver++;
    row->min_ver = row->ver;
}

/* Only the hash changes, and no other column shows that the password is another one. */
static void has_another_hash(void)
{
    row->password_hash = "$2y$04$changedchangedchangedchangedchangedchangedchangedchan";
}

static void has_no_password_any_more(void)
{
    row->password_hash = NULL;
}

static void signed_out_everywhere(void)
{
    row->ver++;
    row->min_ver = row->ver;
}

static void was_disabled_for_a_moment(void)
{
    row->ver += 2;
    row->min_ver = row->ver;
}

static const struct {
    /* the change of Ada's account after the other sign-in has claimed the invite */
    void (*then)(void);
    authp_err_t err;
} cases[] = {
    {nothing, AUTHP_OK},
    {is_disabled, AUTHP_E_INVITE_INVALID},
    {changes_her_password, AUTHP_E_INVITE_INVALID},
    {has_another_hash, AUTHP_E_INVITE_INVALID},
    {has_no_password_any_more, AUTHP_E_INVITE_INVALID},
    {signed_out_everywhere, AUTHP_E_INVITE_INVALID},
    {was_disabled_for_a_moment, AUTHP_E_INVITE_INVALID},
};

static void winner(void *ctx)
{
    void (*const *then)(void) = ctx;
    authp_grant_t grant = {0};
    ck_assert_int_eq(sign_in(&grant), AUTHP_OK);
    ck_assert(row->is_recruiter_verified);
    (*then)();
}

START_TEST(after_a_lost_claim)
{
    authp_grant_t grant = {0};
    void (*then)(void) = cases[_i].then;
    mem_store_before(f.store, "invite_claim", winner, &then);
    ck_assert_int_eq(sign_in(&grant), cases[_i].err);
    ck_assert_int_eq(fixture_sessions(&f), cases[_i].err == AUTHP_OK ? 2 : 1);
}
END_TEST

static void claims_and_stops(void *ctx)
{
    (void)ctx;
    ck_assert_int_eq(authp_store_invite_claim(f.realm->store, invite_id, row->id.hex, row->ver,
                                              authp_realm_now(f.realm), f.pool),
                     AUTHP_OK);
}

/* The other sign-in has claimed the invite and comes no further. This one completes what it began.
 */
START_TEST(after_half_a_claim)
{
    authp_grant_t grant = {0};
    mem_store_before(f.store, "invite_claim", claims_and_stops, NULL);
    ck_assert_int_eq(sign_in(&grant), AUTHP_OK);
    ck_assert(row->is_recruiter_verified);
    ck_assert_int_eq(fixture_sessions(&f), 1);
}
END_TEST

/* A claim whose second step was interrupted is completed for the account that made it, if the
 * account has not changed since. */
START_TEST(after_a_cut_off_claim)
{
    static const struct {
        bool hers;
        int64_t changes; /* changes of the account since the claim */
        authp_err_t err;
    } rows[] = {
        {true, 0, AUTHP_OK}, {true, 1, AUTHP_E_INVITE_INVALID}, {false, 0, AUTHP_E_INVITE_INVALID}};
    authp_grant_t grant = {0};
    const char *by = rows[_i].hers ? row->id.hex : "65f0c0ffee00000000000009";
    ck_assert_int_eq(authp_store_invite_claim(f.realm->store, invite_id, by, row->ver,
                                              authp_realm_now(f.realm), f.pool),
                     AUTHP_OK);
    row->ver += rows[_i].changes;
    ck_assert_int_eq(sign_in(&grant), rows[_i].err);
    ck_assert_int_eq(row->is_recruiter_verified, rows[_i].err == AUTHP_OK);
}
END_TEST

static void claimed_by_another(void *ctx)
{
    (void)ctx;
    ck_assert_int_eq(authp_store_invite_claim(f.realm->store, invite_id, "65f0c0ffee00000000000009",
                                              1, authp_realm_now(f.realm), f.pool),
                     AUTHP_OK);
    mem_store_fail(f.store, "user_by_id", 1, AUTHP_E_NOT_FOUND);
}

/* The account goes after another request has used the invite. By a code it is refused; a sign-in at
 * a provider begins again. */
START_TEST(gone_after_a_lost_claim)
{
    authp_user_t *user = row;
    mem_store_before(f.store, "invite_claim", claimed_by_another, NULL);
    authp_err_t err =
        _i == 0 ? authp_invite_redeem(f.realm, code, &fixture_client, &user, f.pool)
                : authp_invite_accept(f.realm, ADA, row->ver, &fixture_client, &user, f.pool);
    ck_assert_int_eq(err, _i == 0 ? AUTHP_E_INVITE_INVALID : AUTHP_E_CONFLICT);
    ck_assert(!row->is_recruiter_verified);
}
END_TEST

/* The request to become a recruiter is removed when it is granted. */
START_TEST(answers_a_request)
{
    authp_grant_t grant = {0};
    row->recruiter_requested_at = 5;
    ck_assert_int_eq(sign_in(&grant), AUTHP_OK);
    ck_assert_int_eq(row->recruiter_requested_at, 0);
    ck_assert(authp_user_holds(row, "recruiter"));
}
END_TEST

/* To its last millisecond, and no longer; for who has an account and for who makes one. */
START_TEST(open_until_its_end)
{
    static const int left[] = {1, 0};
    authp_grant_t grant = {0};
    authp_new_account_t eve = fixture_new(" Eve@Example.ORG", NULL);
    const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = "eve@example.org", .hours = 1};
    authp_invite_t *invite = NULL;
    const char *eves = NULL;
    ck_assert_int_eq(authp_invite_make(f.realm, &boss, &wanted, &invite, &eves, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 3600000 - left[_i]);
    (void)mem_store_calls(f.store, f.pool);
    authp_err_t want = left[_i] > 0 ? AUTHP_OK : AUTHP_E_INVITE_INVALID;
    ck_assert_int_eq(sign_in(&grant), want);
    ck_assert_int_eq(authp_invite_register(f.realm, &eve, eves, &fixture_client, &grant, f.pool),
                     want);
    /* Of an invite that is over, no account is made, not even for a moment. */
    const char *calls = mem_store_calls(f.store, f.pool);
    ck_assert_int_eq(strstr(calls, "invite_claim") != NULL, left[_i] > 0);
    ck_assert_int_eq(strstr(calls, "user_create") != NULL, left[_i] > 0);
    ck_assert_int_eq(row->is_recruiter_verified, left[_i] > 0);
    ck_assert_int_eq(fixture_sessions(&f), left[_i] > 0 ? 2 : 0);
}
END_TEST

Suite *suite_invite_races(void)
{
    Suite *suite = suite_create("invite_races");
    TCase *races = tcase_create("races");
    tcase_add_checked_fixture(races, set_up, tear_down);
    tcase_add_loop_test(races, after_a_lost_claim, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(races, after_half_a_claim);
    tcase_add_loop_test(races, after_a_cut_off_claim, 0, 3);
    tcase_add_loop_test(races, gone_after_a_lost_claim, 0, 2);
    tcase_add_test(races, answers_a_request);
    tcase_add_loop_test(races, open_until_its_end, 0, 2);
    suite_add_tcase(suite, races);
    return suite;
}

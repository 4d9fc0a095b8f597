/* SPDX-License-Identifier: Apache-2.0 */
/* Refreshes that race with other requests, and a store that fails at each step. */
#include <string.h>

#include "fixture.h"
#include "suite.h"

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

/* --- what happens between our read and our update
 * ------------------------------------------------- */
typedef struct race_t {
    authp_err_t err;
    authp_grant_t grant;
    const char *token;
    authp_ms_t later; /* how much later it happens */
} race_t;

static void somebody_refreshes(void *ctx)
{
    race_t *race = ctx;
    race->err = refresh(race->token, &race->grant);
    fake_clock_advance(&f.clock, race->later);
}

static void somebody_signs_out(void *ctx)
{
    race_t *race = ctx;
    race->err = authp_session_logout(
        f.realm, &(const authp_leaving_t){user->id.hex, first.session->id.hex, user->ver, NULL},
        false, NULL, f.pool);
}

static void somebody_refreshes_then_store_down(void *ctx)
{
    somebody_refreshes(ctx);
    mem_store_fail(f.store, "session_by_id", 1, AUTHP_E_UNAVAILABLE);
}

static void somebody_is_far_ahead(void *ctx)
{
    race_t *race = ctx;
    race->err = refresh(race->token, &race->grant);
    ck_assert_int_eq(race->err, AUTHP_OK);
    race->err = refresh(race->grant.refresh_token, &race->grant);
}

START_TEST(lost_race_gives_the_same_successor)
{
    race_t race = {.token = first.refresh_token, .later = 2000};
    mem_store_before(f.store, "session_rotate", somebody_refreshes, &race);
    const authp_grant_t mine = refresh_ok(first.refresh_token);
    ck_assert_int_eq(race.err, AUTHP_OK);
    ck_assert_str_eq(mine.refresh_token, race.grant.refresh_token);
    ck_assert_int_eq(row()->generation, 1);
    ck_assert_int_eq(row()->ended_at, 0);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
}
END_TEST

START_TEST(lost_race_long_ago_is_theft)
{
    race_t race = {.token = first.refresh_token, .later = 10001};
    mem_store_before(f.store, "session_rotate", somebody_refreshes, &race);
    expect_theft(first.refresh_token);
}
END_TEST

START_TEST(lost_race_by_two_is_theft)
{
    race_t race = {.token = first.refresh_token};
    mem_store_before(f.store, "session_rotate", somebody_is_far_ahead, &race);
    expect_theft(first.refresh_token);
}
END_TEST

START_TEST(signed_out_meanwhile)
{
    race_t race = {0};
    mem_store_before(f.store, "session_rotate", somebody_signs_out, &race);
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(race.err, AUTHP_OK);
    ck_assert_int_eq(row()->generation, 0);
    ck_assert_str_eq(row()->end_reason, "logout");
}
END_TEST

START_TEST(signed_out_meanwhile_without_rotation)
{
    race_t race = {0};
    f.settings->refresh_token_rotation = false;
    mem_store_before(f.store, "session_slide", somebody_signs_out, &race);
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
}
END_TEST

static void the_row_goes(void *ctx)
{
    (void)ctx;
    row()->id = (authp_id_t){"000000000000000000000000"};
}

/* A purge, or a deletion of the account: the token is not one any more. */
START_TEST(gone_meanwhile)
{
    static const char *const steps[] = {"user_by_id", "session_rotate", "session_slide"};
    f.settings->refresh_token_rotation = _i < 2;
    mem_store_before(f.store, steps[_i], the_row_goes, NULL);
    expect(first.refresh_token, AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
}
END_TEST

/* A store that always reports a conflict and never shows a newer row. */
START_TEST(endless_conflict)
{
    mem_store_fail(f.store, "session_rotate", 0, AUTHP_E_CONFLICT);
    expect(first.refresh_token, AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(row()->generation, 0);
    (void)refresh_ok(first.refresh_token);
}
END_TEST

/* --- the store fails at each step: 503, nothing half done, the same token works afterwards
 * -------- */
START_TEST(store_down)
{
    static const authp_err_t errors[] = {AUTHP_E_UNAVAILABLE, AUTHP_E_INTERNAL};
    const authp_err_t err = errors[_i];
    for (int nth = 1; nth <= 3; nth++) {
        mem_store_fail(f.store, NULL, nth, err);
        expect(first.refresh_token, err);
        ck_assert_int_eq(row()->generation, 0);
        ck_assert_int_eq(row()->ended_at, 0);
    }
    (void)refresh_ok(first.refresh_token);
}
END_TEST

START_TEST(store_down_after_a_lost_race)
{
    race_t race = {.token = first.refresh_token};
    mem_store_before(f.store, "session_rotate", somebody_refreshes_then_store_down, &race);
    expect(first.refresh_token, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(race.err, AUTHP_OK);
    ck_assert_int_eq(row()->ended_at, 0);
}
END_TEST

START_TEST(store_down_at_theft)
{
    (void)refresh_ok(first.refresh_token);
    fake_clock_advance(&f.clock, 60000);
    mem_store_fail(f.store, "session_end", 0, AUTHP_E_UNAVAILABLE);
    expect(first.refresh_token, AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(row()->ended_at, 0);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
    expect_theft(first.refresh_token);
}
END_TEST

/* Another request has ended the session already. The answer is the same. */
START_TEST(ended_already_at_theft)
{
    (void)refresh_ok(first.refresh_token);
    fake_clock_advance(&f.clock, 60000);
    mem_store_fail(f.store, "session_end", 0, AUTHP_E_NOT_FOUND);
    expect(first.refresh_token, AUTHP_E_REFRESH_REUSED);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 1);
}
END_TEST

START_TEST(audit_down_at_theft)
{
    (void)refresh_ok(first.refresh_token);
    fake_clock_advance(&f.clock, 60000);
    mem_store_fail(f.store, "audit_append", 0, AUTHP_E_UNAVAILABLE);
    expect(first.refresh_token, AUTHP_E_REFRESH_REUSED);
    ck_assert_int_ne(row()->ended_at, 0);
}
END_TEST

Suite *suite_refresh_races(void)
{
    Suite *suite = suite_create("refresh_races");
    TCase *races = tcase_create("races");
    tcase_add_checked_fixture(races, set_up, tear_down);
    tcase_add_loop_test(races, gone_meanwhile, 0, 3);
    tcase_add_test(races, lost_race_gives_the_same_successor);
    tcase_add_test(races, lost_race_long_ago_is_theft);
    tcase_add_test(races, lost_race_by_two_is_theft);
    tcase_add_test(races, signed_out_meanwhile);
    tcase_add_test(races, signed_out_meanwhile_without_rotation);
    tcase_add_test(races, endless_conflict);
    tcase_add_loop_test(races, store_down, 0, 2);
    tcase_add_test(races, store_down_after_a_lost_race);
    tcase_add_test(races, store_down_at_theft);
    tcase_add_test(races, ended_already_at_theft);
    tcase_add_test(races, audit_down_at_theft);
    suite_add_tcase(suite, races);
    return suite;
}

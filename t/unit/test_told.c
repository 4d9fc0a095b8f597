/* SPDX-License-Identifier: Apache-2.0 */
/* What services tell the live table, the store's count of failures, and the audit. */
#include <apr_strings.h>
#include <string.h>

#include "live_fixture.h"
#include "service/account/own.h"
#include "service/account/phone_account.h"
#include "service/account/user_change.h"
#include "service/invite/invite.h"
#include "service/live/live.h"
#include "service/live/live_change.h"
#include "service/sign_in/login.h"
#include "store/identities.h"
#include "suite.h"

#define ADA "ada@example.org"
#define BOB "bob@example.org"

static live_fixture_t live;
static fixture_t *const f = &live.f;

static void set_up(void)
{
    live_fixture_open(&live);
    live_fixture_poll(&live);
}

static void tear_down(void)
{
    live_fixture_close(&live);
}

/* Asks the live table alone, because the store fails. */
static authp_err_t guard(void)
{
    authp_principal_t who = live.who;
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    authp_err_t err = authp_live_guard(f->realm, &who, AUTHP_UNAVAILABLE_DENY, f->pool);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    return err;
}

START_TEST(a_deleted_account)
{
    ck_assert_int_eq(guard(), AUTHP_OK);
    ck_assert_int_eq(authp_live_change_user_delete(f->realm, live.user, f->pool), AUTHP_OK);
    ck_assert_int_eq(guard(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* Another host ended the session half a minute ago and this host has not polled since. Ending all
 * sessions here must make that one dead here too, before the answer. */
START_TEST(what_another_host_ended)
{
    authp_session_t *row = mem_store_session(f->store, live.grant.session->id.hex);
    row->ended_at = authp_clock_now(f->realm->clock) - 30000;
    ck_assert_int_eq(guard(), AUTHP_OK);
    ck_assert_int_eq(authp_live_change_session_end_user(f->realm, live.user->id.hex, NULL, "admin",
                                                        NULL, f->pool),
                     AUTHP_OK);
    ck_assert_int_eq(guard(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* --- failures of sign-ins --- */

static authp_failure_t added;
static int adds;

static int clears;

static authp_err_t note_clear(void *self, const char *key, apr_pool_t *pool)
{
    clears++;
    return mem_store_ops.failure_clear(self, key, pool);
}

static authp_err_t note_failure(void *self, const authp_failure_t *what, int64_t *count,
                                apr_pool_t *pool)
{
    added = *what;
    adds++;
    return mem_store_ops.failure_add(self, what, count, pool);
}

/* The first failure here removes those that are older than a window, and later ones add to the
 * count. A count is kept for two windows: the longest delay is one window, and another one must
 * pass before it is forgotten. */
START_TEST(failures)
{
    const authp_rate_t many = {1000, 60};
    const authp_ms_t now = authp_clock_now(f->realm->clock);
    authp_store_ops_t ops = *f->store->ops;
    authp_grant_t grant;
    const authp_login_t in = {
        .kind = AUTHP_LOGIN_EMAIL, .login = ADA, .password = "wrong", .password_len = 5};
    fixture_limits(f, many, many, (authp_rate_t){5, 600});
    ops.failure_add = note_failure;
    f->store->ops = &ops;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_login_by_password(f->realm, &in, &fixture_client, &grant, f->pool),
                         AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(added.at, now);
        ck_assert_int_eq(added.expires_at, now + 1200000);
        ck_assert_int_eq(added.forget_before, i == 0 ? now - 600000 : 0);
        ck_assert_uint_eq(strlen(added.key), 64);
        ck_assert_ptr_null(strstr(added.key, "ada"));
    }
    ck_assert_int_eq(adds, 3);
    /* A failed confirmation of the password by a signed-in user counts there too. */
    authp_user_t *eve = fixture_user(f, "eve@example.org", "admin", false);
    const authp_grant_t start = fixture_start(f, eve);
    const authp_self_t self = {
        .user = start.user, .session = start.session, .client = &fixture_client};
    ck_assert_int_eq(authp_own_delete(f->realm, &self, "wrong", f->pool), AUTHP_E_WRONG_PASSWORD);
    ck_assert_int_eq(adds, 4);
}
END_TEST

/* The right password removes the count from the store if there is one, also after a single wrong
 * one. */
START_TEST(the_right_one)
{
    const authp_rate_t many = {1000, 60};
    authp_failures_t found = {.count = 0};
    authp_store_ops_t ops = *f->store->ops;
    authp_grant_t grant;
    authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                        .login = ADA,
                        .password = FIXTURE_PASSWORD,
                        .password_len = strlen(FIXTURE_PASSWORD)};
    fixture_limits(f, many, many, (authp_rate_t){5, 600});
    ops.failure_add = note_failure;
    ops.failure_clear = note_clear;
    f->store->ops = &ops;
    ck_assert_int_eq(authp_login_by_password(f->realm, &in, &fixture_client, &grant, f->pool),
                     AUTHP_OK);
    ck_assert_int_eq(clears, 0);
    in.password_len--;
    ck_assert_int_eq(authp_login_by_password(f->realm, &in, &fixture_client, &grant, f->pool),
                     AUTHP_E_INVALID_CREDENTIALS);
    const char *key = apr_pstrdup(f->pool, added.key);
    ck_assert_int_eq(authp_store_failure_get(f->store, key, added.at, &found, f->pool), AUTHP_OK);
    in.password_len++;
    ck_assert_int_eq(authp_login_by_password(f->realm, &in, &fixture_client, &grant, f->pool),
                     AUTHP_OK);
    ck_assert_int_eq(clears, 1);
    ck_assert_int_eq(authp_store_failure_get(f->store, key, added.at, &found, f->pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

/* --- lost races --- */

static int conflicts; /* how many conflicts are still to come */

static authp_err_t lose(void *self, const authp_user_t *before, const authp_user_t *after,
                        apr_pool_t *pool)
{
    return conflicts-- > 0 ? AUTHP_E_CONFLICT
                           : mem_store_ops.user_update(self, before, after, pool);
}

static authp_err_t rename_user(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    (void)pool;
    user->name = ctx;
    return AUTHP_OK;
}

/* Other changes were first: the row is read again and the change is tried again, up to eight
 * times. */
START_TEST(lost_races)
{
    authp_store_ops_t ops = *f->store->ops;
    authp_user_t *out = NULL;
    char name[] = "Other Name";
    authp_user_edit_t edit = {.fn = rename_user, .ctx = name};
    ops.user_update = lose;
    f->store->ops = &ops;
    conflicts = 7;
    ck_assert_int_eq(authp_user_change(f->realm, live.user->id.hex, &edit, &out, f->pool),
                     AUTHP_OK);
    ck_assert_str_eq(mem_store_user(f->store, live.user->id.hex)->name, name);
    name[0] = 'A';
    conflicts = 100;
    ck_assert_int_eq(authp_user_change(f->realm, live.user->id.hex, &edit, &out, f->pool),
                     AUTHP_E_BUSY);
    ck_assert_int_eq(conflicts, 92);
}
END_TEST

static authp_err_t link_corp(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    if (user->identities == NULL) {
        user->identities = apr_array_make(pool, 1, sizeof(authp_identity_t));
        APR_ARRAY_PUSH(user->identities, authp_identity_t) =
            (authp_identity_t){.provider = "corp", .issuer = "https://corp.example", .sub = "1"};
    }
    authp_identities_at(user->identities, 0)->last_login = *(const authp_ms_t *)ctx;
    return AUTHP_OK;
}

static authp_err_t lose_address(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    (void)ctx, (void)pool;
    user->email = NULL;
    return AUTHP_OK;
}

/* An identity gives no right: a change of identities is written, but tokens stay as they are. An
 * e-mail is in tokens, so its change counts. */
START_TEST(changes_that_count)
{
    authp_user_t *out = NULL;
    authp_ms_t at = 5;
    authp_user_edit_t link = {.fn = link_corp, .ctx = &at};
    authp_user_edit_t lose = {.fn = lose_address};
    const char *id = live.user->id.hex;
    const authp_user_t before = *mem_store_user(f->store, id);
    for (int i = 0; i < 3; i++) {
        const authp_user_t now = *mem_store_user(f->store, id);
        at += i < 2;
        ck_assert_int_eq(authp_user_change(f->realm, id, &link, &out, f->pool), AUTHP_OK);
        const authp_user_t *row = mem_store_user(f->store, id);
        ck_assert_int_eq(authp_identities_at(row->identities, 0)->last_login, at);
        ck_assert_int_eq(row->updated_at > now.updated_at, i < 2);
        ck_assert_int_eq(row->ver, before.ver);
        ck_assert_int_eq(row->auth_changed_at, before.auth_changed_at);
    }
    ck_assert_int_eq(authp_user_change(f->realm, id, &lose, &out, f->pool), AUTHP_OK);
    ck_assert_ptr_null(mem_store_user(f->store, id)->email);
    ck_assert_int_eq(mem_store_user(f->store, id)->ver, before.ver + 1);
    ck_assert_int_eq(mem_store_user(f->store, id)->min_ver, before.min_ver);
}
END_TEST

/* --- the audit --- */

static void must_be(const char *event, const char *actor, const char *subject, const char *outcome)
{
    const authp_audit_t *entry = fixture_audit(f, event);
    ck_assert_msg(entry != NULL, "no %s", event);
    ck_assert_pstr_eq(entry->actor_id, actor);
    ck_assert_pstr_eq(entry->subject_id, subject);
    ck_assert_str_eq(entry->outcome, outcome);
    ck_assert_int_eq(entry->at, authp_clock_now(f->realm->clock));
    ck_assert_pstr_eq(entry->ip, fixture_client.ip);
    ck_assert_pstr_eq(entry->request_id, fixture_client.request_id);
}

/* Roles that a person takes and gives back, and a number that an operator sets. */
START_TEST(roles_and_numbers)
{
    static const authp_actor_t tool = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};
    const char *id = live.user->id.hex;
    authp_user_t *out = NULL;
    apr_array_header_t *roles = apr_array_make(f->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = "seeker";
    for (int i = 1; i <= 2; i++) { /* the second time nothing has changed */
        ck_assert_int_eq(
            authp_phone_account_add_roles(f->realm, id, roles, &fixture_client, &out, f->pool),
            AUTHP_OK);
        ck_assert_int_eq(mem_store_audit_count(f->store, "user_change"), 1);
    }
    must_be("user_change", id, id, "ok");
    ck_assert_str_eq(fixture_audit(f, "user_change")->reason, "roles");
    fake_clock_advance(&f->clock, 1000);
    ck_assert_int_eq(
        authp_phone_account_remove_role(f->realm, out, "seeker", &fixture_client, f->pool),
        AUTHP_OK);
    must_be("user_change", id, id, "ok");
    ck_assert_str_eq(fixture_audit(f, "user_change")->reason, "roles");
    for (int i = 1; i <= 2; i++) {
        ck_assert_int_eq(
            authp_phone_account_set(f->realm, &tool, id, "+919876543210", &out, f->pool), AUTHP_OK);
        ck_assert_int_eq(mem_store_audit_count(f->store, "user_change"), 3);
    }
    must_be("user_change", AUTHP_ACTOR_CLI, id, "ok");
    ck_assert_str_eq(fixture_audit(f, "user_change")->reason, "phone");
}
END_TEST

static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};

static authp_invite_t *invite_for(const char *email, const char **code)
{
    authp_invite_t *invite = NULL;
    const authp_new_invite_t wanted = {.email = email, .hours = 1};
    ck_assert_int_eq(authp_invite_make(f->realm, &boss, &wanted, &invite, code, f->pool), AUTHP_OK);
    return invite;
}

/* Entries for an invite that was made, used and revoked name actor and subject. */
START_TEST(invites)
{
    const char *code = NULL;
    authp_user_t *bob = fixture_user(f, BOB, "candidate", false);
    const authp_invite_t *invite = invite_for(BOB, &code);
    must_be("invite_create", boss.id, invite->id.hex, "ok");
    ck_assert_uint_eq(strlen(code), 24); /* 18 random bytes, so nobody can guess one */
    ck_assert_int_eq(authp_invite_redeem(f->realm, code, &fixture_client, &bob, f->pool), AUTHP_OK);
    must_be("invite_use", bob->id.hex, invite->id.hex, "ok");
    invite = invite_for(ADA, &code);
    ck_assert_int_eq(authp_invite_revoke(f->realm, &boss, invite->id.hex, f->pool), AUTHP_OK);
    must_be("invite_revoke", boss.id, invite->id.hex, "ok");
    int count = mem_store_audit_count(f->store, "invite_revoke");
    ck_assert_int_eq(authp_invite_revoke(f->realm, &boss, invite->id.hex, f->pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(mem_store_audit_count(f->store, "invite_revoke"), count);
}
END_TEST

/* Registers with an invite, and then again with the same one. */
START_TEST(registrations_by_invite)
{
    const char *code = NULL;
    authp_grant_t grant = {0};
    const authp_invite_t *invite = invite_for(BOB, &code);
    authp_new_account_t in = fixture_new(BOB, NULL);
    ck_assert_int_eq(authp_invite_register(f->realm, &in, code, &fixture_client, &grant, f->pool),
                     AUTHP_OK);
    const char *id = grant.user->id.hex;
    must_be("register", id, id, "ok");
    must_be("invite_use", id, invite->id.hex, "ok");
    ck_assert_int_eq(authp_invite_register(f->realm, &in, code, &fixture_client, &grant, f->pool),
                     AUTHP_E_INVITE_INVALID);
    must_be("register", NULL, NULL, "denied");
    ck_assert_str_eq(fixture_audit(f, "register")->reason, "invite_invalid");
}
END_TEST

static void another_is_faster(void *ctx)
{
    const authp_invite_t *invite = ctx;
    ck_assert_int_eq(authp_store_invite_claim(f->store, invite->id.hex, boss.id, 0,
                                              authp_clock_now(f->realm->clock), f->pool),
                     AUTHP_OK);
}

/* Another registration with the same invite was faster. This one must leave nothing behind. */
START_TEST(a_registration_that_loses_its_invite)
{
    const char *code = NULL;
    authp_grant_t grant = {0};
    authp_user_t *none = NULL;
    authp_invite_t *invite = invite_for(BOB, &code);
    authp_new_account_t in = fixture_new(BOB, NULL);
    mem_store_before(f->store, "invite_claim", another_is_faster, invite);
    ck_assert_int_eq(authp_invite_register(f->realm, &in, code, &fixture_client, &grant, f->pool),
                     AUTHP_E_INVITE_INVALID);
    must_be("register", NULL, NULL, "denied");
    ck_assert_int_eq(authp_store_user_by_login(f->store, AUTHP_LOGIN_EMAIL, BOB, &none, f->pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_ptr_null(grant.refresh_token);
}
END_TEST

START_TEST(a_sign_out)
{
    const authp_leaving_t leaving = {.user_id = live.user->id.hex,
                                     .session_id = live.grant.session->id.hex,
                                     .ver = live.user->ver};
    ck_assert_int_eq(authp_session_logout(f->realm, &leaving, _i == 1, &fixture_client, f->pool),
                     AUTHP_OK);
    must_be("logout", live.user->id.hex, live.user->id.hex, "ok");
    ck_assert_str_eq(fixture_audit(f, "logout")->session_id, live.grant.session->id.hex);
    ck_assert_str_eq(fixture_audit(f, "logout")->reason, _i == 1 ? "logout_all" : "logout");
    ck_assert_int_eq(guard(), AUTHP_E_TOKEN_REVOKED);
}
END_TEST

Suite *suite_told(void)
{
    Suite *suite = suite_create("told");
    TCase *tests = tcase_create("told");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_deleted_account);
    tcase_add_test(tests, what_another_host_ended);
    tcase_add_test(tests, failures);
    tcase_add_test(tests, the_right_one);
    tcase_add_test(tests, lost_races);
    tcase_add_test(tests, changes_that_count);
    tcase_add_test(tests, roles_and_numbers);
    tcase_add_test(tests, invites);
    tcase_add_test(tests, registrations_by_invite);
    tcase_add_test(tests, a_registration_that_loses_its_invite);
    tcase_add_loop_test(tests, a_sign_out, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

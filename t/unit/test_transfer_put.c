/* SPDX-License-Identifier: Apache-2.0 */
/* Rows put into a store that may have them, newer or older, or has others with the same values. */
#include "columns_fixture.h"
#include "fixture.h"
#include "service/transfer/transfer_put.h"
#include "store/identities.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void *make(const authp_columns_t *columns, int serial)
{
    void *row = apr_pcalloc(f.pool, columns->size);
    columns_fixture_fill(columns, row, serial, f.pool);
    return row;
}

static void *copy(const authp_columns_t *columns, const void *row)
{
    return apr_pmemdup(f.pool, row, columns->size);
}

static authp_put_result_t put_how(const authp_columns_t *columns, void *row, bool dry_run)
{
    authp_put_result_t result = {AUTHP_PUT_OUTCOMES, NULL};
    const authp_put_batch_t batch = {
        .columns = columns, .rows = &row, .count = 1, .dry_run = dry_run};
    ck_assert_int_eq(authp_transfer_put(f.realm, &batch, &result, f.pool), AUTHP_OK);
    return result;
}

/* A dry run must say the same, and change nothing. */
static authp_put_result_t put(const authp_columns_t *columns, void *row)
{
    authp_put_result_t dry = put_how(columns, row, true);
    authp_put_result_t dry_again = put_how(columns, row, true);
    authp_put_result_t real = put_how(columns, row, false);
    ck_assert_int_eq(dry.outcome, real.outcome);
    ck_assert_int_eq(dry_again.outcome, real.outcome);
    ck_assert_str_eq(dry.why != NULL ? dry.why : "", real.why != NULL ? real.why : "");
    return real;
}

#define PUT(kind, row) put(&authp_columns_##kind, row).outcome

static authp_user_t *stored(const authp_user_t *user)
{
    return mem_store_user(f.store, user->id.hex);
}

START_TEST(rows_that_are_not_there)
{
    static const authp_columns_t *const kinds[] = {&authp_columns_user, &authp_columns_session,
                                                   &authp_columns_invite, &authp_columns_audit};
    const authp_columns_t *columns = kinds[_i];
    void *row = make(columns, 1);
    ck_assert_int_eq(put(columns, row).outcome, AUTHP_PUT_ADDED);
    ck_assert_int_eq(put(columns, row).outcome, AUTHP_PUT_UNCHANGED);
    ck_assert_int_eq(put(columns, make(columns, 2)).outcome, AUTHP_PUT_ADDED);
}
END_TEST

START_TEST(an_account_that_is_older_is_replaced)
{
    authp_user_t *old = make(&authp_columns_user, 2);
    authp_user_t *new = copy(&authp_columns_user, old);
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_ADDED);
    new->name = "Another name";
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_KEPT); /* as old as the stored one */
    new->updated_at++;
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_REPLACED);
    columns_fixture_same(&authp_columns_user, stored(old), new, 0, 0);
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_UNCHANGED);
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_KEPT);
    ck_assert_str_eq(stored(old)->name, "Another name");
}
END_TEST

/* What matters to authorization: the change gets a ver that servers notice, at the present time. */
START_TEST(a_replaced_account_is_noticed)
{
    authp_user_t *old = make(&authp_columns_user, 0);
    old->ver = 5;
    old->min_ver = 2;
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_ADDED);
    authp_user_t *new = copy(&authp_columns_user, old);
    new->updated_at++;
    new->disabled = _i == 0;
    new->password_hash = _i == 1 ? "$2b$04$other" : old->password_hash;
    new->email_verified = _i == 2;
    new->is_recruiter_verified = _i == 3;
    if (_i == 4) {
        new->roles = apr_array_make(f.pool, 1, sizeof(const char *));
    }
    new->min_ver = _i == 5 ? 5 : 2;
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_REPLACED);
    ck_assert_int_eq(stored(old)->ver, 6);
    ck_assert_int_eq(stored(old)->min_ver, new->min_ver);
    ck_assert_int_eq(stored(old)->auth_changed_at, authp_realm_now(f.realm));
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_KEPT);
}
END_TEST

/* The source has gone on: its ver counts, and its sessions stay valid. */
START_TEST(a_greater_ver_is_taken)
{
    authp_user_t *old = make(&authp_columns_user, 0);
    old->ver = 5;
    old->min_ver = 2;
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_ADDED);
    authp_user_t *new = copy(&authp_columns_user, old);
    new->updated_at++;
    new->password_hash = "$2b$04$other";
    new->ver = new->min_ver = 9;
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_REPLACED);
    ck_assert_int_eq(stored(old)->ver, 9);
    ck_assert_int_eq(stored(old)->min_ver, 9);
}
END_TEST

/* Both have gone on: the stored account stays, also if the file is of a system without `ver`. */
START_TEST(accounts_that_parted)
{
    authp_put_result_t result;
    authp_user_t *old = make(&authp_columns_user, 0);
    old->ver = old->min_ver = 8;
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_ADDED);
    authp_user_t *new = copy(&authp_columns_user, old);
    new->updated_at++;
    new->password_hash = _i == 0 ? "$2b$04$other" : old->password_hash;
    new->ver = 6;
    new->min_ver = 5;
    result = put(&authp_columns_user, new);
    if (_i == 1) {
        ck_assert_int_eq(result.outcome, AUTHP_PUT_REPLACED);
        ck_assert_int_eq(stored(old)->ver, 9);
        ck_assert_int_eq(stored(old)->min_ver, 8);
        return;
    }
    for (int foreign = 0; foreign < 2; foreign++) {
        ck_assert_int_eq(result.outcome, AUTHP_PUT_KEPT);
        ck_assert_ptr_nonnull(result.why);
        columns_fixture_same(&authp_columns_user, stored(old), old, 0, 0);
        ck_assert_int_eq(authp_transfer_put_users(f.realm, false, &new, 1, &result, f.pool),
                         AUTHP_OK);
    }
}
END_TEST

static const struct {
    const char *what;
    const char *why;
} clashes[] = {{"email", "its address is that of account "},
               {"username", "its username is that of account "},
               {"phone", "its phone number is that of account "},
               {"identity", "its identity at corp is that of account "}};

static void clash(authp_user_t *user, const authp_user_t *other, const char *what)
{
    if (strcmp(what, "email") == 0) {
        user->email = other->email;
    } else if (strcmp(what, "username") == 0) {
        user->username = other->username;
    } else if (strcmp(what, "phone") == 0) {
        user->phone = other->phone;
    } else {
        *authp_identities_of(user->identities, "corp") =
            *authp_identities_of(other->identities, "corp");
    }
}

START_TEST(values_of_another_account)
{
    authp_user_t *first = make(&authp_columns_user, 1);
    authp_user_t *second = make(&authp_columns_user, 2);
    ck_assert_int_eq(PUT(user, first), AUTHP_PUT_ADDED);
    clash(second, first, clashes[_i].what);
    authp_put_result_t result = put(&authp_columns_user, second);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_CONFLICT);
    ck_assert_str_eq(result.why, apr_pstrcat(f.pool, clashes[_i].why, first->id.hex, NULL));
    ck_assert_ptr_null(stored(second));
}
END_TEST

/* A newer account whose new address is another's stays as it is. */
START_TEST(a_replacement_that_clashes)
{
    authp_user_t *first = make(&authp_columns_user, 1);
    authp_user_t *second = make(&authp_columns_user, 2);
    ck_assert_int_eq(PUT(user, first), AUTHP_PUT_ADDED);
    ck_assert_int_eq(PUT(user, second), AUTHP_PUT_ADDED);
    authp_user_t *new = copy(&authp_columns_user, second);
    new->identities = authp_identities_copy(second->identities, f.pool);
    new->updated_at++;
    new->name = "Another name";
    clash(new, first, _i == 0 ? "email" : "identity");
    ck_assert_int_eq(PUT(user, new), AUTHP_PUT_CONFLICT);
    columns_fixture_same(&authp_columns_user, stored(second), second, 0, 0);
}
END_TEST

START_TEST(a_deleted_account_stays_deleted)
{
    authp_user_t *user = make(&authp_columns_user, 1);
    ck_assert_int_eq(PUT(user, user), AUTHP_PUT_ADDED);
    ck_assert_int_eq(authp_store_user_delete(f.store, user, 1, f.pool), AUTHP_OK);
    authp_put_result_t result = put(&authp_columns_user, user);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_KEPT);
    ck_assert_str_eq(result.why, "the account was deleted in this store");
    ck_assert_ptr_null(stored(user));
    authp_user_t *before = make(&authp_columns_user, 0); /* by its id */
    ck_assert_str_lt(before->id.hex, user->id.hex);
    ck_assert_int_eq(PUT(user, before), AUTHP_PUT_ADDED);
}
END_TEST

static authp_session_t *live_session(void)
{
    authp_session_t *session = make(&authp_columns_session, 1);
    session->ended_at = 0;
    session->end_reason = NULL;
    ck_assert_int_eq(PUT(session, session), AUTHP_PUT_ADDED);
    return session;
}

START_TEST(a_session_that_was_used_later)
{
    authp_session_t *old = live_session();
    authp_session_t *new = copy(&authp_columns_session, old);
    new->ip = "192.0.2.77";
    ck_assert_int_eq(PUT(session, new), AUTHP_PUT_KEPT);
    new->last_used_at++;
    ck_assert_int_eq(PUT(session, new), AUTHP_PUT_REPLACED);
    new->generation++;
    new->last_used_at -= 10;
    ck_assert_int_eq(PUT(session, new), AUTHP_PUT_REPLACED);
    columns_fixture_same(&authp_columns_session, mem_store_session(f.store, old->id.hex), new, 0,
                         0);
    ck_assert_int_eq(PUT(session, new), AUTHP_PUT_UNCHANGED);
    ck_assert_int_eq(PUT(session, old), AUTHP_PUT_KEPT);
    ck_assert_int_eq(mem_store_session(f.store, old->id.hex)->generation, new->generation);
}
END_TEST

/* Servers read which sessions ended by the time, so it is the present one. */
START_TEST(a_session_that_has_ended)
{
    authp_session_t *old = live_session();
    authp_session_t *ended = copy(&authp_columns_session, old);
    ended->ended_at = 1000;
    ended->end_reason = _i == 0 ? "logout" : NULL;
    ck_assert_int_eq(PUT(session, ended), AUTHP_PUT_REPLACED);
    const authp_session_t *now = mem_store_session(f.store, old->id.hex);
    ck_assert_int_eq(now->ended_at, authp_realm_now(f.realm));
    ck_assert_str_eq(now->end_reason, _i == 0 ? "logout" : "import");
    ck_assert_int_eq(PUT(session, ended), AUTHP_PUT_KEPT);
    old->generation += 9;
    ck_assert_int_eq(PUT(session, old), AUTHP_PUT_KEPT);
    ck_assert_int_ne(mem_store_session(f.store, old->id.hex)->ended_at, 0);
}
END_TEST

START_TEST(a_session_of_another_account)
{
    authp_session_t *old = live_session();
    authp_session_t *other = copy(&authp_columns_session, old);
    other->user_id.hex[0] = '7';
    other->generation++;
    authp_put_result_t result = put(&authp_columns_session, other);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_CONFLICT);
    ck_assert_pstr_eq(result.why, "its id is that of a session of another account");
    ck_assert_str_eq(mem_store_session(f.store, old->id.hex)->user_id.hex, old->user_id.hex);
}
END_TEST

START_TEST(an_invite_is_used_once)
{
    authp_invite_t *open = make(&authp_columns_invite, 1);
    open->used_at = open->revoked_at = 0;
    open->used_by = NULL;
    authp_invite_t *used = copy(&authp_columns_invite, open);
    *(_i == 0 ? &used->used_at : &used->revoked_at) = 1000;
    authp_invite_t *other = copy(&authp_columns_invite, open);
    other->expires_at++;
    ck_assert_int_eq(PUT(invite, open), AUTHP_PUT_ADDED);
    ck_assert_int_eq(PUT(invite, other), AUTHP_PUT_KEPT);
    ck_assert_int_eq(PUT(invite, used), AUTHP_PUT_REPLACED);
    ck_assert_int_eq(PUT(invite, used), AUTHP_PUT_UNCHANGED);
    ck_assert_int_eq(PUT(invite, open), AUTHP_PUT_KEPT);
    *(_i == 0 ? &open->revoked_at : &open->used_at) = 1000; /* used and revoked */
    ck_assert_int_eq(PUT(invite, open), AUTHP_PUT_KEPT);
    authp_invite_t *clash = make(&authp_columns_invite, 2);
    clash->code_hash = open->code_hash;
    authp_put_result_t result = put_how(&authp_columns_invite, clash, false);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_CONFLICT);
    ck_assert_pstr_eq(result.why, "its code is taken");
}
END_TEST

/* A batch in no order, with rows far apart, with some that are there: all are found. */
START_TEST(batches_in_any_order)
{
    void *rows[60];
    authp_put_result_t results[60];
    for (int i = 0; i < 60; i++) {
        authp_user_t *user = make(&authp_columns_user, (i * 37) % 60);
        rows[i] = user;
        if (i % 3 == 0) {
            ck_assert_int_eq(PUT(user, user), AUTHP_PUT_ADDED);
        }
    }
    for (int from = 0; from < 60; from += 20) {
        const authp_put_batch_t batch = {
            .columns = &authp_columns_user, .rows = rows + from, .count = 20, .dry_run = _i == 0};
        ck_assert_int_eq(authp_transfer_put(f.realm, &batch, results, f.pool), AUTHP_OK);
        for (int i = 0; i < 20; i++) {
            ck_assert_int_eq(results[i].outcome,
                             (from + i) % 3 == 0 ? AUTHP_PUT_UNCHANGED : AUTHP_PUT_ADDED);
        }
    }
}
END_TEST

static void renew(void *ctx)
{
    mem_store_user(f.store, ((authp_user_t *)ctx)->id.hex)->updated_at += 100;
}

/* A server changes the account between the look and the change: the newer one stays. */
START_TEST(a_race_with_a_server)
{
    authp_user_t *old = make(&authp_columns_user, 1);
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_ADDED);
    authp_user_t *new = copy(&authp_columns_user, old);
    new->updated_at++;
    new->name = "Another name";
    mem_store_before(f.store, "user_update", renew, new);
    ck_assert_int_eq(put_how(&authp_columns_user, new, false).outcome, AUTHP_PUT_KEPT);
    ck_assert_str_eq(stored(old)->name, old->name);
}
END_TEST

START_TEST(failures_of_the_store)
{
    static const char *const ops[] = {"move_add",    "move_list",        "user_by_login",
                                      "user_update", "user_by_identity", "user_list_deleted"};
    authp_put_result_t result = {AUTHP_PUT_OUTCOMES, NULL};
    authp_user_t *old = make(&authp_columns_user, 1);
    ck_assert_int_eq(PUT(user, old), AUTHP_PUT_ADDED);
    authp_user_t *new = copy(&authp_columns_user, old);
    new->updated_at++;
    mem_store_fail(f.store, ops[_i], 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_transfer_put_users(f.realm, false, &new, 1, &result, f.pool),
                     AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(authp_transfer_put_users(f.realm, false, &new, 1, &result, f.pool), AUTHP_OK);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_REPLACED);
}
END_TEST

Suite *suite_transfer_put(void)
{
    Suite *suite = suite_create("transfer_put");
    TCase *tests = tcase_create("transfer_put");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, rows_that_are_not_there, 0, 4);
    tcase_add_test(tests, an_account_that_is_older_is_replaced);
    tcase_add_loop_test(tests, a_replaced_account_is_noticed, 0, 6);
    tcase_add_test(tests, a_greater_ver_is_taken);
    tcase_add_loop_test(tests, accounts_that_parted, 0, 2);
    tcase_add_loop_test(tests, values_of_another_account, 0, 4);
    tcase_add_loop_test(tests, a_replacement_that_clashes, 0, 2);
    tcase_add_test(tests, a_deleted_account_stays_deleted);
    tcase_add_test(tests, a_session_that_was_used_later);
    tcase_add_loop_test(tests, a_session_that_has_ended, 0, 2);
    tcase_add_test(tests, a_session_of_another_account);
    tcase_add_loop_test(tests, an_invite_is_used_once, 0, 2);
    tcase_add_loop_test(tests, batches_in_any_order, 0, 2);
    tcase_add_test(tests, a_race_with_a_server);
    tcase_add_loop_test(tests, failures_of_the_store, 0, 6);
    suite_add_tcase(suite, tests);
    return suite;
}

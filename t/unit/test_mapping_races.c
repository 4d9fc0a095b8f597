/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-ins at a provider beside other requests for the same account, with a store that fails, and a
 * second time. */
#include "fixture.h"
#include "person_fixture.h"
#include "service/account/user.h"
#include "service/provider/mapping.h"
#include "store/identities.h"
#include "suite.h"

#include <string.h>

#define LENGTH(list) ((int)(sizeof(list) / sizeof((list)[0])))

static fixture_t f;
static authp_person_t person;

static void set_up(void)
{
    fixture_open(&f);
    person = person_fixture_ada;
}

static void tear_down(void)
{
    fixture_close(&f);
}

/* Her account with a password, whose address was proven or not. */
static authp_user_t *ada(bool proven)
{
    authp_user_t *user = fixture_user(&f, PERSON_EMAIL, "candidate", false);
    authp_user_t *row = mem_store_user(f.store, user->id.hex);
    row->email_verified = proven;
    return row;
}

static authp_user_t *owner(void)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(
        authp_store_user_by_identity(f.store, PERSON_ISSUER, PERSON_SUB, &user, f.pool), AUTHP_OK);
    return user;
}

/* A provider that may not vouch for the address makes an account on which no invite counts. */
START_TEST(unvouched_and_new)
{
    authp_user_t *out = NULL;
    person.vouched = false;
    person_fixture_invite(&f);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool),
        AUTHP_E_RECRUITER_PENDING);
    ck_assert(!owner()->email_verified);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(APR_ARRAY_IDX(out->roles, 0, const char *), "candidate");
}
END_TEST

/* Somebody who registered with another person's address loses password and sessions when the owner
 * proves the address. */
START_TEST(first_proof_ends_what_was)
{
    authp_user_t *user = fixture_user(&f, PERSON_EMAIL, "candidate", false);
    authp_grant_t before = fixture_start(&f, user);
    authp_grant_t again;
    authp_user_t *out = NULL;
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
    ck_assert_str_eq(mem_store_session(f.store, before.session->id.hex)->end_reason, "first_proof");
    ck_assert_int_eq(fixture_refresh(&f, before.refresh_token, &again, f.pool),
                     AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(out->min_ver, user->ver + 1);
    ck_assert_ptr_nonnull(fixture_audit(&f, "first_proof"));
}
END_TEST

/* The account that loses its address keeps its password, but its sessions end. */
START_TEST(splitting_ends_sessions)
{
    authp_user_t *user = fixture_user(&f, PERSON_EMAIL, "candidate", false);
    mem_store_user(f.store, user->id.hex)->phone = "+4912345";
    authp_grant_t before = fixture_start(&f, user);
    authp_grant_t again;
    authp_user_t *out = NULL;
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    const authp_user_t *row = mem_store_user(f.store, user->id.hex);
    ck_assert(row->email == NULL && row->password_hash != NULL);
    ck_assert_int_eq(row->min_ver, user->ver + 1);
    ck_assert_str_eq(mem_store_session(f.store, before.session->id.hex)->end_reason, "first_proof");
    ck_assert_int_eq(fixture_refresh(&f, before.refresh_token, &again, f.pool),
                     AUTHP_E_REFRESH_INVALID);
    ck_assert_ptr_nonnull(fixture_audit(&f, "address_lost"));
}
END_TEST

/* The sessions of an account without a password end, too. */
START_TEST(first_proof_without_a_password)
{
    authp_user_t *row = ada(false);
    authp_user_t *out = NULL;
    row->password_hash = NULL;
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(out->min_ver, out->ver);
    ck_assert_int_gt(out->ver, 1);
}
END_TEST

START_TEST(renewed_at_each_sign_in)
{
    authp_user_t *out = NULL;
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    authp_ms_t first = f.clock.now;
    f.clock.now += 5000;
    person.email = "ada.new@example.org";
    person.picture = NULL;
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    const authp_identity_t *identity = authp_identities_of(owner()->identities, "google");
    ck_assert_str_eq(owner()->email, PERSON_EMAIL);
    ck_assert_str_eq(identity->email, "ada.new@example.org");
    ck_assert_ptr_null(identity->picture);
    ck_assert_int_eq(identity->linked_at, first);
    ck_assert_int_eq(identity->last_login, first + 5000);
    ck_assert_int_eq(owner()->ver, 1); /* tokens stay as they are */
}
END_TEST

/* A renamed provider: the identity gets the new name. It does not stand there twice, also if the
 * new name was another provider's. */
START_TEST(another_name_of_the_issuer)
{
    authp_user_t *row = ada(true);
    authp_user_t *out = NULL;
    person_fixture_put(&f, row, "goggle", PERSON_ISSUER, PERSON_SUB);
    row->email = "other@example.org";
    authp_ms_t linked_at = authp_identities_at(row->identities, 0)->linked_at;
    f.clock.now += 5000;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE,
                                             &fixture_client, &out, f.pool),
                         AUTHP_OK);
        ck_assert_int_eq(owner()->identities->nelts, 1);
        ck_assert_str_eq(authp_identities_at(owner()->identities, 0)->provider, "google");
        ck_assert_int_eq(authp_identities_at(owner()->identities, 0)->linked_at, linked_at);
        row = mem_store_user(f.store, row->id.hex);
        row->identities = NULL;
        person_fixture_put(&f, row, "goggle", PERSON_ISSUER, PERSON_SUB);
        person_fixture_put(&f, row, "google", "https://old.example", "7");
        linked_at = authp_identities_at(row->identities, 0)->linked_at;
    }
}
END_TEST

/* The same name with another issuer is another identity, which takes the place of the old one. */
START_TEST(another_issuer_of_the_name)
{
    authp_user_t *row = ada(true);
    authp_user_t *out = NULL;
    person_fixture_put(&f, row, "google", "https://old.example", "1001");
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(out->identities->nelts, 1);
    ck_assert_str_eq(authp_identities_at(out->identities, 0)->issuer, PERSON_ISSUER);
    ck_assert_int_eq(authp_identities_at(out->identities, 0)->linked_at, f.clock.now);
}
END_TEST

/* What another request does between two steps of this one. */
static void somebody_registers(void *ctx)
{
    (void)ctx;
    (void)fixture_user(&f, PERSON_EMAIL, "candidate", false);
}

static void the_twin_is_faster(void *ctx)
{
    authp_user_t *out = NULL;
    (void)ctx;
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
}

static void is_disabled(void *ctx)
{
    authp_user_t *row = ctx;
    row->disabled = true;
    row->ver++;
}

static void is_made_admin(void *ctx)
{
    authp_user_t *row = ctx;
    authp_user_add_role(row, "admin", f.pool);
    row->ver++;
}

START_TEST(two_callbacks_one_account)
{
    authp_user_t *out = NULL;
    mem_store_before(f.store, "user_create", the_twin_is_faster, NULL);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(out->id.hex, owner()->id.hex);
    ck_assert_int_eq(mem_store_audit_count(f.store, "register"), 1);
}
END_TEST

START_TEST(a_registration_is_faster)
{
    authp_user_t *out = NULL;
    mem_store_before(f.store, "user_create", somebody_registers, NULL);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_ptr_null(out->password_hash);
    ck_assert(out->email_verified);
}
END_TEST

static void links_it_to_another(void *ctx)
{
    authp_user_t *other = fixture_user(&f, "other@example.org", "candidate", false);
    (void)ctx;
    person_fixture_put(&f, mem_store_user(f.store, other->id.hex), "google", PERSON_ISSUER,
                       PERSON_SUB);
}

/* The identity goes to another account while it is linked by the address: that account is the
 * person's now. */
START_TEST(linked_elsewhere_meanwhile)
{
    authp_user_t *row = ada(true);
    authp_user_t *out = NULL;
    mem_store_before(f.store, "user_update", links_it_to_another, NULL);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(out->email, "other@example.org");
    ck_assert_int_eq(authp_identities_count(row->identities), 0);
}
END_TEST

static const struct {
    void (*hook)(void *);
    authp_err_t err;
} changes[] = {{is_disabled, AUTHP_E_ACCOUNT_DISABLED}, {is_made_admin, AUTHP_E_IDENTITY_CONFLICT}};

/* The account changes after it was found: it is looked at again before anything is written. */
START_TEST(changed_meanwhile)
{
    authp_user_t *row = ada(false);
    authp_user_t *out = NULL;
    mem_store_before(f.store, "user_update", changes[_i].hook, row);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        changes[_i].err);
    ck_assert_ptr_nonnull(row->password_hash);
    ck_assert_int_eq(authp_identities_count(row->identities), 0);
    ck_assert_ptr_null(out);
}
END_TEST

static const char *const other_addresses[] = {"elsewhere@example.org", NULL};
static const char *other_address; /* one of them */

static void moves_away(void *ctx)
{
    authp_user_t *row = ctx;
    row->email = other_address;
    row->ver++;
}

/* The account gets another address after it was found by its old one: it is another person's, and
 * this person gets a new account. */
START_TEST(moved_meanwhile)
{
    authp_user_t *row = ada(true);
    authp_user_t *out = NULL;
    other_address = other_addresses[_i];
    mem_store_before(f.store, "user_update", moves_away, row);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
    ck_assert_str_ne(out->id.hex, row->id.hex);
    ck_assert_str_eq(out->email, PERSON_EMAIL);
    ck_assert_int_eq(authp_identities_count(row->identities), 0);
    ck_assert_ptr_nonnull(row->password_hash);
}
END_TEST

/* If others keep changing the account, the answer is "busy", not a loop. */
START_TEST(always_in_conflict)
{
    authp_user_t *out = NULL;
    (void)ada(true);
    mem_store_fail(f.store, "user_update", 0, AUTHP_E_CONFLICT);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_E_BUSY);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        AUTHP_OK);
}
END_TEST

static int flips; /* how often the account still changes */

/* Between the look at the account and the step that was chosen for it. */
static void flip(void *ctx)
{
    authp_user_t *row = ctx;
    row->email_verified = !row->email_verified;
    if (--flips > 0) {
        mem_store_before(f.store, "user_by_id", flip, ctx);
    }
}

/* A sign-in begins again up to four times. */
START_TEST(a_bound_of_tries)
{
    authp_user_t *out = NULL;
    flips = _i == 0 ? 4 : 5;
    mem_store_before(f.store, "user_by_id", flip, ada(true));
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_CANDIDATE, &fixture_client, &out, f.pool),
        _i == 0 ? AUTHP_OK : AUTHP_E_BUSY);
    ck_assert_int_eq(flips, 0);
    ck_assert_int_eq(out != NULL, _i == 0);
}
END_TEST

/* A store that fails at any step answers so, and a second try completes the sign-in. */
static const char *const steps[] = {"user_by_identity", "user_by_login", "invite_live_of",
                                    "user_create",      "invite_claim",  "user_update"};

START_TEST(store_fails_at_a_step)
{
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    mem_store_fail(f.store, steps[_i], 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool),
        AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    authp_err_t err =
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool);
    ck_assert_msg(err == AUTHP_OK, "%s: %s", steps[_i], authp_err_name(err));
    ck_assert(out->is_recruiter_verified);
}
END_TEST

Suite *suite_mapping_races(void)
{
    Suite *suite = suite_create("mapping_races");
    TCase *tests = tcase_create("mapping_races");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, unvouched_and_new);
    tcase_add_test(tests, first_proof_ends_what_was);
    tcase_add_test(tests, splitting_ends_sessions);
    tcase_add_test(tests, first_proof_without_a_password);
    tcase_add_test(tests, renewed_at_each_sign_in);
    tcase_add_test(tests, another_name_of_the_issuer);
    tcase_add_test(tests, another_issuer_of_the_name);
    tcase_add_test(tests, two_callbacks_one_account);
    tcase_add_test(tests, a_registration_is_faster);
    tcase_add_test(tests, linked_elsewhere_meanwhile);
    tcase_add_loop_test(tests, changed_meanwhile, 0, LENGTH(changes));
    tcase_add_loop_test(tests, moved_meanwhile, 0, 2);
    tcase_add_test(tests, always_in_conflict);
    tcase_add_loop_test(tests, a_bound_of_tries, 0, 2);
    tcase_add_loop_test(tests, store_fails_at_a_step, 0, LENGTH(steps));
    suite_add_tcase(suite, tests);
    return suite;
}

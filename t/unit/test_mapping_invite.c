/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-ins at a provider of somebody who wants to be a recruiter, beside other requests for the
 * same invite. */
#include "fixture.h"
#include "person_fixture.h"
#include "service/account/user.h"
#include "service/provider/mapping.h"
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

static void somebody_registers(void *ctx)
{
    (void)ctx;
    (void)fixture_user(&f, PERSON_EMAIL, "candidate", false);
}

static void takes_the_invite(void *ctx)
{
    (void)ctx;
    person_fixture_claim(&f);
}

/* A registration uses the invite between the look at it and its use: no half-made recruiter
 * remains. */
START_TEST(invite_lost_to_a_registration)
{
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    mem_store_before(f.store, "invite_claim", takes_the_invite, NULL);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool),
        AUTHP_E_RECRUITER_PENDING);
    ck_assert(authp_user_holds(owner(), "candidate") && !authp_user_holds(owner(), "recruiter"));
    ck_assert_int_eq(owner()->recruiter_requested_at, f.clock.now);
    ck_assert_int_eq(mem_store_audit_count(f.store, "register"), 1);
}
END_TEST

static void takes_the_invite_for_an_account(void *ctx)
{
    takes_the_invite(ctx);
    mem_store_before(f.store, "user_by_identity", somebody_registers, NULL);
}

/* The account that this sign-in has made is removed, and somebody registers with the address before
 * the second look. That account is none that this sign-in may remove. */
START_TEST(removes_its_own_account_alone)
{
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    mem_store_before(f.store, "invite_claim", takes_the_invite_for_an_account, NULL);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool),
        AUTHP_E_RECRUITER_PENDING);
    ck_assert_str_eq(owner()->email, PERSON_EMAIL);
    ck_assert_int_eq(mem_store_audit_count(f.store, "first_proof"), 1);
    ck_assert_int_eq(mem_store_audit_count(f.store, "register"), 0);
}
END_TEST

/* A half-made account that cannot be removed is a failure of the store, not a new try. */
START_TEST(own_account_that_stays)
{
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    mem_store_before(f.store, "invite_claim", takes_the_invite, NULL);
    mem_store_fail(f.store, "user_discard", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool),
        AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(registered_once_with_an_invite)
{
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER,
                                             &fixture_client, &out, f.pool),
                         AUTHP_OK);
        ck_assert_int_eq(mem_store_audit_count(f.store, "register"), 1);
    }
}
END_TEST

START_TEST(the_first_request_counts)
{
    authp_user_t *out = NULL;
    const authp_ms_t first = f.clock.now;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER,
                                             &fixture_client, &out, f.pool),
                         AUTHP_E_RECRUITER_PENDING);
        ck_assert_int_eq(owner()->recruiter_requested_at, first);
        f.clock.now += 5000;
    }
}
END_TEST

static void is_changed(void *ctx)
{
    authp_user_t *row = ctx;
    row->ver++;
}

/* A registration claims the invite for its account, just before the first proof changes it. */
static void claims_for_the_account(void *ctx)
{
    const authp_user_t *row = ctx;
    authp_invite_t *open = NULL;
    ck_assert_int_eq(
        authp_store_invite_live_of(f.store, PERSON_EMAIL, NULL, f.clock.now, &open, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(
        authp_store_invite_claim(f.store, open->id.hex, row->id.hex, row->ver, f.clock.now, f.pool),
        AUTHP_OK);
}

static void claims_and_is_changed(void *ctx)
{
    claims_for_the_account(ctx);
    mem_store_before(f.store, "invite_claimed_by", is_changed, ctx);
}

static const struct {
    void (*hook)(void *);
    authp_err_t err;
} claims[] = {{claims_for_the_account, AUTHP_OK},
              {claims_and_is_changed, AUTHP_E_RECRUITER_PENDING}};

/* The registration cannot complete a claim of an account that the first proof has changed. The
 * first proof completes it, unless something else has changed the account too. */
START_TEST(claimed_before_the_first_proof)
{
    authp_user_t *row = ada(false);
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    mem_store_before(f.store, "user_update", claims[_i].hook, row);
    ck_assert_int_eq(
        authp_mapping_enter(f.realm, &person, AUTHP_ASKED_RECRUITER, &fixture_client, &out, f.pool),
        claims[_i].err);
    ck_assert(owner()->is_recruiter_verified == (claims[_i].err == AUTHP_OK));
    ck_assert_ptr_null(owner()->password_hash);
}
END_TEST

Suite *suite_mapping_invite(void)
{
    Suite *suite = suite_create("mapping_invite");
    TCase *tests = tcase_create("mapping_invite");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, invite_lost_to_a_registration);
    tcase_add_test(tests, removes_its_own_account_alone);
    tcase_add_test(tests, own_account_that_stays);
    tcase_add_test(tests, registered_once_with_an_invite);
    tcase_add_test(tests, the_first_request_counts);
    tcase_add_loop_test(tests, claimed_before_the_first_proof, 0, LENGTH(claims));
    suite_add_tcase(suite, tests);
    return suite;
}

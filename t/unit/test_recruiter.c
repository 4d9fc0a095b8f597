/* SPDX-License-Identifier: Apache-2.0 */
/* People who register as recruiters, by RECRUITER_REGISTRATION. */
#include "fixture.h"
#include "service/account/user.h"
#include "service/invite/invite.h"
#include "service/invite/recruiter.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <string.h>

#define ADA "ada@example.org"

static fixture_t f;
static authp_user_t *user;

static void set_up(void)
{
    fixture_open(&f);
    user = NULL;
}

static void tear_down(void)
{
    fixture_close(&f);
}

/* Registers with a role and proofs that must not count. */
static authp_err_t enrol(authp_recruiter_registration_t way, const char *code)
{
    authp_new_account_t in = fixture_new(ADA, "admin");
    in.verified = true;
    in.email_verified = true;
    f.settings->recruiter_registration = way;
    return authp_recruiter_register(f.realm, &in, code, &fixture_client, &user, f.pool);
}

static authp_err_t sign_in(authp_door_t door)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD),
                              .door = door};
    return authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool);
}

START_TEST(by_invite)
{
    ck_assert_int_eq(enrol(AUTHP_RECRUITERS_BY_INVITE, NULL), AUTHP_E_INVITE_REQUIRED);
    ck_assert_ptr_null(user);
    ck_assert_int_eq(sign_in(AUTHP_DOOR_ANY), AUTHP_E_INVALID_CREDENTIALS);
}
END_TEST

START_TEST(pending)
{
    ck_assert_int_eq(enrol(AUTHP_RECRUITERS_PENDING, NULL), AUTHP_OK);
    ck_assert(authp_user_holds(user, "recruiter"));
    ck_assert_int_eq(user->roles->nelts, 1);
    ck_assert(!user->is_recruiter_verified && !user->email_verified);
    ck_assert_str_eq(fixture_audit(&f, "register")->outcome, "ok");
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(sign_in(AUTHP_DOOR_RECRUITER), AUTHP_E_RECRUITER_PENDING);
    ck_assert_int_eq(sign_in(AUTHP_DOOR_ANY), AUTHP_E_RECRUITER_PENDING);
    mem_store_user(f.store, user->id.hex)->is_recruiter_verified = true;
    ck_assert_int_eq(sign_in(AUTHP_DOOR_RECRUITER), AUTHP_OK);
}
END_TEST

START_TEST(open_to_all)
{
    ck_assert_int_eq(enrol(AUTHP_RECRUITERS_OPEN, NULL), AUTHP_OK);
    ck_assert(user->is_recruiter_verified && !user->email_verified);
    ck_assert_int_eq(user->roles->nelts, 1);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(sign_in(AUTHP_DOOR_RECRUITER), AUTHP_OK);
}
END_TEST

/* Nobody gets the role for an account that exists already. */
START_TEST(taken)
{
    const authp_user_t *ada = fixture_user(&f, ADA, "candidate", false);
    ck_assert_int_eq(enrol(AUTHP_RECRUITERS_OPEN, NULL), AUTHP_E_EMAIL_TAKEN);
    ck_assert_str_eq(fixture_audit(&f, "register")->outcome, "denied");
    ck_assert_str_eq(fixture_audit(&f, "register")->reason, "email_taken");
    ck_assert(!authp_user_holds(mem_store_user(f.store, ada->id.hex), "recruiter"));
}
END_TEST

/* A code is checked even where none is needed. */
START_TEST(a_wrong_code)
{
    ck_assert_int_eq(enrol((authp_recruiter_registration_t)_i, "made up"), AUTHP_E_INVITE_INVALID);
    ck_assert_ptr_null(user);
}
END_TEST

START_TEST(a_right_code)
{
    static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = ADA, .hours = 1};
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    ck_assert_int_eq(authp_invite_make(f.realm, &boss, &wanted, &invite, &code, f.pool), AUTHP_OK);
    ck_assert_int_eq(enrol((authp_recruiter_registration_t)_i, code), AUTHP_OK);
    ck_assert(user->is_recruiter_verified);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(sign_in(AUTHP_DOOR_RECRUITER), AUTHP_OK);
}
END_TEST

static void is_candidate(void)
{
    (void)fixture_user(&f, ADA, "candidate", false);
}

static void has_asked(void)
{
    const authp_user_t *ada = fixture_user(&f, ADA, "candidate", false);
    mem_store_user(f.store, ada->id.hex)->recruiter_requested_at = 5;
}

static void is_not_verified(void)
{
    (void)fixture_user(&f, ADA, "recruiter", false);
}

static void is_recruiter(void)
{
    (void)fixture_user(&f, ADA, "recruiter", true);
}

/* At the door of recruiters each refusal after the right password is in the audit. */
static const struct {
    void (*world)(void);
    const char *code;
    bool proof_required;
    authp_err_t err;
} refusals[] = {
    {is_candidate, NULL, false, AUTHP_E_NOT_RECRUITER},
    {is_candidate, "made up", false, AUTHP_E_INVITE_INVALID},
    {has_asked, NULL, false, AUTHP_E_RECRUITER_PENDING},
    {is_not_verified, NULL, false, AUTHP_E_RECRUITER_PENDING},
    {is_not_verified, "made up", false, AUTHP_E_INVITE_INVALID},
    {is_recruiter, NULL, true, AUTHP_E_EMAIL_UNVERIFIED},
    {is_recruiter, "made up", false, AUTHP_OK}, /* who is one needs no invite */
};

START_TEST(refused_at_the_door)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD),
                              .door = AUTHP_DOOR_RECRUITER,
                              .invite_code = refusals[_i].code};
    const authp_err_t err = refusals[_i].err;
    refusals[_i].world();
    f.settings->email_verification_required = refusals[_i].proof_required;
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool), err);
    const authp_audit_t *event = fixture_audit(&f, "login");
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), 1);
    ck_assert_str_eq(event->outcome, err == AUTHP_OK ? "ok" : "denied");
    ck_assert_pstr_eq(event->reason, err == AUTHP_OK ? NULL : authp_err_name(err));
    ck_assert_ptr_nonnull(event->subject_id);
    ck_assert_int_eq(event->actor_id != NULL, err == AUTHP_OK);
    ck_assert_str_eq(event->ip, fixture_client.ip);
    ck_assert_int_eq(fixture_sessions(&f), err == AUTHP_OK);
}
END_TEST

Suite *suite_recruiter(void)
{
    Suite *suite = suite_create("recruiter");
    TCase *tests = tcase_create("recruiter");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, by_invite);
    tcase_add_test(tests, pending);
    tcase_add_test(tests, open_to_all);
    tcase_add_test(tests, taken);
    tcase_add_loop_test(tests, a_wrong_code, 0, 3);
    tcase_add_loop_test(tests, a_right_code, 0, 3);
    tcase_add_loop_test(tests, refused_at_the_door, 0,
                        (int)(sizeof(refusals) / sizeof(refusals[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

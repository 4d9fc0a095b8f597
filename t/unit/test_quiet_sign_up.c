/* SPDX-License-Identifier: Apache-2.0 */
/* Registrations with mail, EMAIL_VERIFICATION=required, accounts that an administrator makes, and
 * invites that are mailed. */
#include "mail_fixture.h"
#include "service/account/admin.h"
#include "service/address/made_account.h"
#include "service/address/password_reset.h"
#include "service/address/quiet_sign_up.h"
#include "service/invite/invite.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <string.h>

#define EMAIL "ada@example.org"

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
    mail_fixture_on(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t sign_up(const char *email, authp_id_t *known)
{
    f.clock.now += 1000;
    const authp_new_account_t account = fixture_new(email, NULL);
    const authp_quiet_sign_up_t in = {.account = &account};
    return authp_quiet_sign_up(f.realm, &in, &fixture_client, known, f.pool);
}

static authp_err_t sign_in(authp_login_kind_t kind, const char *login)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = kind,
                              .login = login,
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD)};
    return authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool);
}

static authp_user_t *found(const char *email)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_login(f.store, AUTHP_LOGIN_EMAIL, email, &user, f.pool);
    return err == AUTHP_OK ? mem_store_user(f.store, user->id.hex) : NULL;
}

/* --- EMAIL_VERIFICATION=optional ---------------------------------------------------------------
 */

START_TEST(registration_sends_a_link)
{
    authp_grant_t grant;
    const authp_new_account_t in = fixture_new(" Ada@example.org", NULL);
    ck_assert_int_eq(authp_account_register(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email");
    const mail_fixture_t mail = mail_fixture_at(&f, 0);
    ck_assert_str_eq(mail.letter.to, EMAIL);
    ck_assert_ptr_null(mail.letter.name);
    ck_assert_str_eq(mail.row->user_id, grant.user->id.hex);
    ck_assert_int_eq(sign_in(AUTHP_LOGIN_EMAIL, EMAIL), AUTHP_OK);
}
END_TEST

/* A mail that cannot be written, or a server without mail, keeps nobody out. */
START_TEST(registration_without_a_mail)
{
    authp_grant_t grant;
    const authp_new_account_t in = fixture_new(EMAIL, NULL);
    if (_i == 0) {
        mem_store_fail(f.store, "outbox_add", 1, AUTHP_E_UNAVAILABLE);
    } else {
        f.settings->mail_url = NULL;
    }
    ck_assert_int_eq(authp_account_register(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
}
END_TEST

START_TEST(proven_addresses_get_no_link)
{
    authp_new_account_t in = fixture_new(EMAIL, "candidate");
    authp_user_t *user = NULL;
    in.email_verified = true;
    ck_assert_int_eq(authp_account_create(f.realm, &in, "cli", &fixture_client, &user, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
}
END_TEST

/* --- EMAIL_VERIFICATION=required ---------------------------------------------------------------
 */

/* A taken address gets the same answer after the same calls of the store. Instead of the account,
 * which an index refuses, another row is written. */
START_TEST(equal_work)
{
    authp_id_t mine;
    authp_id_t none;
    f.settings->email_verification_required = true;
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){100, 3600};
    ck_assert_int_eq(sign_up(EMAIL, &mine), AUTHP_OK);
    const char *calls = mem_store_calls(f.store, f.pool);
    const authp_user_t *user = found(EMAIL);
    ck_assert_str_eq(user->id.hex, mine.hex);
    ck_assert(!user->email_verified);
    (void)mem_store_calls(f.store, f.pool);
    ck_assert_int_eq(sign_up("ADA@example.org", &none), AUTHP_OK);
    const char *again = mem_store_calls(f.store, f.pool);
    ck_assert_str_eq(calls, "user_by_login user_create tally_take outbox_add audit_append");
    ck_assert_str_eq(again,
                     "user_by_login user_create audit_append used_token_add tally_take outbox_add");
    ck_assert_ptr_null(mem_store_user(f.store, none.hex));
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email address_taken");
    ck_assert_str_eq(mail_fixture_at(&f, 1).letter.to, EMAIL);
    ck_assert_ptr_null(mail_fixture_at(&f, 1).letter.name);
    ck_assert_uint_eq(strlen(mail_fixture_at(&f, 1).row->sealed),
                      strlen(mail_fixture_at(&f, 0).row->sealed));
}
END_TEST

/* Without the mail nobody could sign in, so there is no account either. */
START_TEST(no_mail_no_account)
{
    authp_id_t known;
    f.settings->email_verification_required = true;
    mem_store_fail(f.store, "outbox_add", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(sign_up(EMAIL, &known), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(found(EMAIL));
    ck_assert_int_eq(sign_up(EMAIL, &known), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email");
}
END_TEST

START_TEST(a_recruiter_by_invite)
{
    authp_id_t known;
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    const authp_actor_t actor = {.id = "65f0c0ffee00000000000a01", .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = EMAIL, .hours = 1};
    f.settings->email_verification_required = true;
    ck_assert_int_eq(authp_invite_make(f.realm, &actor, &wanted, &invite, &code, f.pool), AUTHP_OK);
    const authp_new_account_t account = fixture_new(EMAIL, NULL);
    authp_quiet_sign_up_t in = {.account = &account, .recruiter = true, .code = "no code"};
    ck_assert_int_eq(authp_quiet_sign_up(f.realm, &in, &fixture_client, &known, f.pool),
                     AUTHP_E_INVITE_INVALID);
    in.code = NULL;
    ck_assert_int_eq(authp_quiet_sign_up(f.realm, &in, &fixture_client, &known, f.pool),
                     AUTHP_E_INVITE_REQUIRED);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
    in.code = code;
    ck_assert_int_eq(authp_quiet_sign_up(f.realm, &in, &fixture_client, &known, f.pool), AUTHP_OK);
    ck_assert(found(EMAIL)->is_recruiter_verified);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email");
}
END_TEST

static const struct {
    bool required;
    bool proven;
    bool email;
    authp_login_kind_t kind;
    authp_err_t err;
} sign_ins[] = {
    {true, false, true, AUTHP_LOGIN_EMAIL, AUTHP_E_EMAIL_UNVERIFIED},
    {true, false, true, AUTHP_LOGIN_USERNAME, AUTHP_E_EMAIL_UNVERIFIED},
    {true, false, true, AUTHP_LOGIN_PHONE, AUTHP_OK},
    {true, false, false, AUTHP_LOGIN_USERNAME, AUTHP_OK},
    {true, true, true, AUTHP_LOGIN_EMAIL, AUTHP_OK},
    {false, false, true, AUTHP_LOGIN_EMAIL, AUTHP_OK},
};

START_TEST(signing_in)
{
    authp_user_t *row =
        mem_store_user(f.store, fixture_user(&f, EMAIL, "candidate", false)->id.hex);
    static const char *const logins[] = {[AUTHP_LOGIN_EMAIL] = EMAIL,
                                         [AUTHP_LOGIN_USERNAME] = "ada",
                                         [AUTHP_LOGIN_PHONE] = "+919876543210"};
    row->username = "ada";
    row->phone = "+919876543210";
    row->email = sign_ins[_i].email ? EMAIL : NULL;
    row->email_verified = sign_ins[_i].proven;
    f.settings->email_verification_required = sign_ins[_i].required;
    ck_assert_int_eq(sign_in(sign_ins[_i].kind, logins[sign_ins[_i].kind]), sign_ins[_i].err);
    if (sign_ins[_i].err != AUTHP_OK) {
        ck_assert_str_eq(fixture_audit(&f, "login")->reason, "email_unverified");
        ck_assert_int_eq(fixture_sessions(&f), 0);
    }
}
END_TEST

/* A wrong password tells nothing about the proof. */
START_TEST(only_after_the_right_password)
{
    authp_grant_t grant;
    fixture_user(&f, EMAIL, "candidate", false);
    f.settings->email_verification_required = true;
    const authp_login_t in = {
        .kind = AUTHP_LOGIN_EMAIL, .login = EMAIL, .password = "wrong", .password_len = 5};
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_E_INVALID_CREDENTIALS);
}
END_TEST

/* --- accounts that an administrator makes ------------------------------------------------------
 */

static authp_err_t make(const char *role, bool send, authp_user_t **out)
{
    const authp_actor_t actor = {.id = "65f0c0ffee00000000000a01", .client = &fixture_client};
    apr_array_header_t *roles = apr_array_make(f.pool, 1, sizeof(const char *));
    if (role != NULL) {
        APR_ARRAY_PUSH(roles, const char *) = role;
    }
    const authp_made_account_t in = {
        .email = "Ada@Example.org", .roles = role != NULL ? roles : NULL, .send = send};
    return authp_made_account_make(f.realm, &actor, &in, out, f.pool);
}

START_TEST(made_and_mailed)
{
    authp_user_t *user = NULL;
    static const char *const roles[] = {NULL, "recruiter", "admin"};
    ck_assert_int_eq(make(roles[_i], true, &user), AUTHP_OK);
    ck_assert_ptr_null(user->password_hash);
    ck_assert_str_eq(user->email, EMAIL);
    ck_assert_str_eq(APR_ARRAY_IDX(user->roles, 0, const char *),
                     _i == 0 ? "candidate" : roles[_i]);
    ck_assert(user->is_recruiter_verified == (_i == 1));
    const authp_audit_t *audit = fixture_audit(&f, "user_create");
    ck_assert_str_eq(audit->actor_id, "65f0c0ffee00000000000a01");
    ck_assert_str_eq(audit->subject_id, user->id.hex);
    ck_assert_str_eq(audit->outcome, "ok");
    ck_assert_ptr_null(audit->reason);
    const char *token = mail_fixture_token(&f, "set_password");
    const mail_fixture_t mail = mail_fixture_at(&f, -1);
    ck_assert_int_eq(mail.row->link_until - mail.row->created_at, INT64_C(7) * 24 * 3600000);
    ck_assert_int_eq(mail.row->give_up_at - mail.row->created_at, 24 * 3600000);
    ck_assert_int_ge(mail.row->expires_at, mail.row->link_until);
    ck_assert_int_eq(sign_in(AUTHP_LOGIN_EMAIL, EMAIL), AUTHP_E_INVALID_CREDENTIALS);
    f.settings->email_verification_required = true;
    ck_assert_int_eq(
        authp_password_reset_use(f.realm, token, FIXTURE_PASSWORD, &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert(found(EMAIL)->email_verified);
    ck_assert_int_eq(sign_in(AUTHP_LOGIN_EMAIL, EMAIL), AUTHP_OK);
}
END_TEST

/* The link to a first password counts against the limit, but is sent beyond it, too: anybody can
 * use up the limit of an address. */
START_TEST(made_and_mailed_beyond_the_limit)
{
    authp_user_t *user = NULL;
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    for (int i = 0; i < 1 + _i; i++) {
        f.clock.now += 1000;
        ck_assert_int_eq(authp_password_reset_ask(f.realm, EMAIL, &fixture_client, f.pool),
                         AUTHP_OK);
    }
    f.clock.now += 1000;
    ck_assert_int_eq(make(NULL, true, &user), AUTHP_OK);
    ck_assert_ptr_nonnull(mail_fixture_token(&f, "set_password"));
    f.clock.now += 1000;
    ck_assert_int_eq(authp_password_reset_ask(f.realm, EMAIL, &fixture_client, f.pool), AUTHP_OK);
    ck_assert_ptr_null(mail_fixture_at(&f, -1).letter.to);
}
END_TEST

START_TEST(made_or_not)
{
    authp_user_t *user = NULL;
    mem_store_fail(f.store, "outbox_add", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(make(NULL, true, &user), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(found(EMAIL));
    f.settings->mail_url = NULL;
    ck_assert_int_eq(make(NULL, true, &user), AUTHP_E_MAIL_UNAVAILABLE);
    ck_assert_ptr_null(found(EMAIL));
    ck_assert_ptr_null(fixture_audit(&f, "user_create"));
    ck_assert_int_eq(make(NULL, false, &user), AUTHP_OK);
    ck_assert_int_eq(make(NULL, false, &user), AUTHP_E_EMAIL_TAKEN);
    ck_assert_str_eq(fixture_audit(&f, "user_create")->outcome, "denied");
    ck_assert_str_eq(fixture_audit(&f, "user_create")->reason, "email_taken");
    ck_assert_ptr_null(fixture_audit(&f, "user_create")->subject_id);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
}
END_TEST

/* --- invites -----------------------------------------------------------------------------------
 */

START_TEST(an_invite_is_mailed)
{
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    const authp_actor_t actor = {.id = "65f0c0ffee00000000000a01", .client = &fixture_client};
    const authp_new_invite_t in = {.email = "Ada@example.org", .hours = 1, .send = true};
    ck_assert_int_eq(authp_invite_make(f.realm, &actor, &in, &invite, &code, f.pool), AUTHP_OK);
    const mail_fixture_t mail = mail_fixture_at(&f, 0);
    ck_assert_str_eq(mail.row->kind, "invite");
    ck_assert_str_eq(mail.letter.to, EMAIL);
    ck_assert_str_eq(mail.letter.code, code);
    ck_assert_ptr_null(mail.row->token_hash);
    ck_assert_ptr_null(strstr(mail.row->sealed, code));
    mem_store_fail(f.store, "outbox_add", 1, AUTHP_E_UNAVAILABLE);
    f.clock.now += 1000;
    ck_assert_int_eq(authp_invite_make(f.realm, &actor, &in, &invite, &code, f.pool),
                     AUTHP_E_UNAVAILABLE);
    const authp_page_t page = {.limit = 10};
    apr_array_header_t *invites = NULL;
    ck_assert_int_eq(authp_store_invite_list(f.store, &page, &invites, f.pool), AUTHP_OK);
    ck_assert_int_eq(invites->nelts, 2);
    ck_assert_int_ne(APR_ARRAY_IDX(invites, 1, const authp_invite_t *)->revoked_at, 0);
    f.settings->mail_url = NULL;
    ck_assert_int_eq(authp_invite_make(f.realm, &actor, &in, &invite, &code, f.pool),
                     AUTHP_E_MAIL_UNAVAILABLE);
}
END_TEST

Suite *suite_quiet_sign_up(void)
{
    Suite *suite = suite_create("quiet_sign_up");
    TCase *tests = tcase_create("quiet_sign_up");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, registration_sends_a_link);
    tcase_add_loop_test(tests, registration_without_a_mail, 0, 2);
    tcase_add_test(tests, proven_addresses_get_no_link);
    tcase_add_test(tests, equal_work);
    tcase_add_test(tests, no_mail_no_account);
    tcase_add_test(tests, a_recruiter_by_invite);
    tcase_add_loop_test(tests, signing_in, 0, 6);
    tcase_add_test(tests, only_after_the_right_password);
    tcase_add_loop_test(tests, made_and_mailed, 0, 3);
    tcase_add_loop_test(tests, made_and_mailed_beyond_the_limit, 0, 3);
    tcase_add_test(tests, made_or_not);
    tcase_add_test(tests, an_invite_is_mailed);
    suite_add_tcase(suite, tests);
    return suite;
}

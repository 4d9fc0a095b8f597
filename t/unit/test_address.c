/* SPDX-License-Identifier: Apache-2.0 */
/* Proving and changing one's own address by a mailed link. */
#include "address_fixture.h"
#include "service/account/own.h"
#include "service/address/address_change.h"
#include "service/address/address_proof.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL ADDRESS_FIXTURE_EMAIL
#define OTHER "ada.new@example.org"

static fixture_t f;
static address_fixture_t ada;

static void set_up(void)
{
    address_fixture_open(&ada, &f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t use_as(const char *token, const authp_user_t *user, const char *password)
{
    authp_user_t *out = NULL;
    f.clock.now += 1000;
    const authp_address_proof_t in = {
        .token = token, .password = password, .user = user, .client = &fixture_client};
    return authp_address_proof_use(f.realm, &in, &out, f.pool);
}

static authp_err_t use(const char *token)
{
    return use_as(token, address_fixture_now(&ada), NULL);
}

static const char *sent(void)
{
    bool is_sent = false;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert(is_sent);
    return mail_fixture_token(&f, "verify_email");
}

static const char *asked(void)
{
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, FIXTURE_PASSWORD), AUTHP_OK);
    return mail_fixture_token(&f, "verify_email");
}

/* The latest entry of that event. Without a reason nothing was refused. */
static void audited(const char *event, const char *reason)
{
    const authp_audit_t *entry = fixture_audit(&f, event);
    ck_assert_ptr_nonnull(entry);
    ck_assert_str_eq(entry->outcome, reason == NULL ? "ok" : "denied");
    ck_assert_pstr_eq(entry->reason, reason);
    ck_assert_str_eq(entry->actor_id, ada.row->id.hex);
    ck_assert_str_eq(entry->subject_id, ada.row->id.hex);
}

/* --- proving ---------------------------------------------------------------------------------- */

START_TEST(proves)
{
    const char *token = sent();
    const mail_fixture_t mail = mail_fixture_at(&f, -1);
    ck_assert_str_eq(mail.letter.to, EMAIL);
    ck_assert_ptr_null(mail.letter.name);
    ck_assert_int_eq(mail.row->link_until - mail.row->created_at, 24 * 3600000);
    ck_assert_int_eq(use(token), AUTHP_OK);
    ck_assert(address_fixture_now(&ada)->email_verified);
    ck_assert_int_eq(address_fixture_now(&ada)->min_ver, 0);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    audited("email_verify", NULL);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    bool is_sent = true;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert(!is_sent);
    ck_assert_int_eq(mail_fixture_count(&f), 1);
}
END_TEST

START_TEST(nothing_to_prove)
{
    bool is_sent = false;
    ada.row->email = NULL;
    ada.row->phone = "+4912345";
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_E_NOT_FOUND);
    ada.row->email = EMAIL;
    f.settings->mail_url = NULL;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_E_MAIL_UNAVAILABLE);
    ada.row->email_verified = true;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert(!is_sent);
}
END_TEST

/* A link alone proves nothing: it needs a session of the account, or its password. */
START_TEST(needs_its_owner)
{
    authp_user_t *eve = mail_fixture_user(&f, "eve@example.org", "candidate");
    const char *token = sent();
    ck_assert_int_eq(use_as(token, NULL, NULL), AUTHP_E_TOKEN_MISSING);
    ck_assert_int_eq(use_as(token, eve, NULL), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(use_as(token, NULL, "wrong"), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(use_as("AAAA", NULL, FIXTURE_PASSWORD), AUTHP_E_LINK_INVALID);
    ck_assert(!address_fixture_now(&ada)->email_verified);
    if (_i == 0) {
        ck_assert_int_eq(use_as(token, NULL, FIXTURE_PASSWORD), AUTHP_OK);
    } else {
        ck_assert_int_eq(use_as(token, eve, FIXTURE_PASSWORD), AUTHP_OK);
    }
    ck_assert(address_fixture_now(&ada)->email_verified &&
              !mem_store_user(f.store, eve->id.hex)->email_verified);
}
END_TEST

START_TEST(without_a_password)
{
    const char *token = sent();
    ada.row->password_hash = NULL;
    ck_assert_int_eq(use_as(token, NULL, FIXTURE_PASSWORD), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(use(token), AUTHP_OK);
}
END_TEST

START_TEST(too_late_or_of_another_address)
{
    const char *token = sent();
    ada.row->email = "third@example.org";
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    /* An account that has lost the address does not get it back. */
    ada.row->email = NULL;
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    ada.row->email = EMAIL;
    f.clock.now += 24 * 3600000;
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

/* --- changing --------------------------------------------------------------------------------- */

START_TEST(changes)
{
    ada.row->email_verified = _i == 1;
    const char *token = asked();
    ck_assert_str_eq(mail_fixture_at(&f, -1).letter.to, OTHER);
    ck_assert_str_eq(address_fixture_now(&ada)->email, EMAIL);
    ck_assert_int_eq(use(token), AUTHP_OK);
    ck_assert_str_eq(address_fixture_now(&ada)->email, OTHER);
    ck_assert(address_fixture_now(&ada)->email_verified);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    audited("email_change", NULL);
    ck_assert_ptr_null(fixture_audit(&f, "email_verify"));
    /* Only an address that was proven gets the notice. */
    ck_assert_int_eq(mail_fixture_count(&f), _i == 1 ? 2 : 1);
    if (_i == 1) {
        ck_assert_str_eq(mail_fixture_at(&f, -1).row->kind, "email_changed");
        ck_assert_str_eq(mail_fixture_at(&f, -1).letter.to, EMAIL);
    }
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

START_TEST(a_first_address)
{
    ada.row->email = NULL;
    ada.row->phone = "+4912345";
    ck_assert_int_eq(use(asked()), AUTHP_OK);
    ck_assert_str_eq(address_fixture_now(&ada)->email, OTHER);
}
END_TEST

/* The account's own address: a link that proves it, or nothing. */
START_TEST(the_own_address)
{
    ck_assert_int_eq(address_fixture_ask(&ada, "ADA@example.org", FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_int_eq(use(mail_fixture_token(&f, "verify_email")), AUTHP_OK);
    ck_assert_ptr_nonnull(fixture_audit(&f, "email_verify"));
    ck_assert_int_eq(address_fixture_ask(&ada, EMAIL, FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email (verify_email)");
}
END_TEST

START_TEST(what_asking_needs)
{
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, "wrong"), AUTHP_E_WRONG_PASSWORD);
    const authp_audit_t *denied = fixture_audit(&f, "email_change");
    ck_assert_str_eq(denied->outcome, "denied");
    ck_assert_str_eq(denied->reason, "invalid_credentials");
    ck_assert_str_eq(denied->actor_id, ada.row->id.hex);
    ck_assert_str_eq(denied->subject_id, ada.row->id.hex);
    ck_assert_str_eq(denied->session_id, ada.session->id.hex);
    const int audits = fixture_audits(&f);
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, NULL), AUTHP_OK);
    f.clock.now += 300000;
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, NULL),
                     AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, FIXTURE_PASSWORD), AUTHP_OK);
    ada.row->password_hash = NULL;
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, FIXTURE_PASSWORD),
                     AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    f.settings->mail_url = NULL;
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, "wrong"), AUTHP_E_MAIL_UNAVAILABLE);
    ck_assert_int_eq(fixture_audits(&f), audits); /* only the wrong password was one */
}
END_TEST

/* The owner of a taken address is told, and the answer is the same. */
START_TEST(a_taken_address)
{
    authp_user_t *bob = mail_fixture_user(&f, OTHER, "candidate");
    mem_store_user(f.store, bob->id.hex)->email_verified = _i == 1;
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "address_taken");
    const mail_fixture_t mail = mail_fixture_at(&f, -1);
    ck_assert_str_eq(mail.letter.to, OTHER);
    ck_assert_str_eq(mail.row->user_id, bob->id.hex);
    ck_assert_int_eq(mail.letter.name != NULL, _i == 1);
}
END_TEST

/* Taken after the link was mailed: the link stays good until the address is free again. */
START_TEST(taken_meanwhile)
{
    const char *token = asked();
    authp_user_t *bob = mail_fixture_user(&f, OTHER, "candidate");
    ck_assert_int_eq(use(token), AUTHP_E_EMAIL_TAKEN);
    ck_assert_str_eq(address_fixture_now(&ada)->email, EMAIL);
    audited("email_change", "email_taken");
    mem_store_user(f.store, bob->id.hex)->email = "bob@example.org";
    ck_assert_int_eq(use(token), AUTHP_OK);
}
END_TEST

static void register_bob(void *ctx)
{
    (void)ctx;
    mail_fixture_user(&f, OTHER, "candidate");
}

START_TEST(taken_at_the_same_moment)
{
    const char *token = asked();
    mem_store_before(f.store, "user_update", register_bob, NULL);
    ck_assert_int_eq(use(token), AUTHP_E_EMAIL_TAKEN);
    ck_assert_str_eq(address_fixture_now(&ada)->email, EMAIL);
}
END_TEST

START_TEST(a_new_password_ends_a_change)
{
    const char *token = asked();
    ada.row->min_ver = ++ada.row->ver;
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

/* Of two changes the one that is proven first counts. The other began at an address that is gone.
 */
START_TEST(two_changes)
{
    const char *one = asked();
    ck_assert_int_eq(address_fixture_ask(&ada, "third@example.org", FIXTURE_PASSWORD), AUTHP_OK);
    const char *other = mail_fixture_token(&f, "verify_email");
    ck_assert_int_eq(use(_i == 0 ? one : other), AUTHP_OK);
    ck_assert_int_eq(use(_i == 0 ? other : one), AUTHP_E_LINK_INVALID);
    ck_assert_str_eq(address_fixture_now(&ada)->email, _i == 0 ? OTHER : "third@example.org");
}
END_TEST

static void change_password(void *ctx)
{
    (void)ctx;
    authp_user_t *user = mem_store_user(f.store, ada.row->id.hex);
    user->min_ver = ++user->ver;
    user->updated_at++;
}

/* A new password between the check of the link and the change. */
START_TEST(a_password_changed_in_between)
{
    const char *token = asked();
    mem_store_before(f.store, "user_update", change_password, NULL);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    ck_assert_str_eq(address_fixture_now(&ada)->email, EMAIL);
    ck_assert_ptr_null(fixture_audit(&f, "email_change"));
}
END_TEST

/* Each operation of the store fails once: nothing has changed, and the same link works; or the
 * change is complete. */
START_TEST(each_store_call_fails)
{
    ada.row->email_verified = true;
    const char *token = asked();
    mem_store_fail(f.store, NULL, _i + 1, AUTHP_E_UNAVAILABLE);
    authp_user_t *user = apr_pmemdup(f.pool, ada.row, sizeof(*ada.row));
    authp_err_t err = use_as(token, user, NULL);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    if (err != AUTHP_OK) {
        ck_assert_int_eq(err, AUTHP_E_UNAVAILABLE);
        ck_assert_str_eq(address_fixture_now(&ada)->email, EMAIL);
        ck_assert_int_eq(use(token), AUTHP_OK);
    }
    ck_assert_str_eq(address_fixture_now(&ada)->email, OTHER);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

/* --- the own password --------------------------------------------------------------------------
 */

START_TEST(a_new_password_is_told)
{
    authp_grant_t grant;
    ada.row->email_verified = _i == 1;
    const authp_self_t self = {.user = address_fixture_now(&ada),
                               .session = ada.session,
                               .client = &fixture_client,
                               .auth_time = ada.session->auth_time / 1000};
    const authp_password_change_t change = {FIXTURE_PASSWORD, "battery staple 7"};
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), _i == 1 ? "password_changed" : "");
}
END_TEST

Suite *suite_address(void)
{
    Suite *suite = suite_create("address");
    TCase *tests = tcase_create("address");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, proves);
    tcase_add_test(tests, nothing_to_prove);
    tcase_add_loop_test(tests, needs_its_owner, 0, 2);
    tcase_add_test(tests, without_a_password);
    tcase_add_test(tests, too_late_or_of_another_address);
    tcase_add_loop_test(tests, changes, 0, 2);
    tcase_add_test(tests, a_first_address);
    tcase_add_test(tests, the_own_address);
    tcase_add_test(tests, what_asking_needs);
    tcase_add_loop_test(tests, a_taken_address, 0, 2);
    tcase_add_test(tests, taken_meanwhile);
    tcase_add_test(tests, taken_at_the_same_moment);
    tcase_add_test(tests, a_new_password_ends_a_change);
    tcase_add_loop_test(tests, two_changes, 0, 2);
    tcase_add_test(tests, a_password_changed_in_between);
    tcase_add_loop_test(tests, each_store_call_fails, 0, 12);
    tcase_add_loop_test(tests, a_new_password_is_told, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

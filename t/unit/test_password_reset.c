/* SPDX-License-Identifier: Apache-2.0 */
/* Links to a new password: who gets one, and what it does to the account. */
#include "mail_fixture.h"
#include "service/account/own.h"
#include "service/address/password_reset.h"
#include "service/sign_in/login.h"
#include "store/identities.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org"
#define NEW_PASSWORD "battery staple 7"

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

/* Ada's row in the store. */
static authp_user_t *ada(const char *role, bool proven)
{
    authp_user_t *row = mail_fixture_user(&f, EMAIL, role);
    row->email_verified = proven;
    (void)mem_store_calls(f.store, f.pool);
    return row;
}

/* A later request: ids of mails are in the order of their seconds. */
static void later(void)
{
    f.clock.now += 1000;
}

static authp_err_t ask(const char *email)
{
    later();
    return authp_password_reset_ask(f.realm, email, &fixture_client, f.pool);
}

static authp_err_t use(const char *token)
{
    later();
    return authp_password_reset_use(f.realm, token, NEW_PASSWORD, &fixture_client, f.pool);
}

static authp_err_t sign_in(const char *password, authp_grant_t *out)
{
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = EMAIL,
                              .password = password,
                              .password_len = strlen(password)};
    return authp_login_by_password(f.realm, &in, &fixture_client, out, f.pool);
}

static const char *asked(void)
{
    ck_assert_int_eq(ask(EMAIL), AUTHP_OK);
    return mail_fixture_token(&f, "reset_password");
}

/* --- asking ----------------------------------------------------------------------------------- */

START_TEST(a_known_address_gets_a_link)
{
    ada("candidate", true);
    ck_assert_int_eq(ask(" ADA@Example.org"), AUTHP_OK);
    const mail_fixture_t mail = mail_fixture_at(&f, -1);
    ck_assert_str_eq(mail.letter.to, EMAIL);
    ck_assert_int_eq(mail.row->link_until - mail.row->created_at, 30 * 60000);
    ck_assert_ptr_null(strstr(mail.row->box, "ada"));
    ck_assert_ptr_null(strstr(mail.row->sealed, "ada"));
}
END_TEST

/* The store is asked the same, whoever has the address, and the rows look the same. */
START_TEST(equal_work)
{
    authp_user_t *row = ada("candidate", true);
    ck_assert_int_eq(ask(EMAIL), AUTHP_OK);
    const char *calls = mem_store_calls(f.store, f.pool);
    size_t sealed = strlen(mail_fixture_at(&f, -1).row->sealed);
    size_t box = strlen(mail_fixture_at(&f, -1).row->box);
    (void)mem_store_calls(f.store, f.pool);
    for (int i = 0; i < 3; i++) {
        row->disabled = i == 1;
        if (i == 2) {
            row->roles = apr_array_make(f.pool, 1, sizeof(const char *));
            APR_ARRAY_PUSH(row->roles, const char *) = "admin";
            row->email_verified = false;
        }
        ck_assert_int_eq(ask(i == 0 ? "eve@example.org" : EMAIL), AUTHP_OK);
        ck_assert_str_eq(mem_store_calls(f.store, f.pool), calls);
        const mail_fixture_t decoy = mail_fixture_at(&f, -1);
        ck_assert_ptr_null(decoy.letter.to);
        ck_assert_str_ne(decoy.row->user_id, row->id.hex);
        ck_assert_int_eq(decoy.row->link_until - decoy.row->created_at, 30 * 60000);
        ck_assert_uint_eq(strlen(decoy.row->sealed), sealed);
        ck_assert_uint_eq(strlen(decoy.row->box), box);
        ck_assert_int_eq(use(decoy.letter.token), AUTHP_E_LINK_INVALID);
        (void)mem_store_calls(f.store, f.pool);
    }
}
END_TEST

/* Whatever their case, requests for one address count together, with an account or without. */
START_TEST(the_limit_is_silent)
{
    ada("candidate", true);
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(i == 1 ? "ADA@example.org" : EMAIL), AUTHP_OK);
    }
    ck_assert_str_eq(mail_fixture_kinds(&f), "reset_password reset_password (reset_password)");
    f.clock.now += 3600 * 1000;
    ck_assert_int_eq(ask(EMAIL), AUTHP_OK);
    ck_assert_ptr_nonnull(mail_fixture_at(&f, -1).letter.to);
}
END_TEST

START_TEST(without_mail)
{
    f.settings->mail_url = NULL;
    ada("candidate", true);
    ck_assert_int_eq(ask(EMAIL), AUTHP_E_MAIL_UNAVAILABLE);
    ck_assert_int_eq(ask("eve@example.org"), AUTHP_E_MAIL_UNAVAILABLE);
}
END_TEST

/* --- using ------------------------------------------------------------------------------------ */

START_TEST(a_proven_address)
{
    authp_user_t *row = ada("candidate", true);
    authp_grant_t before = fixture_start(&f, row);
    authp_grant_t grant;
    const char *token = asked();
    ck_assert_int_eq(use(token), AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
    ck_assert_int_eq(fixture_refresh(&f, before.refresh_token, &grant, f.pool),
                     AUTHP_E_REFRESH_INVALID);
    ck_assert_int_eq(sign_in(FIXTURE_PASSWORD, &grant), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(sign_in(NEW_PASSWORD, &grant), AUTHP_OK);
    ck_assert_str_eq(fixture_audit(&f, "password_reset")->subject_id, row->id.hex);
    ck_assert_ptr_null(fixture_audit(&f, "first_proof"));
    ck_assert_str_eq(mail_fixture_at(&f, 1).row->kind, "password_changed");
    ck_assert_str_eq(mail_fixture_at(&f, 1).letter.to, EMAIL);
    ck_assert_str_eq(mail_fixture_at(&f, 1).letter.name, "Somebody");
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

/* The account is taken over: whoever knew the password is out, and their name in no mail. */
START_TEST(first_proof)
{
    authp_user_t *row = ada("recruiter", false);
    row->name = "the winner of a prize, call +49 1234";
    fixture_start(&f, row);
    const char *token = asked();
    ck_assert_ptr_null(mail_fixture_at(&f, -1).letter.name);
    ck_assert_int_eq(use(token), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "reset_password password_changed");
    ck_assert_ptr_null(mail_fixture_at(&f, -1).letter.name);
    authp_user_t *after = NULL;
    ck_assert_int_eq(authp_store_user_by_login(f.store, AUTHP_LOGIN_EMAIL, EMAIL, &after, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(after->id.hex, row->id.hex);
    ck_assert(after->email_verified);
    ck_assert_str_eq(APR_ARRAY_IDX(after->roles, 0, const char *), "recruiter");
    ck_assert_int_eq(after->min_ver, after->ver);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
    ck_assert_str_eq(fixture_audit(&f, "first_proof")->subject_id, row->id.hex);
    ck_assert_ptr_nonnull(fixture_audit(&f, "password_reset"));
}
END_TEST

/* A number, or an identity, also opens the account: it keeps all but the address. */
START_TEST(a_shared_account_is_split)
{
    authp_user_t *row = ada("candidate", false);
    authp_grant_t grant;
    if (_i == 0) {
        row->phone = "+4912345";
    } else {
        authp_identity_t *identity =
            authp_identities_place(&row->identities, "corp", "https://id.example", "7", f.pool);
        *identity =
            (authp_identity_t){.provider = "corp", .issuer = "https://id.example", .sub = "7"};
    }
    authp_grant_t before = fixture_start(&f, row);
    ck_assert_int_eq(use(asked()), AUTHP_OK);
    ck_assert_int_eq(sign_in(NEW_PASSWORD, &grant), AUTHP_OK);
    ck_assert_str_ne(grant.user->id.hex, row->id.hex);
    ck_assert(grant.user->email_verified && grant.user->phone == NULL);
    ck_assert_str_eq(APR_ARRAY_IDX(grant.user->roles, 0, const char *), "candidate");
    const authp_user_t *old = mem_store_user(f.store, row->id.hex);
    ck_assert_ptr_null(old->email);
    ck_assert_ptr_nonnull(old->password_hash);
    ck_assert_int_eq(fixture_refresh(&f, before.refresh_token, &grant, f.pool),
                     AUTHP_E_REFRESH_INVALID);
    ck_assert_str_eq(fixture_audit(&f, "address_lost")->subject_id, row->id.hex);
    ck_assert_str_ne(fixture_audit(&f, "register")->subject_id, row->id.hex);
}
END_TEST

/* The link was mailed while the role was another one. */
START_TEST(never_an_unproven_administrator)
{
    authp_user_t *row = ada("candidate", false);
    const char *token = asked();
    APR_ARRAY_PUSH(row->roles, const char *) = "admin";
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    row->email_verified = true;
    ck_assert_int_eq(use(token), AUTHP_OK);
}
END_TEST

static void another_password(authp_user_t *row)
{
    row->min_ver = ++row->ver;
}

static void another_address(authp_user_t *row)
{
    row->email = "other@example.org";
}

static void disabled(authp_user_t *row)
{
    row->disabled = true;
}

static void too_late(authp_user_t *row)
{
    (void)row;
    f.clock.now += 30 * 60000 - 1000;
}

static void (*const ends[])(authp_user_t *row) = {another_password, another_address, disabled,
                                                  too_late};

START_TEST(what_ends_a_link)
{
    authp_user_t *row = ada("candidate", true);
    const char *token = asked();
    ends[_i](row);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

START_TEST(no_links)
{
    static const char *const texts[] = {"", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                        "****************************************AAA"};
    ck_assert_int_eq(use(texts[_i]), AUTHP_E_LINK_INVALID);
}
END_TEST

/* --- faults and races ------------------------------------------------------------------------- */

/* Each operation of the store fails once. Then nothing has changed, and the same link works; or the
 * change is complete. Loop: the number of the call, with a shared account from 20 on. */
START_TEST(each_store_call_fails)
{
    authp_user_t *row = ada("candidate", _i < 20);
    authp_grant_t grant;
    if (_i >= 20) {
        row->phone = "+4912345";
    }
    const char *token = asked();
    const char *hash = apr_pstrdup(f.pool, row->password_hash);
    int ver = (int)row->ver;
    mem_store_fail(f.store, NULL, _i % 20 + 1, AUTHP_E_UNAVAILABLE);
    authp_err_t err = use(token);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    if (err != AUTHP_OK) {
        ck_assert_int_eq(err, AUTHP_E_UNAVAILABLE);
        const authp_user_t *after = mem_store_user(f.store, row->id.hex);
        ck_assert_str_eq(after->password_hash, hash);
        ck_assert_str_eq(after->email, EMAIL);
        ck_assert_int_eq(after->min_ver, 0);
        ck_assert(_i >= 20 || after->ver == ver);
        ck_assert_int_eq(use(token), AUTHP_OK);
    }
    ck_assert_int_eq(sign_in(NEW_PASSWORD, &grant), AUTHP_OK);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
}
END_TEST

static void use_it(void *ctx)
{
    ck_assert_int_eq(
        authp_password_reset_use(f.realm, ctx, "another word 12", &fixture_client, f.pool),
        AUTHP_OK);
}

/* Another request uses the link between the check and the use. */
START_TEST(used_at_the_same_moment)
{
    authp_grant_t grant;
    ada("candidate", true);
    const char *token = asked();
    mem_store_before(f.store, "outbox_use", use_it, (void *)token);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    ck_assert_int_eq(sign_in("another word 12", &grant), AUTHP_OK);
}
END_TEST

static void reset_now(void *ctx)
{
    ck_assert_int_eq(use(ctx), AUTHP_OK);
}

/* A sign-in with the old password, whose account was read before the reset, gets no session that
 * lives. */
START_TEST(a_sign_in_does_not_survive)
{
    authp_grant_t grant;
    authp_grant_t again;
    ada("candidate", true);
    const char *token = asked();
    mem_store_before(f.store, "session_create", reset_now, (void *)token);
    authp_err_t err = sign_in(FIXTURE_PASSWORD, &grant);
    ck_assert(err != AUTHP_OK ||
              fixture_refresh(&f, grant.refresh_token, &again, f.pool) == AUTHP_E_REFRESH_INVALID);
}
END_TEST

static void register_first(void *ctx)
{
    const authp_new_account_t in = fixture_new(EMAIL, "candidate");
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_account_insert(f.realm, &in, AUTHP_HASH_KNOWN, &user, ctx), AUTHP_OK);
}

/* The account was split, and a registration got the address before the new account was made. */
START_TEST(the_address_is_taken_at_the_split)
{
    ada("candidate", false)->phone = "+4912345";
    const char *token = asked();
    mem_store_before(f.store, "user_create", register_first, f.pool);
    ck_assert_int_eq(use(token), AUTHP_E_LINK_INVALID);
    ck_assert_ptr_nonnull(fixture_audit(&f, "address_lost"));
    ck_assert_int_eq(use(asked()), AUTHP_OK);
}
END_TEST

static void get_another_address(void *ctx)
{
    authp_user_t *row = ctx;
    another_address(row);
    mem_store_fail(f.store, "user_create", 1, AUTHP_E_UNAVAILABLE);
}

/* The account was split, has got another address since, and no new account could be made. */
START_TEST(another_address_at_the_split_stays)
{
    authp_user_t *row = ada("candidate", false);
    row->phone = "+4912345";
    const char *token = asked();
    mem_store_before(f.store, "user_create", get_another_address, row);
    ck_assert_int_eq(use(token), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(mem_store_user(f.store, row->id.hex)->email, "other@example.org");
}
END_TEST

Suite *suite_password_reset(void)
{
    Suite *suite = suite_create("password_reset");
    TCase *tests = tcase_create("password_reset");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_known_address_gets_a_link);
    tcase_add_test(tests, equal_work);
    tcase_add_test(tests, the_limit_is_silent);
    tcase_add_test(tests, without_mail);
    tcase_add_test(tests, a_proven_address);
    tcase_add_test(tests, first_proof);
    tcase_add_loop_test(tests, a_shared_account_is_split, 0, 2);
    tcase_add_test(tests, never_an_unproven_administrator);
    tcase_add_loop_test(tests, what_ends_a_link, 0, 4);
    tcase_add_loop_test(tests, no_links, 0, 5);
    tcase_add_loop_test(tests, each_store_call_fails, 0, 40);
    tcase_add_test(tests, used_at_the_same_moment);
    tcase_add_test(tests, a_sign_in_does_not_survive);
    tcase_add_test(tests, the_address_is_taken_at_the_split);
    tcase_add_test(tests, another_address_at_the_split_stays);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for another address: what a person who asks cannot find out about other accounts. */
#include "address_fixture.h"
#include "service/address/password_reset.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"
#include "service/vault/vault.h"
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

/* The store is asked the same for an address that is free and for one that is taken, and the rows
 * look the same but for the link. */
START_TEST(equal_work)
{
    static const char *const emails[] = {"zoe@example.org", OTHER, "ada.two@example.org"};
    const char *calls = NULL;
    size_t sealed = 0;
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){100, 3600};
    mail_fixture_user(&f, OTHER, "candidate");
    for (int i = 0; i < 3; i++) {
        (void)mem_store_calls(f.store, f.pool);
        ck_assert_int_eq(address_fixture_ask(&ada, emails[i], _i == 0 ? FIXTURE_PASSWORD : NULL),
                         AUTHP_OK);
        const char *again = mem_store_calls(f.store, f.pool);
        const mail_fixture_t mail = mail_fixture_at(&f, -1);
        ck_assert_str_eq(again, calls != NULL ? calls : again);
        ck_assert_uint_eq(strlen(mail.row->sealed),
                          sealed != 0 ? sealed : strlen(mail.row->sealed));
        calls = again;
        sealed = strlen(mail.row->sealed);
    }
    ck_assert_ptr_nonnull(strstr(calls, "user_by_login tally_take tally_take outbox_add"));
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email address_taken verify_email");
}
END_TEST

/* Else the mails that an account still gets would tell whether the address that it asked for is
 * taken. */
START_TEST(the_limit_counts_taken_addresses)
{
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    for (int i = 0; i < 3; i++) {
        const char *email = apr_psprintf(f.pool, "bob%d@example.org", i);
        mail_fixture_user(&f, email, "candidate");
        ck_assert_int_eq(address_fixture_ask(&ada, email, FIXTURE_PASSWORD), AUTHP_OK);
    }
    ck_assert_str_eq(mail_fixture_kinds(&f), "address_taken address_taken (address_taken)");
    bool is_sent = false;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert_ptr_null(mail_fixture_at(&f, -1).letter.to);
}
END_TEST

/* Else anybody could keep the owner of an account from a new password. */
START_TEST(taken_addresses_use_up_no_link)
{
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    authp_user_t *holder = mail_fixture_user(&f, "bob@example.org", "candidate");
    for (int i = 0; i < 4; i++) {
        const authp_mail_post_t post = {.kind = AUTHP_MAIL_ADDRESS_TAKEN, .to = holder->email};
        ck_assert_int_eq(authp_mail_notice(f.realm, &post, holder->id.hex, f.pool), AUTHP_OK);
        f.clock.now += 1000;
    }
    ck_assert_int_eq(authp_password_reset_ask(f.realm, holder->email, &fixture_client, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "address_taken address_taken (address_taken) "
                                             "(address_taken) reset_password");
}
END_TEST

/* The limit counts the new address and the account's own. */
START_TEST(the_limit)
{
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(address_fixture_ask(&ada, apr_psprintf(f.pool, "new%d@example.org", i),
                                             FIXTURE_PASSWORD),
                         AUTHP_OK);
    }
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email verify_email (verify_email)");
    bool is_sent = false;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert(is_sent);
    ck_assert_ptr_null(mail_fixture_at(&f, -1).letter.to);
}
END_TEST

/* Others have asked for that address. The account may ask, but the address gets no more proofs. */
START_TEST(the_limit_of_an_address)
{
    const authp_link_new_t others = {.kind = AUTHP_MAIL_VERIFY_EMAIL, .to = OTHER};
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_link_send(f.realm, &others, f.pool), AUTHP_OK);
    }
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_ptr_null(mail_fixture_at(&f, -1).letter.to);
}
END_TEST

/* Else one account could keep the owners of any number of addresses from proving them. An address
 * that is taken is asked for in the same way. */
START_TEST(an_account_beyond_its_limit_uses_up_no_other)
{
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){1, 3600};
    const authp_user_t *holder = mail_fixture_user(&f, "bob@example.org", "candidate");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(address_fixture_ask(&ada, i == 0 ? "ada.two@example.org" : OTHER, NULL),
                         AUTHP_OK);
        ck_assert_int_eq(address_fixture_ask(&ada, holder->email, NULL), AUTHP_OK);
    }
    ck_assert_str_eq(mail_fixture_kinds(&f),
                     "verify_email (address_taken) (verify_email) (address_taken) (verify_email) "
                     "(address_taken)");
    f.clock.now += 1000;
    const authp_user_t *owner = mail_fixture_user(&f, OTHER, "candidate");
    const authp_link_new_t proof = {
        .kind = AUTHP_MAIL_VERIFY_EMAIL, .to = OTHER, .user = owner, .old = OTHER};
    ck_assert_int_eq(authp_link_send(f.realm, &proof, f.pool), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_at(&f, -1).letter.to, OTHER);
    f.clock.now += 1000;
    const authp_mail_post_t taken = {.kind = AUTHP_MAIL_ADDRESS_TAKEN, .to = holder->email};
    ck_assert_int_eq(authp_mail_notice(f.realm, &taken, holder->id.hex, f.pool), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_at(&f, -1).letter.to, holder->email);
}
END_TEST

/* Else a person with a stolen session could keep the owner of the account from a new password. */
START_TEST(proofs_use_up_no_new_password)
{
    bool is_sent = false;
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){2, 3600};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
        ck_assert_int_eq(address_fixture_ask(&ada, apr_psprintf(f.pool, "new%d@example.org", i),
                                             FIXTURE_PASSWORD),
                         AUTHP_OK);
    }
    for (int i = 0; i < 3; i++) {
        f.clock.now += 1000;
        ck_assert_int_eq(authp_password_reset_ask(f.realm, EMAIL, &fixture_client, f.pool),
                         AUTHP_OK);
    }
    ck_assert_str_eq(mail_fixture_kinds(&f),
                     "verify_email verify_email (verify_email) (verify_email) (verify_email) "
                     "(verify_email) reset_password reset_password (reset_password)");
}
END_TEST

/* Else a stranger could keep the owner of an address from proving it. */
START_TEST(new_passwords_use_up_no_proof)
{
    bool is_sent = false;
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){1, 3600};
    for (int i = 0; i < 2; i++) {
        f.clock.now += 1000;
        ck_assert_int_eq(authp_password_reset_ask(f.realm, EMAIL, &fixture_client, f.pool),
                         AUTHP_OK);
    }
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "reset_password (reset_password) verify_email");
}
END_TEST

/* While the data keys are lost nobody gets a mail, and no request for one counts. */
START_TEST(lost_keys_use_up_no_limit)
{
    static const char other[] = "other-key-other-key-other-key-other-key";
    struct authp_vault_t *vault = f.realm->vault;
    authp_settings_t settings = *f.settings;
    bool is_sent = false;
    f.settings->limits = true;
    f.settings->limit_mail = (authp_rate_t){1, 3600};
    settings.jwt_secret = authp_secret_make(other, sizeof(other) - 1, f.pool);
    ck_assert_int_eq(authp_vault_make(&settings, authp_clock_monotonic(), &f.realm->vault, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(address_fixture_ask(&ada, OTHER, FIXTURE_PASSWORD), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
    f.realm->vault = vault;
    ck_assert_int_eq(address_fixture_prove(&ada, &is_sent), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_at(&f, 0).letter.to, EMAIL);
}
END_TEST

Suite *suite_address_quiet(void)
{
    Suite *suite = suite_create("address_quiet");
    TCase *tests = tcase_create("address_quiet");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, equal_work, 0, 2);
    tcase_add_test(tests, the_limit_counts_taken_addresses);
    tcase_add_test(tests, taken_addresses_use_up_no_link);
    tcase_add_test(tests, the_limit);
    tcase_add_test(tests, the_limit_of_an_address);
    tcase_add_test(tests, an_account_beyond_its_limit_uses_up_no_other);
    tcase_add_test(tests, proofs_use_up_no_new_password);
    tcase_add_test(tests, new_passwords_use_up_no_proof);
    tcase_add_test(tests, lost_keys_use_up_no_limit);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Mails of accounts and invites that cannot be written: what the log says, and what is undone. */
#include "base/log.h"
#include "mail_fixture.h"
#include "service/account/account_mail.h"
#include "service/account/new_device.h"
#include "service/account/phone_account.h"
#include "service/invite/invite.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org"
#define DOWN AUTHP_E_UNAVAILABLE

static fixture_t f;
static authp_user_t *row; /* of Ada */
static char lines[2000];
static const authp_client_t laptop = {.user_agent = "Laptop", .language = "hi"};
static const authp_actor_t boss = {.id = "65f0c0ffee00000000000001", .client = &laptop};

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    if (strstr(message, "AUTHP0301: ") == message) {
        return; /* an entry of the audit */
    }
    ck_assert_int_eq(level, AUTHP_LOG_WARNING);
    ck_assert_uint_lt(strlen(lines) + strlen(message) + 2, sizeof(lines));
    strcat(strcat(lines, message), "\n");
}

static void set_up(void)
{
    fixture_open(&f);
    mail_fixture_on(&f);
    row = mail_fixture_user(&f, EMAIL, "candidate");
    row->ver = 2;
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    fixture_close(&f);
}

/* `wanted` has <id> for `id`. */
static void expect_lines(const char *wanted, const char *id)
{
    for (const char *at = strstr(wanted, "<id>"); at != NULL; at = strstr(wanted, "<id>")) {
        wanted = apr_pstrcat(f.pool, apr_pstrmemdup(f.pool, wanted, (apr_size_t)(at - wanted)), id,
                             at + 4, NULL);
    }
    ck_assert_str_eq(lines, wanted);
}

static bool is_there(const char *id)
{
    authp_user_t *found = NULL;
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    return authp_store_user_by_id(f.store, id, &found, f.pool) == AUTHP_OK;
}

/* --- notices ---------------------------------------------------------------------------------- */

/* A notice goes to a proven address alone, with the name and the language of the request. */
START_TEST(a_notice)
{
    authp_account_mail_notice(f.realm, AUTHP_MAIL_PASSWORD_CHANGED, row, &laptop, f.pool);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
    row->email_verified = true;
    authp_account_mail_notice(f.realm, AUTHP_MAIL_PASSWORD_CHANGED, row, &laptop, f.pool);
    const mail_fixture_t mail = mail_fixture_at(&f, 0);
    ck_assert_str_eq(mail.row->kind, "password_changed");
    ck_assert_str_eq(mail.row->user_id, row->id.hex);
    ck_assert_str_eq(mail.letter.to, EMAIL);
    ck_assert_str_eq(mail.letter.name, "Somebody");
    ck_assert_str_eq(mail.letter.language, "hi");
    f.clock.now += 1000;
    authp_account_mail_notice(f.realm, AUTHP_MAIL_PASSWORD_CHANGED, row, NULL, f.pool);
    ck_assert_ptr_null(mail_fixture_at(&f, 1).letter.language);
    expect_lines("", "");
}
END_TEST

START_TEST(a_notice_that_is_not_written)
{
    row->email_verified = true;
    mem_store_fail(f.store, "outbox_add", 1, DOWN);
    authp_account_mail_notice(f.realm, AUTHP_MAIL_PASSWORD_CHANGED, row, &laptop, f.pool);
    expect_lines("AUTHP0390: user <id>: no mail password_changed was written: unavailable\n",
                 row->id.hex);
}
END_TEST

/* A new password by a code to the phone is told like any other. */
START_TEST(a_password_by_code)
{
    row->email_verified = _i == 1;
    authp_user_t before = *row;
    ck_assert_int_eq(
        authp_phone_account_reset_password(f.realm, &before, "$2b$04$unlike", &laptop, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), _i == 1 ? "password_changed" : "");
    if (_i == 1) {
        ck_assert_str_eq(mail_fixture_at(&f, 0).letter.to, EMAIL);
        ck_assert_str_eq(mail_fixture_at(&f, 0).letter.language, "hi");
    }
}
END_TEST

START_TEST(whether_a_device_is_new_is_not_known)
{
    authp_grant_t grant;
    row->email_verified = true;
    ck_assert_int_eq(authp_session_start(f.realm, row, &laptop, &grant, f.pool), AUTHP_OK);
    mem_store_fail(f.store, "session_list", 1, DOWN);
    authp_new_device_tell(f.realm, &grant, &laptop, f.pool);
    expect_lines(
        "AUTHP0392: user <id>: no mail about a sign-in was written, because it is not known "
        "whether the device is new: unavailable\n",
        row->id.hex);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
}
END_TEST

/* --- the mail of welcome ---------------------------------------------------------------------- */

/* What fails, and whether the account stays. With EMAIL_VERIFICATION=required nobody could sign in
 * to it, so it is removed. */
static const struct {
    const char *fails; /* NULL: each operation */
    bool required;
    authp_err_t err;
    bool stays;
    const char *said;
} welcomes[] = {
    {"outbox_add", false, AUTHP_OK, true,
     "AUTHP0390: user <id>: no mail verify_email was written: unavailable\n"},
    {"outbox_add", true, DOWN, false,
     "AUTHP0390: user <id>: no mail verify_email was written: unavailable\n"},
    {NULL, true, DOWN, true,
     "AUTHP0390: user <id>: no mail verify_email was written: unavailable\n"
     "AUTHP0391: user <id>: the account stays, although its address cannot be proven yet: "
     "unavailable\n"},
    {"user_discard", true, AUTHP_OK, true, ""},
};

START_TEST(a_welcome)
{
    ck_assert_int_eq(authp_account_mail_welcome(f.realm, row, &laptop, f.pool), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email");
    ck_assert_str_eq(mail_fixture_at(&f, 0).letter.to, EMAIL);
    ck_assert_str_eq(mail_fixture_at(&f, 0).letter.language, "hi");
    expect_lines("", "");
}
END_TEST

START_TEST(a_welcome_that_is_not_written)
{
    const authp_user_t user = *row;
    f.settings->email_verification_required = welcomes[_i].required;
    mem_store_fail(f.store, welcomes[_i].fails, 0, DOWN);
    ck_assert_int_eq(authp_account_mail_welcome(f.realm, &user, &laptop, f.pool), welcomes[_i].err);
    ck_assert_int_eq(is_there(user.id.hex), welcomes[_i].stays);
    expect_lines(welcomes[_i].said, user.id.hex);
}
END_TEST

/* --- invites ---------------------------------------------------------------------------------- */

static authp_err_t invite(bool send, const char **id)
{
    const authp_new_invite_t wanted = {.email = " Bob@example.org", .hours = 2, .send = send};
    const authp_page_t page = {.limit = 10};
    authp_invite_t *made = NULL;
    apr_array_header_t *all = NULL;
    const char *code = NULL;
    authp_err_t err = authp_invite_make(f.realm, &boss, &wanted, &made, &code, f.pool);
    ck_assert_int_eq(err == AUTHP_OK, code != NULL);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_list(f.store, &page, &all, f.pool), AUTHP_OK);
    *id = all->nelts > 0 ? APR_ARRAY_IDX(all, 0, authp_invite_t *)->id.hex : NULL;
    return err;
}

static authp_invite_t *stored(const char *id)
{
    authp_invite_t *found = NULL;
    ck_assert_int_eq(authp_store_invite_by_id(f.store, id, &found, f.pool), AUTHP_OK);
    return found;
}

START_TEST(an_invite)
{
    const char *id = NULL;
    ck_assert_int_eq(invite(_i == 1, &id), AUTHP_OK);
    ck_assert_str_eq(stored(id)->email, "bob@example.org");
    ck_assert_str_eq(stored(id)->created_by, boss.id);
    ck_assert_int_eq(stored(id)->expires_at - stored(id)->created_at, 7200000);
    ck_assert_int_eq(stored(id)->revoked_at, 0);
    ck_assert_str_eq(mail_fixture_kinds(&f), _i == 1 ? "invite" : "");
    if (_i == 1) {
        const mail_fixture_t mail = mail_fixture_at(&f, 0);
        ck_assert_str_eq(mail.letter.to, "bob@example.org");
        ck_assert_str_eq(mail.letter.language, "hi");
        ck_assert_uint_eq(strlen(mail.letter.code), 24);
        ck_assert_ptr_null(mail.row->user_id);
    }
    expect_lines("", "");
}
END_TEST

/* Nobody has the code of an invite whose mail was not written, so the invite is revoked. */
START_TEST(an_invite_whose_mail_is_not_written)
{
    const char *id = NULL;
    mem_store_fail(f.store, "outbox_add", 1, DOWN);
    ck_assert_int_eq(invite(true, &id), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(stored(id)->revoked_at, f.clock.now);
    ck_assert_ptr_null(fixture_audit(&f, "invite_create"));
    expect_lines("", "");
}
END_TEST

static void goes_down(void *ctx)
{
    (void)ctx;
    mem_store_fail(f.store, NULL, 0, DOWN);
}

START_TEST(an_invite_that_stays_open)
{
    const char *id = NULL;
    mem_store_before(f.store, "outbox_add", goes_down, NULL);
    ck_assert_int_eq(invite(true, &id), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(stored(id)->revoked_at, 0);
    expect_lines("AUTHP0397: invite <id>: it stays open, although its mail was not written and "
                 "nobody has the code: unavailable\n",
                 id);
}
END_TEST

/* The code is random: that another invite has it already is a fault of this program. */
START_TEST(an_invite_that_is_there_already)
{
    const char *id = NULL;
    mem_store_fail(f.store, "invite_create", 1, AUTHP_E_CONFLICT);
    ck_assert_int_eq(invite(false, &id), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(id);
}
END_TEST

START_TEST(an_invite_without_mail)
{
    const char *id = NULL;
    f.settings->mail_url = NULL;
    ck_assert_int_eq(invite(true, &id), AUTHP_E_MAIL_UNAVAILABLE);
    ck_assert_ptr_null(id);
    ck_assert_int_eq(invite(false, &id), AUTHP_OK);
}
END_TEST

Suite *suite_account_mail(void)
{
    Suite *suite = suite_create("account_mail");
    TCase *tests = tcase_create("account_mail");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_notice);
    tcase_add_test(tests, a_notice_that_is_not_written);
    tcase_add_loop_test(tests, a_password_by_code, 0, 2);
    tcase_add_test(tests, whether_a_device_is_new_is_not_known);
    tcase_add_test(tests, a_welcome);
    tcase_add_loop_test(tests, a_welcome_that_is_not_written, 0,
                        (int)(sizeof(welcomes) / sizeof(welcomes[0])));
    tcase_add_loop_test(tests, an_invite, 0, 2);
    tcase_add_test(tests, an_invite_whose_mail_is_not_written);
    tcase_add_test(tests, an_invite_that_stays_open);
    tcase_add_test(tests, an_invite_that_is_there_already);
    tcase_add_test(tests, an_invite_without_mail);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that are logged when a mail cannot be written, when what came before it cannot be
 * undone, or when a link cannot be given back: their level, their text, and that there is no other
 * line. */
#include "base/log.h"
#include "mail_fixture.h"
#include "service/account/new_device.h"
#include "service/address/address_proof.h"
#include "service/address/made_account.h"
#include "service/address/password_reset.h"
#include "service/address/quiet_sign_up.h"
#include "service/invite/invite.h"
#include "service/transfer/transfer_export.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org"
#define DOWN AUTHP_E_UNAVAILABLE
#define DAY INT64_C(86400000)
#define ABOUT(format, id) apr_psprintf(f.pool, format, id)

static fixture_t f;
static char lines[4000];
static const authp_actor_t actor = {.id = "65f0c0ffee00000000000a01", .client = &fixture_client};

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char *const levels[] = {"error ", "warning ", "notice ", "info ", "debug "};
    (void)ctx;
    ck_assert_uint_lt(strlen(lines) + strlen(message) + 10, sizeof(lines));
    strcat(strcat(strcat(lines, levels[level]), message), "\n");
}

static void set_up(void)
{
    fixture_open(&f);
    mail_fixture_on(&f);
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void all_fail(void *ctx)
{
    (void)ctx;
    mem_store_fail(f.store, NULL, 0, DOWN);
}

/* The store fails at the next `op`, and if it stays down at all that follows, too. */
static void break_at(const char *op, bool stays_down)
{
    if (stays_down) {
        mem_store_before(f.store, op, all_fail, NULL);
    } else {
        mem_store_fail(f.store, op, 1, DOWN);
    }
}

static void works_again(void)
{
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    f.clock.now += 1000;
}

static const authp_user_t *found(void)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_login(f.store, AUTHP_LOGIN_EMAIL, EMAIL, &user, f.pool);
    return err == AUTHP_OK ? user : NULL;
}

/* --- one function for each row: it causes the lines, and returns how the lines must be ----------
 */

/* The address was not proven. If the link is not given back, it counts as used. */
static const char *a_proof(bool stays_down)
{
    authp_user_t *out = NULL;
    const authp_user_t *row = mail_fixture_user(&f, EMAIL, "candidate");
    bool sent = false;
    ck_assert_int_eq(authp_address_proof_send(f.realm, row, &fixture_client, &sent, f.pool),
                     AUTHP_OK);
    const authp_address_proof_t in = {
        .token = mail_fixture_token(&f, "verify_email"), .user = row, .client = &fixture_client};
    break_at("user_update", stays_down);
    ck_assert_int_eq(authp_address_proof_use(f.realm, &in, &out, f.pool), DOWN);
    works_again();
    ck_assert_int_eq(authp_address_proof_use(f.realm, &in, &out, f.pool),
                     stays_down ? AUTHP_E_LINK_INVALID : AUTHP_OK);
    return stays_down
               ? ABOUT("warning AUTHP0393: user %s: nothing was changed, but the link of the "
                       "mail counts as used: unavailable\n",
                       row->id.hex)
               : "";
}

static const char *asked_for_reset(void)
{
    ck_assert_int_eq(authp_password_reset_ask(f.realm, EMAIL, &fixture_client, f.pool), AUTHP_OK);
    return mail_fixture_token(&f, "reset_password");
}

static authp_err_t reset(const char *token)
{
    return authp_password_reset_use(f.realm, token, "battery staple 7", &fixture_client, f.pool);
}

/* An account with a number loses its address, and the new one cannot be made. */
static const char *a_split(bool stays_down)
{
    authp_user_t *row = mail_fixture_user(&f, EMAIL, "candidate");
    row->phone = "+4912345";
    const char *token = asked_for_reset();
    break_at("user_create", stays_down);
    ck_assert_int_eq(reset(token), DOWN);
    works_again();
    ck_assert_int_eq(found() != NULL, !stays_down);
    return stays_down ? apr_psprintf(
                            f.pool,
                            "warning AUTHP0394: user %s: the account has lost its address, but no "
                            "new one was made for it: unavailable\n"
                            "warning AUTHP0393: user %s: nothing was changed, but the link of the "
                            "mail counts as used: unavailable\n",
                            row->id.hex, row->id.hex)
                      : "";
}

/* The account was split, but the sessions of the old one are not ended. */
static const char *the_sessions_of_a_split_account(bool stays_down)
{
    authp_user_t *row = mail_fixture_user(&f, EMAIL, "candidate");
    row->phone = "+4912345";
    const char *token = asked_for_reset();
    break_at("audit_append", stays_down);
    ck_assert_int_eq(reset(token), AUTHP_OK);
    works_again();
    ck_assert_str_ne(found()->id.hex, row->id.hex);
    const char *first = "warning AUTHP0302: audit event address_lost (ok) could not be stored: "
                        "unavailable\n";
    return !stays_down
               ? first
               : apr_psprintf(f.pool,
                              "%swarning AUTHP0395: user %s: the account has lost its address, but "
                              "its tokens count until the sessions have ended: unavailable\n"
                              "warning AUTHP0315: user %s: the sessions are invalid, but are not "
                              "marked as ended: unavailable\n"
                              "warning AUTHP0302: audit event register (ok) could not be stored: "
                              "unavailable\n",
                              first, row->id.hex, row->id.hex);
}

/* The password was changed, and only the notice could not be written. */
static const char *the_notice_of_a_reset(bool stays_down)
{
    authp_user_t *row = mail_fixture_user(&f, EMAIL, "candidate");
    row->email_verified = true;
    const char *token = asked_for_reset();
    break_at("outbox_add", stays_down);
    ck_assert_int_eq(reset(token), AUTHP_OK);
    return ABOUT("warning AUTHP0390: user %s: no mail password_changed was written: unavailable\n",
                 row->id.hex);
}

static const char *a_made_account(bool stays_down)
{
    const authp_made_account_t in = {.email = EMAIL, .send = true};
    authp_user_t *user = NULL;
    break_at("outbox_add", stays_down);
    ck_assert_int_eq(authp_made_account_make(f.realm, &actor, &in, &user, f.pool), DOWN);
    ck_assert_ptr_null(user);
    works_again();
    ck_assert_int_eq(found() != NULL, stays_down);
    return stays_down
               ? ABOUT("warning AUTHP0396: user %s: the account stays, although its owner got "
                       "no mail: unavailable\n",
                       found()->id.hex)
               : "";
}

static const char *an_invite(bool stays_down)
{
    const authp_new_invite_t in = {.email = EMAIL, .hours = 1, .send = true};
    const authp_page_t page = {.limit = 2};
    apr_array_header_t *all = NULL;
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    break_at("outbox_add", stays_down);
    ck_assert_int_eq(authp_invite_make(f.realm, &actor, &in, &invite, &code, f.pool), DOWN);
    works_again();
    ck_assert_int_eq(authp_store_invite_list(f.store, &page, &all, f.pool), AUTHP_OK);
    ck_assert_int_eq(all->nelts, 1);
    const authp_invite_t *stored = APR_ARRAY_IDX(all, 0, const authp_invite_t *);
    ck_assert_int_eq(stored->revoked_at == 0, stays_down);
    return stays_down
               ? ABOUT("warning AUTHP0397: invite %s: it stays open, although its mail was not "
                       "written and nobody has the code: unavailable\n",
                       stored->id.hex)
               : "";
}

/* With EMAIL_VERIFICATION=required there is no account without the mail. */
static const char *a_registration(bool stays_down)
{
    authp_id_t known;
    const authp_new_account_t account = fixture_new(EMAIL, NULL);
    const authp_quiet_sign_up_t in = {.account = &account};
    f.settings->email_verification_required = true;
    break_at("outbox_add", stays_down);
    ck_assert_int_eq(authp_quiet_sign_up(f.realm, &in, &fixture_client, &known, f.pool), DOWN);
    works_again();
    ck_assert_int_eq(found() != NULL, stays_down);
    const char *begin = "warning AUTHP0390: user ";
    const char *id = apr_pstrmemdup(f.pool, lines + strlen(begin), AUTHP_ID_LEN);
    ck_assert(!stays_down || strcmp(found()->id.hex, id) == 0);
    const char *first =
        apr_pstrcat(f.pool, begin, id, ": no mail verify_email was written: unavailable\n", NULL);
    return !stays_down
               ? first
               : apr_psprintf(f.pool,
                              "%swarning AUTHP0391: user %s: the account stays, although its "
                              "address cannot be proven yet: unavailable\n",
                              first, id);
}

static const char *a_sign_in_on_a_new_device(bool stays_down)
{
    authp_user_t *row = mail_fixture_user(&f, EMAIL, "candidate");
    row->email_verified = true;
    f.settings->mail_notices = true;
    f.clock.now += DAY;
    const authp_grant_t grant = fixture_start(&f, row);
    break_at("session_list", stays_down);
    authp_new_device_tell(f.realm, &grant, &fixture_client, f.pool);
    works_again();
    ck_assert_int_eq(mail_fixture_count(&f), 0);
    return ABOUT(
        "warning AUTHP0392: user %s: no mail about a sign-in was written, because it is not "
        "known whether the device is new: unavailable\n",
        row->id.hex);
}

/* An account whose sign-up loses against another one writes another row. If an id is taken, that is
 * no fault. */
static const char *a_taken_address(bool stays_down)
{
    authp_id_t known;
    const authp_new_account_t account = fixture_new(EMAIL, NULL);
    const authp_quiet_sign_up_t in = {.account = &account};
    (void)mail_fixture_user(&f, EMAIL, "candidate");
    mem_store_fail(f.store, "used_token_add", 1, stays_down ? DOWN : AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_quiet_sign_up(f.realm, &in, &fixture_client, &known, f.pool),
                     stays_down ? DOWN : AUTHP_OK);
    works_again();
    ck_assert_str_eq(mail_fixture_kinds(&f), stays_down ? "" : "address_taken");
    return "notice AUTHP0301: register denied: reason email_taken, user -, session -, client "
           "192.0.2.7, request request-1\n";
}

/* A row that lacks what SQL needs. */
static const char *an_export(bool stays_down)
{
    authp_transfer_export_t done = {.progress = NULL};
    const authp_audit_t row = {.id = authp_id_new(f.realm->clock, f.realm->random),
                               .at = 1,
                               .event = stays_down ? NULL : "login",
                               .outcome = "ok"};
    ck_assert_int_eq(authp_store_audit_append(f.store, &row, f.pool), AUTHP_OK);
    FILE *out = tmpfile();
    ck_assert_int_eq(authp_transfer_export(f.realm, out, &done, f.pool), AUTHP_OK);
    ck_assert_int_eq(fclose(out), 0);
    return !stays_down
               ? ""
               : ABOUT("warning AUTHP0350: export: audit %s lacks a text, or has one that is "
                       "not UTF-8, or an address that is not in lower case: it is left out\n",
                       row.id.hex);
}

static const char *(*const causes[])(bool stays_down) = {a_proof,
                                                         a_split,
                                                         the_sessions_of_a_split_account,
                                                         the_notice_of_a_reset,
                                                         a_made_account,
                                                         an_invite,
                                                         a_registration,
                                                         a_sign_in_on_a_new_device,
                                                         a_taken_address,
                                                         an_export};

START_TEST(each_line)
{
    const char *expected = causes[_i / 2](_i % 2 == 1);
    ck_assert_str_eq(lines, expected);
}
END_TEST

Suite *suite_mail_lines(void)
{
    Suite *suite = suite_create("mail_lines");
    TCase *tests = tcase_create("mail_lines");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_line, 0, 2 * (int)(sizeof(causes) / sizeof(causes[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

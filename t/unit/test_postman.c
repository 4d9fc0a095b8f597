/* SPDX-License-Identifier: Apache-2.0 */
/* What sends the outbox: what a verdict of the mail server makes of a row, when a mail is tried
 * again, and what the log says. The sender is scripted, and the clock is a fake. */
#include "base/log.h"
#include "postman_fixture.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org"
#define MINUTE 60000

static postman_fixture_t p;

static void set_up(void)
{
    postman_fixture_open(&p);
}

static void tear_down(void)
{
    postman_fixture_close(&p);
}

START_TEST(a_mail_is_sent)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    const authp_mail_row_t before = *postman_fixture_row(&p, 0);
    authp_ms_t written = p.f.clock.now;
    p.f.clock.now += 5 * MINUTE;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
    ck_assert_str_eq(p.to, EMAIL);
    ck_assert_str_eq(p.from, "Us/us@example.org");
    ck_assert_str_eq(p.id, before.id.hex);
    ck_assert_int_eq(p.date, written);
    ck_assert_ptr_nonnull(strstr(p.text, "INVITE-CODE"));
    ck_assert_ptr_nonnull(strstr(p.text, p.f.settings->public_url)); /* where it counts */
    ck_assert_int_eq(p.rounds_ended, 1);
    const authp_mail_row_t *row = postman_fixture_row(&p, 0);
    ck_assert_int_eq(row->sent_at, p.f.clock.now);
    ck_assert_int_eq(row->due_at, 0);
    ck_assert_ptr_null(row->sealed);
    ck_assert_str_eq(p.log, "");
    /* Nothing is left to do. */
    p.f.clock.now += 5 * MINUTE;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 1);
}
END_TEST

/* kind, page of its link */
static const struct links_t {
    authp_mail_kind_t kind;
    const char *begin;
} links[] = {{AUTHP_MAIL_VERIFY_EMAIL, "https://www.example.org/api/auth/verify-email#"},
             {AUTHP_MAIL_RESET_PASSWORD, "https://www.example.org/api/auth/reset-password#"},
             {AUTHP_MAIL_SET_PASSWORD, "https://www.example.org/api/auth/reset-password#"}};

START_TEST(a_link_counts)
{
    const struct links_t *each = &links[_i];
    authp_link_t link;
    postman_fixture_link(&p, each->kind);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
    const char *at = strstr(p.text, each->begin);
    ck_assert_msg(at != NULL, "%s", p.text);
    at += strlen(each->begin);
    const char *token = apr_pstrndup(p.f.pool, at, 43);
    ck_assert_int_eq(authp_link_find(p.f.realm, token, 1u << each->kind, &link, p.f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(link.email, EMAIL);
}
END_TEST

START_TEST(mounts)
{
    static const char *const ends[][2] = {{NULL, "/api/auth/verify-email#"},
                                          {"/", "/verify-email#"},
                                          {"/accounts", "/accounts/verify-email#"}};
    p.f.realm->mail_mount = ends[_i][0];
    postman_fixture_link(&p, AUTHP_MAIL_VERIFY_EMAIL);
    postman_fixture_round(&p);
    const char *all = apr_pstrcat(p.f.pool, "https://www.example.org", ends[_i][1], NULL);
    ck_assert_msg(strstr(p.text, all) != NULL, "%s", p.text);
}
END_TEST

START_TEST(a_decoy_is_not_sent)
{
    const authp_link_new_t in = {.kind = AUTHP_MAIL_RESET_PASSWORD, .to = EMAIL};
    ck_assert_int_eq(authp_link_send(p.f.realm, &in, p.f.pool), AUTHP_OK);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->sent_at, 0);
    ck_assert_ptr_null(postman_fixture_row(&p, 0)->sealed);
    ck_assert_str_eq(p.log, "");
}
END_TEST

/* --- verdicts --------------------------------------------------------------------------------- */

typedef enum fate_t { WAITS, WAITS_WITH_ALL, FAILED } fate_t;

static const struct verdicts_t {
    authp_smtp_verdict_t verdict;
    fate_t fate;
    const char *error;
} verdicts[] = {{{AUTHP_SMTP_CONNECT, {0}, "refused"}, WAITS_WITH_ALL, "connect: refused"},
                {{AUTHP_SMTP_CONNECT, {554, "5.3.2"}, NULL}, WAITS_WITH_ALL, "connect: 554 5.3.2"},
                {{AUTHP_SMTP_TLS, {0}, "no trust"}, WAITS_WITH_ALL, "tls: no trust"},
                {{AUTHP_SMTP_AUTH, {535, "5.7.8"}, NULL}, WAITS_WITH_ALL, "auth: 535 5.7.8"},
                {{AUTHP_SMTP_MAIL, {550, "5.7.1"}, NULL}, WAITS_WITH_ALL, "mail: 550 5.7.1"},
                {{AUTHP_SMTP_RCPT, {550, "5.1.1"}, NULL}, FAILED, "rcpt: 550 5.1.1"},
                {{AUTHP_SMTP_RCPT, {599, ""}, NULL}, FAILED, "rcpt: 599"},
                {{AUTHP_SMTP_RCPT, {450, "4.2.1"}, NULL}, WAITS, "rcpt: 450 4.2.1"},
                {{AUTHP_SMTP_RCPT, {421, ""}, NULL}, WAITS_WITH_ALL, "rcpt: 421"},
                {{AUTHP_SMTP_RCPT, {0}, "silence"}, WAITS_WITH_ALL, "rcpt: silence"},
                {{AUTHP_SMTP_DATA, {554, "5.6.0"}, NULL}, WAITS, "data: 554 5.6.0"},
                {{AUTHP_SMTP_AFTER_DATA, {552, ""}, NULL}, WAITS, "after data: 552"},
                {{AUTHP_SMTP_AFTER_DATA, {451, ""}, NULL}, WAITS, "after data: 451"},
                {{AUTHP_SMTP_AFTER_DATA, {0}, "closed"}, WAITS_WITH_ALL, "after data: closed"}};

START_TEST(a_verdict)
{
    const struct verdicts_t *each = &verdicts[_i];
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, "next@example.org");
    postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &each->verdict);
    authp_ms_t now = p.f.clock.now;
    postman_fixture_round(&p);
    const authp_mail_row_t *row = postman_fixture_row(&p, 0);
    const authp_mail_row_t *next = postman_fixture_row(&p, 1);
    ck_assert_str_eq(row->error, each->error);
    ck_assert_ptr_nonnull(row->sealed);
    ck_assert_int_eq(row->claim_until, 0);
    ck_assert_int_eq(row->failed_at, each->fate == FAILED ? now : 0);
    ck_assert_int_eq(row->due_at, each->fate == FAILED ? 0 : now + 10000);
    ck_assert_int_eq(row->tries, each->fate == FAILED ? 0 : 1);
    ck_assert_int_eq(next->sent_at != 0, each->fate != WAITS_WITH_ALL);
    const char *id = each->fate == FAILED ? "error AUTHP0320" : "info AUTHP0321";
    ck_assert_int_eq(postman_fixture_lines(&p, id), 1);
    ck_assert_int_eq(postman_fixture_lines(&p, "warning AUTHP0323"), each->fate == WAITS_WITH_ALL);
    if (each->fate == WAITS_WITH_ALL) {
        ck_assert_int_eq(next->due_at, next->created_at);
        ck_assert_int_eq(next->tries, 0);
        p.f.clock.now = now + 4999;
        postman_fixture_round(&p);
        ck_assert_int_eq(p.calls, 1);
        p.f.clock.now = now + 5000;
        postman_fixture_round(&p);
        ck_assert_int_eq(p.calls, 2);
        ck_assert_int_ne(postman_fixture_row(&p, 1)->sent_at, 0);
        ck_assert_int_eq(postman_fixture_lines(&p, "notice AUTHP0324"), 1);
    }
}
END_TEST

/* It works again when it takes a mail, or refuses one mail for good. */
START_TEST(a_failing_server_is_logged_once)
{
    const authp_smtp_verdict_t down = {AUTHP_SMTP_CONNECT, {0}, "refused"};
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    for (int i = 0; i < 5; i++) {
        postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &down);
        postman_fixture_round(&p);
        p.f.clock.now += 15 * MINUTE;
    }
    ck_assert_int_eq(p.calls, 5);
    ck_assert_int_eq(postman_fixture_lines(&p, "warning AUTHP0323"), 1);
    postman_fixture_script(&p, _i == 0 ? AUTHP_OK : AUTHP_E_UNAVAILABLE,
                           _i == 0 ? NULL : &verdicts[5].verdict);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, _i == 0);
    ck_assert_int_eq(postman_fixture_lines(&p, "notice AUTHP0324"), 1);
}
END_TEST

START_TEST(a_message_that_cannot_be_written)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_script(&p, AUTHP_E_MALFORMED, NULL);
    postman_fixture_round(&p);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->failed_at, 0);
    ck_assert_str_eq(postman_fixture_row(&p, 0)->error, "the message cannot be written");
    ck_assert_int_eq(postman_fixture_lines(&p, "error AUTHP0320"), 1);
}
END_TEST

START_TEST(waits_double)
{
    static const int seconds[] = {10, 20, 40, 80, 160, 320, 640, 900, 900, 900};
    const authp_smtp_verdict_t later = {AUTHP_SMTP_RCPT, {450, ""}, NULL};
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    for (int i = 0; i < (int)(sizeof(seconds) / sizeof(seconds[0])); i++) {
        postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &later);
        postman_fixture_round(&p);
        const authp_mail_row_t *row = postman_fixture_row(&p, 0);
        ck_assert_int_eq(row->due_at - p.f.clock.now, seconds[i] * 1000);
        ck_assert_ptr_nonnull(strstr(p.log, apr_psprintf(p.f.pool, " for %d s:", seconds[i])));
        ck_assert_int_eq(row->tries, i + 1);
        p.f.clock.now = row->due_at - 1;
        postman_fixture_round(&p);
        ck_assert_int_eq(p.calls, i + 1);
        p.f.clock.now++;
        atomic_store(&p.desk.look_at, 0);
    }
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

/* Tries until the mail is given up. Returns after how many milliseconds that was. */
static authp_ms_t try_for_ever(void)
{
    const authp_smtp_verdict_t later = {AUTHP_SMTP_RCPT, {450, ""}, NULL};
    authp_ms_t began = p.f.clock.now;
    while (postman_fixture_row(&p, 0)->due_at != 0) {
        p.f.clock.now = postman_fixture_row(&p, 0)->due_at;
        atomic_store(&p.desk.look_at, 0);
        postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &later);
        postman_fixture_round(&p);
    }
    ck_assert_int_eq(postman_fixture_lines(&p, "error AUTHP0320"), 1);
    ck_assert_ptr_nonnull(postman_fixture_row(&p, 0)->sealed);
    ck_assert_str_eq(postman_fixture_row(&p, 0)->error,
                     "its time has passed; the last try: rcpt: 450");
    ck_assert_int_ne(postman_fixture_row(&p, 0)->failed_at, 0);
    return p.f.clock.now - began;
}

START_TEST(given_up_after_a_day)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    authp_ms_t took = try_for_ever();
    ck_assert_int_eq(took, (24 * 60 + 15) * MINUTE); /* tried at the end, and then no more */
    /* The tool's `mail retry` sends it after all. */
    int count = 0;
    ck_assert_int_eq(authp_store_outbox_retry(p.f.store, NULL, p.f.clock.now, &count, p.f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(count, 1);
    p.scripted = 0;
    atomic_store(&p.desk.look_at, 0);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

START_TEST(given_up_with_its_link)
{
    postman_fixture_link(&p, AUTHP_MAIL_RESET_PASSWORD);
    ck_assert_int_eq(try_for_ever(), 30 * MINUTE);
    ck_assert_int_eq(p.sent, 0);
}
END_TEST

/* `mail retry` gives a row another day, but its link has its own end. */
START_TEST(an_expired_link_is_not_sent)
{
    postman_fixture_link(&p, AUTHP_MAIL_RESET_PASSWORD);
    authp_mail_row_t *row = postman_fixture_stored(&p, 0);
    row->give_up_at = row->link_until + 24 * 60 * MINUTE;
    p.f.clock.now = row->link_until;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_str_eq(row->error, "its time has passed; the last try: none");
    ck_assert_int_eq(postman_fixture_lines(&p, "error AUTHP0320"), 1);
}
END_TEST

START_TEST(a_used_link_is_not_sent_again)
{
    postman_fixture_link(&p, AUTHP_MAIL_RESET_PASSWORD);
    postman_fixture_stored(&p, 0)->used_at = p.f.clock.now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->sent_at, 0);
}
END_TEST

/* --- when the store is asked ------------------------------------------------------------------ */

START_TEST(the_store_is_asked_once_a_second)
{
    int asked = 0;
    (void)mem_store_calls(p.f.store, p.f.pool);
    for (int i = 0; i < 40; i++) { /* ticks of 10 s */
        postman_fixture_round(&p);
        asked += strcmp(mem_store_calls(p.f.store, p.f.pool), "outbox_due") == 0;
        p.f.clock.now += 250;
    }
    ck_assert_int_eq(asked, 10);
    /* A new mail is sent at the next tick. */
    p.f.clock.now += 250;
    postman_fixture_round(&p);
    p.f.clock.now += 10;
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

/* A mail that is written while the postman is at work does not wait for the next second. */
static void write_one(postman_fixture_t *fixture)
{
    fixture->during = NULL;
    postman_fixture_notice(fixture, AUTHP_MAIL_INVITE, EMAIL);
}

static void write_right_after(void *ctx)
{
    write_one(ctx);
}

START_TEST(written_meanwhile)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    if (_i == 1) {
        mem_store_before(p.f.store, "outbox_due", write_right_after, &p);
    }
    p.during = _i == 0 ? write_one : NULL;
    postman_fixture_round(&p);
    p.f.clock.now += 250;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 2);
}
END_TEST

/* --- letters ---------------------------------------------------------------------------------- */

START_TEST(a_changed_letter_is_given_up)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    authp_mail_row_t *row = postman_fixture_stored(&p, 0);
    char *sealed = apr_pstrdup(p.f.pool, row->sealed);
    sealed[strlen(sealed) / 2] ^= 1;
    row->sealed = _i == 0 ? sealed : NULL;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_int_ne(row->failed_at, 0);
    ck_assert_str_eq(row->error, _i == 0 ? "its letter cannot be read" : "it has no letter");
    ck_assert_int_eq(postman_fixture_lines(&p, "error AUTHP0320"), 1);
}
END_TEST

START_TEST(a_kind_of_a_newer_version_waits)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_stored(&p, 0)->kind = "of_tomorrow";
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->due_at, p.f.clock.now + 10000);
    ck_assert_str_eq(postman_fixture_row(&p, 0)->error, "its kind is not known");
}
END_TEST

Suite *suite_postman(void)
{
    Suite *s = suite_create("postman");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_mail_is_sent);
    tcase_add_loop_test(tc, a_link_counts, 0, sizeof(links) / sizeof(links[0]));
    tcase_add_loop_test(tc, mounts, 0, 3);
    tcase_add_test(tc, a_decoy_is_not_sent);
    tcase_add_loop_test(tc, a_verdict, 0, sizeof(verdicts) / sizeof(verdicts[0]));
    tcase_add_loop_test(tc, a_failing_server_is_logged_once, 0, 2);
    tcase_add_test(tc, a_message_that_cannot_be_written);
    tcase_add_test(tc, waits_double);
    tcase_add_test(tc, given_up_after_a_day);
    tcase_add_test(tc, given_up_with_its_link);
    tcase_add_test(tc, an_expired_link_is_not_sent);
    tcase_add_test(tc, a_used_link_is_not_sent_again);
    tcase_add_loop_test(tc, a_changed_letter_is_given_up, 0, 2);
    tcase_add_test(tc, a_kind_of_a_newer_version_waits);
    tcase_add_test(tc, the_store_is_asked_once_a_second);
    tcase_add_loop_test(tc, written_meanwhile, 0, 2);
    suite_add_tcase(s, tc);
    return s;
}

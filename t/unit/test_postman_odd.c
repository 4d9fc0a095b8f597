/* SPDX-License-Identifier: Apache-2.0 */
/* What sends the outbox: results of a sender and rows that should not be, and how much one round
 * does. */
#include "base/log.h"
#include "postman_fixture.h"
#include "service/mail/outbox.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org"

static postman_fixture_t p;

static void set_up(void)
{
    postman_fixture_open(&p);
}

static void tear_down(void)
{
    postman_fixture_close(&p);
}

/* A fault of this host's own waits like one of the server, but says nothing about the server. */
START_TEST(another_fault)
{
    static const authp_err_t errors[] = {AUTHP_E_INTERNAL, AUTHP_E_BUSY, AUTHP_E_NOT_FOUND};
    const char *name = authp_err_name(errors[_i]);
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, "next@example.org");
    postman_fixture_script(&p, errors[_i], NULL);
    const authp_ms_t now = p.f.clock.now;
    postman_fixture_round(&p);
    const authp_mail_row_t *row = postman_fixture_row(&p, 0);
    ck_assert_int_eq(row->due_at, now + 10000);
    ck_assert_int_eq(row->tries, 1);
    ck_assert_str_eq(row->error, name);
    ck_assert_int_eq(p.sent, 1); /* the next one */
    ck_assert_str_eq(p.log,
                     apr_psprintf(p.f.pool, "info AUTHP0321: mail %s (invite) waits for 10 s: %s\n",
                                  row->id.hex, name));
}
END_TEST

/* Without its token the link would be a dead one. */
START_TEST(a_link_without_its_token)
{
    static const authp_mail_kind_t kinds[] = {AUTHP_MAIL_VERIFY_EMAIL, AUTHP_MAIL_RESET_PASSWORD,
                                              AUTHP_MAIL_SET_PASSWORD, AUTHP_MAIL_INVITE};
    authp_mail_row_t row = authp_outbox_row(p.f.realm, kinds[_i]);
    const authp_letter_t letter = {.to = EMAIL};
    ck_assert_int_eq(authp_outbox_put(p.f.realm, &row, &letter, false, p.f.pool), AUTHP_OK);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->failed_at, p.f.clock.now);
    ck_assert_str_eq(postman_fixture_row(&p, 0)->error, "the text cannot be written");
    ck_assert_str_eq(p.log,
                     apr_psprintf(p.f.pool,
                                  "error AUTHP0320: mail %s (%s) was given up: the text cannot be "
                                  "written\n",
                                  row.id.hex, row.kind));
}
END_TEST

/* A round sends at most 1,000 mails, in batches, and the next one sends the rest. */
START_TEST(the_most_of_a_round)
{
    for (int i = 0; i < 1001; i++) {
        postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    }
    (void)mem_store_calls(p.f.store, p.f.pool);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1000);
    ck_assert_int_eq(p.rounds_ended, 1);
    int asked = 0;
    for (const char *at = mem_store_calls(p.f.store, p.f.pool);
         (at = strstr(at, "outbox_due")) != NULL; at++) {
        asked++;
    }
    ck_assert_int_eq(asked, 50);
    p.f.clock.now += AUTHP_MAIL_DESK_LOOK_MS;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1001);
    ck_assert_int_eq(p.rounds_ended, 2);
    ck_assert_str_eq(p.log, "");
}
END_TEST

/* The lines of a server that fails, and of a mail that a process leaves open. */
START_TEST(words_of_the_log)
{
    const authp_smtp_verdict_t down = {AUTHP_SMTP_CONNECT, {0}, "refused"};
    const authp_smtp_verdict_t open = {AUTHP_SMTP_AFTER_DATA, {0}, "canceled"};
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    const char *id = apr_pstrdup(p.f.pool, postman_fixture_row(&p, 0)->id.hex);
    postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &down);
    postman_fixture_round(&p);
    p.f.clock.now += 10000;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    const char *next = apr_pstrdup(p.f.pool, postman_fixture_row(&p, 1)->id.hex);
    postman_fixture_script(&p, AUTHP_E_ABORTED, &open);
    postman_fixture_round(&p);
    ck_assert_str_eq(
        p.log, apr_psprintf(p.f.pool,
                            "warning AUTHP0323: the mail server fails: connect: refused; mails "
                            "wait\n"
                            "info AUTHP0321: mail %s (invite) waits for 10 s: connect: refused\n"
                            "notice AUTHP0324: the mail server works again\n"
                            "notice AUTHP0325: mail %s (invite): this process ends before the mail "
                            "server has said whether it took the mail: it will be sent again\n",
                            id, next));
}
END_TEST

static void note_wait(postman_fixture_t *fixture)
{
    fixture->during = NULL;
    mem_store_fail(fixture->f.store, NULL, 0, AUTHP_OK);
}

/* While the store fails after a mail was sent, it is asked twice a second. */
START_TEST(pause_between_notes)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    mem_store_fail(p.f.store, "outbox_sent", 0, AUTHP_E_UNAVAILABLE);
    p.while_waiting = note_wait;
    const authp_ms_t began = p.f.clock.now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.f.clock.now - began, 500);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->sent_at, p.f.clock.now);
}
END_TEST

/* A process that ends notes a sent mail three times at most, 100 ms apart. */
static void cancel_now(postman_fixture_t *fixture)
{
    atomic_store(&fixture->cancel, true);
}

START_TEST(notes_while_the_process_ends)
{
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    mem_store_fail(p.f.store, "outbox_sent", 0, AUTHP_E_UNAVAILABLE);
    p.during = cancel_now;
    (void)mem_store_calls(p.f.store, p.f.pool);
    const authp_ms_t began = p.f.clock.now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.f.clock.now - began, 200);
    ck_assert_ptr_nonnull(
        strstr(mem_store_calls(p.f.store, p.f.pool), " outbox_sent outbox_sent outbox_sent"));
    ck_assert_str_eq(p.log, apr_psprintf(p.f.pool,
                                         "warning AUTHP0322: mail %s (invite) was sent, but the "
                                         "store did not note that: it may be sent again\n",
                                         p.id));
}
END_TEST

/* A mail that is given back keeps the reason of its last try. */
START_TEST(given_back_with_its_reason)
{
    const authp_smtp_verdict_t later = {AUTHP_SMTP_RCPT, {450, ""}, NULL};
    const authp_smtp_verdict_t canceled = {AUTHP_SMTP_RCPT, {0}, "canceled"};
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &later);
    postman_fixture_round(&p);
    p.f.clock.now += 10000;
    postman_fixture_script(&p, AUTHP_E_ABORTED, &canceled);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 2);
    ck_assert_str_eq(postman_fixture_row(&p, 0)->error, "rcpt: 450");
    ck_assert_int_eq(postman_fixture_row(&p, 0)->due_at, p.f.clock.now);
}
END_TEST

Suite *suite_postman_odd(void)
{
    Suite *s = suite_create("postman_odd");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, another_fault, 0, 3);
    tcase_add_loop_test(tc, a_link_without_its_token, 0, 4);
    tcase_add_test(tc, the_most_of_a_round);
    tcase_add_test(tc, words_of_the_log);
    tcase_add_test(tc, pause_between_notes);
    tcase_add_test(tc, notes_while_the_process_ends);
    tcase_add_test(tc, given_back_with_its_reason);
    suite_add_tcase(s, tc);
    return s;
}

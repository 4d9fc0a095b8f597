/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of what sends the outbox: their pace and order, the end of the process, a store that
 * fails, and several processes at once. */
#include "postman_fixture.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

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

static void write_many(int count)
{
    for (int i = 0; i < count; i++) {
        postman_fixture_notice(&p, AUTHP_MAIL_INVITE,
                               apr_psprintf(p.f.pool, "person%d@example.org", i));
    }
}

static int count_sent(void)
{
    int sent = 0;
    for (int i = 0; i < postman_fixture_rows(&p); i++) {
        sent += postman_fixture_row(&p, i)->sent_at != 0;
    }
    return sent;
}

static void note_order(postman_fixture_t *fixture)
{
    ck_assert_str_eq(fixture->id, postman_fixture_row(fixture, fixture->calls - 1)->id.hex);
}

START_TEST(oldest_first_and_twenty_a_second)
{
    write_many(100);
    p.during = note_order;
    authp_ms_t began = p.f.clock.now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 100);
    ck_assert_int_eq(p.rounds_ended, 1);
    for (int i = 20; i < 100; i++) {
        ck_assert_int_ge(p.sent_at[i] - p.sent_at[i - 20], 1000);
    }
    ck_assert_int_lt(p.f.clock.now - began, 5100); /* not much slower, either */
    /* The next round keeps the pace. */
    write_many(1);
    p.during = NULL;
    postman_fixture_round(&p);
    ck_assert_int_ge(p.sent_at[100] - p.sent_at[80], 1000);
}
END_TEST

/* --- the end of the process ------------------------------------------------------------------- */

static void cancel_now(postman_fixture_t *fixture)
{
    atomic_store(&fixture->cancel, true);
}

/* Another process, which begins its round right after. */
static void send_in_another(void)
{
    atomic_store(&p.cancel, false);
    p.during = p.while_waiting = NULL;
    postman_fixture_round(&p);
}

START_TEST(canceled_before_the_end_of_data)
{
    static const authp_smtp_stage_t stages[] = {AUTHP_SMTP_CONNECT, AUTHP_SMTP_TLS,
                                                AUTHP_SMTP_AUTH,    AUTHP_SMTP_MAIL,
                                                AUTHP_SMTP_RCPT,    AUTHP_SMTP_DATA};
    const authp_smtp_verdict_t verdict = {stages[_i], {0}, "canceled"};
    write_many(2);
    p.during = cancel_now;
    postman_fixture_script(&p, AUTHP_E_ABORTED, &verdict);
    authp_ms_t now = p.f.clock.now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 1);
    ck_assert_int_eq(p.rounds_ended, 1);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->due_at, now);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->claim_until, 0);
    ck_assert_ptr_null(postman_fixture_row(&p, 0)->error);
    ck_assert_int_eq(postman_fixture_lines(&p, "warning AUTHP0323"), 0);
    send_in_another();
    ck_assert_int_eq(p.sent, 2);
}
END_TEST

START_TEST(canceled_after_the_end_of_data)
{
    const authp_smtp_verdict_t verdict = {AUTHP_SMTP_AFTER_DATA, {0}, "canceled"};
    write_many(2);
    p.during = cancel_now;
    postman_fixture_script(&p, AUTHP_E_ABORTED, &verdict);
    postman_fixture_round(&p);
    ck_assert_int_eq(postman_fixture_lines(&p, "notice AUTHP0325"), 1);
    send_in_another();
    ck_assert_int_eq(p.sent, 1); /* the other one */
    ck_assert_int_eq(postman_fixture_row(&p, 0)->sent_at, 0);
    p.f.clock.now += AUTHP_POSTMAN_CLAIM_MS;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 2);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->sent_at, 0);
}
END_TEST

START_TEST(canceled_while_it_was_taken)
{
    write_many(2);
    p.during = cancel_now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->sent_at, 0);
    send_in_another();
    ck_assert_int_eq(p.sent, 2);
    ck_assert_int_eq(count_sent(), 2);
}
END_TEST

START_TEST(canceled_while_it_waits)
{
    write_many(2);
    p.while_waiting = cancel_now;
    authp_ms_t began = p.f.clock.now;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
    ck_assert_int_le(p.f.clock.now - began, 50);
    send_in_another();
    ck_assert_int_eq(p.sent, 2);
}
END_TEST

START_TEST(canceled_before_the_round)
{
    write_many(1);
    atomic_store(&p.cancel, true);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    send_in_another();
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

/* --- a store that fails ----------------------------------------------------------------------- */

/* Does rounds of one tick each until the mail is sent. Returns after how many milliseconds it
 * was. */
static authp_ms_t until_sent(void)
{
    authp_ms_t began = p.f.clock.now;
    while (postman_fixture_row(&p, 0)->sent_at == 0) {
        ck_assert_int_lt(p.f.clock.now - began, 200000);
        p.f.clock.now += 250;
        postman_fixture_round(&p);
    }
    return p.f.clock.now - began;
}

START_TEST(the_store_fails_before_the_mail_is_sent)
{
    static const char *const ops[] = {"outbox_due", "outbox_claim"};
    write_many(1);
    mem_store_fail(p.f.store, ops[_i], 0, AUTHP_E_UNAVAILABLE);
    for (int i = 0; i < 4 * 120; i++) {
        postman_fixture_round(&p);
        p.f.clock.now += 250;
    }
    ck_assert_int_eq(p.calls, 0);
    ck_assert_str_eq(p.log, "");
    mem_store_fail(p.f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_le(until_sent(), 33000);
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

START_TEST(a_store_that_is_down_is_asked_less_often)
{
    int asked = 0;
    write_many(1);
    mem_store_fail(p.f.store, NULL, 0, AUTHP_E_UNAVAILABLE);
    (void)mem_store_calls(p.f.store, p.f.pool);
    for (int i = 0; i < 4 * 60; i++) {
        postman_fixture_round(&p);
        asked += mem_store_calls(p.f.store, p.f.pool)[0] != '\0';
        p.f.clock.now += 250;
    }
    ck_assert_int_ge(asked, 5);
    ck_assert_int_le(asked, 7); /* at 0, 1, 3, 7, 15 and 31 s */
}
END_TEST

static int waits;

static void repair_later(postman_fixture_t *fixture)
{
    if (++waits == 10) {
        mem_store_fail(fixture->f.store, NULL, 0, AUTHP_OK);
    }
}

/* The mail was sent, and the store does not take that for 5 s. */
START_TEST(the_store_fails_after_the_mail_was_sent)
{
    write_many(1);
    waits = 0;
    mem_store_fail(p.f.store, "outbox_sent", 0, AUTHP_E_UNAVAILABLE);
    p.while_waiting = repair_later;
    postman_fixture_round(&p);
    ck_assert_int_eq(waits, 10);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->sent_at, 0);
    p.while_waiting = NULL;
    p.f.clock.now += 10 * AUTHP_POSTMAN_CLAIM_MS;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 1);
    ck_assert_str_eq(p.log, "");
}
END_TEST

/* The store has done it, and only its answer was lost. */
static void lose_the_answer(void *ctx)
{
    authp_mail_row_t *row = postman_fixture_stored(ctx, 0);
    row->sent_at = p.f.clock.now;
    row->due_at = row->claim_until = 0;
    row->sealed = NULL;
}

START_TEST(the_answer_of_the_store_is_lost)
{
    write_many(1);
    mem_store_before(p.f.store, "outbox_sent", lose_the_answer, &p);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 1);
    ck_assert_str_eq(p.log, "");
}
END_TEST

/* As a locked SQLite database does. */
static void cancel_and_take_long(void *ctx)
{
    cancel_now(ctx);
    p.f.clock.now += 1600;
}

START_TEST(the_store_stays_down_after_the_mail_was_sent)
{
    write_many(1);
    mem_store_fail(p.f.store, "outbox_sent", 0, AUTHP_E_UNAVAILABLE);
    authp_ms_t began = p.f.clock.now;
    p.during = _i == 1 ? cancel_now : NULL;
    mem_store_before(p.f.store, _i == 2 ? "outbox_sent" : "none", cancel_and_take_long, &p);
    postman_fixture_round(&p);
    ck_assert_int_eq(postman_fixture_lines(&p, "warning AUTHP0322"), 1);
    if (_i == 0) {
        ck_assert_int_eq(p.f.clock.now - began, AUTHP_POSTMAN_CLAIM_MS - 3000 + 500);
    } else {
        ck_assert_int_le(p.f.clock.now - began, _i == 1 ? 300 : 1600);
    }
}
END_TEST

START_TEST(the_store_fails_when_a_mail_is_put_off_or_given_up)
{
    static const struct {
        const char *op;
        int code;
    } rows[] = {{"outbox_later", 450}, {"outbox_fail", 550}};
    const authp_smtp_verdict_t verdict = {AUTHP_SMTP_RCPT, {rows[_i].code, ""}, NULL};
    write_many(1);
    mem_store_fail(p.f.store, rows[_i].op, 1, AUTHP_E_UNAVAILABLE);
    postman_fixture_script(&p, AUTHP_E_UNAVAILABLE, &verdict);
    postman_fixture_round(&p);
    ck_assert_str_eq(p.log, ""); /* the line comes when the store has taken it */
    authp_ms_t took = until_sent();
    ck_assert_int_ge(took, AUTHP_POSTMAN_CLAIM_MS - 250);
    ck_assert_int_le(took, AUTHP_POSTMAN_CLAIM_MS + 2000);
}
END_TEST

/* --- several processes ------------------------------------------------------------------------ */

static postman_fixture_t *other_side;

/* Another httpd claims the mail between outbox_due and outbox_claim. */
static void claim_first(void *ctx)
{
    authp_mail_row_t *row = postman_fixture_stored(ctx, 0);
    row->due_at = row->claim_until = p.f.clock.now + AUTHP_POSTMAN_CLAIM_MS;
}

START_TEST(another_httpd_is_faster)
{
    write_many(2);
    mem_store_before(p.f.store, "outbox_claim", claim_first, &p);
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
    ck_assert_str_eq(p.id, postman_fixture_row(&p, 1)->id.hex);
    ck_assert_int_ne(postman_fixture_row(&p, 0)->due_at, 0);
}
END_TEST

/* Another httpd has a desk of its own, and does a whole round while this one sends. */
static void whole_round(postman_fixture_t *fixture)
{
    static authp_mail_desk_t desk;
    authp_postman_t other = fixture->postman;
    other.desk = &desk;
    fixture->during = NULL;
    memset(&desk, 0, sizeof(desk));
    authp_postman_round(&other, fixture->f.pool);
    other_side = fixture;
}

START_TEST(two_httpds)
{
    write_many(60);
    p.during = whole_round;
    postman_fixture_round(&p);
    ck_assert_ptr_eq(other_side, &p);
    ck_assert_int_eq(p.sent, 60);
    ck_assert_int_eq(count_sent(), 60);
}
END_TEST

static void take_long(postman_fixture_t *fixture)
{
    ck_assert_int_gt(fixture->desk.held_until, fixture->f.clock.now + 45000);
    fixture->f.clock.now += 14000;
}

/* A round of a slow server lasts longer than a lease. */
START_TEST(the_lease_lasts_as_long_as_the_round)
{
    write_many(10);
    p.during = take_long;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 10);
}
END_TEST

/* The account was deleted, and its mails with it, while one of them was sent. */
static void remove_row(postman_fixture_t *fixture)
{
    postman_fixture_stored(fixture, 0)->due_at = 0;
}

START_TEST(a_row_that_is_gone)
{
    write_many(2);
    p.during = remove_row;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 2);
    ck_assert_str_eq(p.log, "");
}
END_TEST

Suite *suite_postman_round(void)
{
    Suite *s = suite_create("postman_round");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, oldest_first_and_twenty_a_second);
    tcase_add_loop_test(tc, canceled_before_the_end_of_data, 0, 6);
    tcase_add_test(tc, canceled_after_the_end_of_data);
    tcase_add_test(tc, canceled_while_it_was_taken);
    tcase_add_test(tc, canceled_while_it_waits);
    tcase_add_test(tc, canceled_before_the_round);
    tcase_add_loop_test(tc, the_store_fails_before_the_mail_is_sent, 0, 2);
    tcase_add_test(tc, a_store_that_is_down_is_asked_less_often);
    tcase_add_test(tc, the_store_fails_after_the_mail_was_sent);
    tcase_add_test(tc, the_answer_of_the_store_is_lost);
    tcase_add_loop_test(tc, the_store_stays_down_after_the_mail_was_sent, 0, 3);
    tcase_add_loop_test(tc, the_store_fails_when_a_mail_is_put_off_or_given_up, 0, 2);
    tcase_add_test(tc, another_httpd_is_faster);
    tcase_add_test(tc, two_httpds);
    tcase_add_test(tc, the_lease_lasts_as_long_as_the_round);
    tcase_add_test(tc, a_row_that_is_gone);
    suite_add_tcase(s, tc);
    return s;
}

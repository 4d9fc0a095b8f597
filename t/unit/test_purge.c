/* SPDX-License-Identifier: Apache-2.0 */
#include "mail_fixture.h"
#include "service/mail/link.h"
#include "service/mail/mail.h"
#include "service/session/purge.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define HOUR INT64_C(3600000)
#define KEPT (2 * HOUR)

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static int purge(int batches)
{
    int removed = -1;
    ck_assert_int_eq(authp_purge_run(f.realm, batches, &removed, f.pool), AUTHP_OK);
    return removed;
}

START_TEST(two_hours_later_and_not_before)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, ada);
    ck_assert_int_eq(purge(1), 0);
    ck_assert_int_eq(authp_store_session_end(f.store, grant.session->id.hex, "logout",
                                             authp_clock_now(f.realm->clock), f.pool),
                     AUTHP_OK);
    fake_clock_advance(&f.clock, KEPT);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
    ck_assert_ptr_null(mem_store_session(f.store, grant.session->id.hex));
    ck_assert_ptr_nonnull(mem_store_user(f.store, ada->id.hex));
}
END_TEST

/* While this host's clock is wrong nothing is removed, however old rows seem to be. */
START_TEST(a_wrong_clock_removes_nothing)
{
    static const authp_ms_t wrong[] = {8 * 24 * HOUR, 20001, -20001};
    const authp_event_t event = {.event = "login", .outcome = "ok"};
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, ada);
    int removed = 7;
    authp_audit_write(f.realm, &event, &fixture_client, f.pool);
    f.settings->audit_retention_days = 1;
    mem_store_ahead(f.store, -wrong[_i]);
    fake_clock_advance(&f.clock, wrong[_i]);
    ck_assert_int_eq(authp_purge_run(f.realm, 5, &removed, f.pool), AUTHP_E_CLOCKS_DIFFER);
    ck_assert_int_eq(removed, 7);
    ck_assert_ptr_nonnull(mem_store_session(f.store, grant.session->id.hex));
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), 1);
    /* After the clock was set right the purge continues. */
    fake_clock_advance(&f.clock, -wrong[_i]);
    mem_store_ahead(f.store, 0);
    ck_assert_int_eq(purge(5), 0);
}
END_TEST

/* The offset that the poll measured may be old, so the purge measures again. */
START_TEST(the_clock_is_looked_at_each_time)
{
    int removed = 7;
    (void)fixture_start(&f, fixture_user(&f, "ada@example.org", "candidate", false));
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 8 * 24 * HOUR);
    mem_store_ahead(f.store, -8 * 24 * HOUR);
    ck_assert_int_eq(authp_purge_run(f.realm, 1, &removed, f.pool), AUTHP_E_CLOCKS_DIFFER);
    mem_store_fail(f.store, "clock", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_purge_run(f.realm, 1, &removed, f.pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(removed, 7);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
}
END_TEST

/* While the difference is allowed, ages count by the store's clock. */
START_TEST(ages_are_the_stores)
{
    authp_grant_t grant =
        fixture_start(&f, fixture_user(&f, "ada@example.org", "candidate", false));
    ck_assert_int_eq(authp_store_session_end(f.store, grant.session->id.hex, "logout",
                                             authp_clock_now(f.realm->clock), f.pool),
                     AUTHP_OK);
    mem_store_ahead(f.store, -20000);
    fake_clock_advance(&f.clock, KEPT + 20000);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
}
END_TEST

START_TEST(long_tokens_change_nothing)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, ada);
    f.settings->access_token_minutes = 1440;
    ck_assert_int_eq(authp_store_session_end(f.store, grant.session->id.hex, "logout",
                                             authp_clock_now(f.realm->clock), f.pool),
                     AUTHP_OK);
    fake_clock_advance(&f.clock, KEPT);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
}
END_TEST

START_TEST(traces_of_the_deleted_go)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, ada);
    ck_assert_ptr_nonnull(mem_store_session(f.store, grant.session->id.hex)->ip);
    ck_assert_int_eq(authp_store_user_delete(f.store, ada, authp_clock_now(f.realm->clock), f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(purge(1), 0);
    ck_assert_ptr_null(mem_store_session(f.store, grant.session->id.hex)->ip);
    fake_clock_advance(&f.clock, KEPT + 1);
    ck_assert_int_eq(purge(1), 1); /* one tombstone; the session stays until it expires */
    mem_store_fail(f.store, "user_list_deleted", 0, AUTHP_E_UNAVAILABLE);
    int removed = 7;
    ck_assert_int_eq(authp_purge_run(f.realm, 1, &removed, f.pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(removed, 7);
}
END_TEST

START_TEST(batch_by_batch)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    for (int i = 0; i < 700; i++) {
        (void)fixture_start(&f, ada);
    }
    const authp_end_t end = {.reason = "x", .now = authp_clock_now(f.realm->clock)};
    int ended = 0;
    ck_assert_int_eq(authp_store_session_end_user(f.store, ada->id.hex, &end, &ended), AUTHP_OK);
    ck_assert_int_eq(ended, 700);
    fake_clock_advance(&f.clock, KEPT + 1);
    ck_assert_int_eq(purge(1), 500);
    ck_assert_int_eq(purge(5), 200);
    ck_assert_int_eq(purge(5), 0);
}
END_TEST

/* One run removes all rows, in several batches. */
START_TEST(several_batches_in_one_run)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    const authp_end_t end = {.reason = "x", .now = authp_clock_now(f.realm->clock)};
    int ended = 0;
    for (int i = 0; i < 1300; i++) {
        (void)fixture_start(&f, ada);
    }
    ck_assert_int_eq(authp_store_session_end_user(f.store, ada->id.hex, &end, &ended), AUTHP_OK);
    fake_clock_advance(&f.clock, KEPT + 1);
    ck_assert_int_eq(purge(2), 1000);
    ck_assert_int_eq(purge(3), 300);
    mem_store_fail(f.store, "purge", 0, AUTHP_E_UNAVAILABLE);
    int removed = 7;
    ck_assert_int_eq(authp_purge_run(f.realm, 3, &removed, f.pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(removed, 7);
}
END_TEST

/* There are more deleted accounts than fit into a page. */
START_TEST(traces_of_all_the_deleted_go)
{
    enum { MANY = 205 };
    const char *sids[MANY];
    for (int i = 0; i < MANY; i++) {
        authp_user_t *user =
            fixture_user(&f, apr_psprintf(f.pool, "u%d@example.org", i), "candidate", false);
        sids[i] = fixture_start(&f, user).session->id.hex;
        fake_clock_advance(&f.clock, 1); /* so that the ids are in this order */
        ck_assert_int_eq(
            authp_store_user_delete(f.store, user, authp_clock_now(f.realm->clock), f.pool),
            AUTHP_OK);
    }
    ck_assert_int_eq(purge(1), 0);
    for (int i = 0; i < MANY; i++) {
        ck_assert_ptr_null(mem_store_session(f.store, sids[i])->ip);
    }
}
END_TEST

/* An expired invite is kept for a month, because it shows who invited an account. Failures are
 * removed at once. */
START_TEST(invites_and_failures)
{
    authp_invite_t *found = NULL;
    authp_failures_t failures = {.count = 0};
    int64_t count = 0;
    const authp_ms_t now = authp_clock_now(f.realm->clock);
    const authp_invite_t invite = {.id = {"65f0c0ffee00000000000001"},
                                   .email = "ada@example.org",
                                   .code_hash = "h",
                                   .created_at = now,
                                   .expires_at = now + HOUR};
    const authp_failure_t failure = {.key = "k", .at = now, .expires_at = now + HOUR};
    ck_assert_int_eq(authp_store_invite_create(f.store, &invite, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_failure_add(f.store, &failure, &count, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, HOUR);
    ck_assert_int_eq(purge(1), 0);
    ck_assert_int_eq(authp_store_failure_get(f.store, "k", now, &failures, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
    ck_assert_int_eq(authp_store_failure_get(f.store, "k", now, &failures, f.pool),
                     AUTHP_E_NOT_FOUND);
    fake_clock_advance(&f.clock, 30 * 24 * HOUR - 1);
    ck_assert_int_eq(purge(1), 0);
    ck_assert_int_eq(authp_store_invite_by_id(f.store, invite.id.hex, &found, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
    ck_assert_int_eq(authp_store_invite_by_id(f.store, invite.id.hex, &found, f.pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

/* A used token and a login code are removed in the millisecond after they have expired. */
START_TEST(tokens_and_codes)
{
    const authp_ms_t now = authp_clock_now(f.realm->clock);
    const authp_login_code_t code = {.id = {"65f0c0ffee00000000000001"},
                                     .code_hash = "h",
                                     .user_id = {"65f0c0ffee00000000000002"},
                                     .challenge = "c",
                                     .created_at = now,
                                     .expires_at = now + 60000};
    ck_assert_int_eq(authp_store_used_token_add(f.store, "k", now + 60000, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_login_code_create(f.store, &code, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 60000);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 2);
    ck_assert_int_eq(authp_store_used_token_add(f.store, "k", now + HOUR, f.pool), AUTHP_OK);
}
END_TEST

/* A one-time code is kept for a day after it has expired, so that who sends it learns that. */
START_TEST(one_time_codes)
{
    const authp_ms_t now = authp_clock_now(f.realm->clock);
    authp_otp_code_t *found = NULL;
    const authp_otp_code_t code = {.id = {"65f0c0ffee00000000000001"},
                                   .phone = "+919876543210",
                                   .code_id = {"65f0c0ffee00000000000002"},
                                   .purpose = "enter",
                                   .provider = "mock",
                                   .created_at = now,
                                   .expires_at = now + HOUR};
    ck_assert_int_eq(authp_store_otp_put(f.store, &code, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 25 * HOUR);
    ck_assert_int_eq(purge(1), 0);
    ck_assert_int_eq(authp_store_otp_of(f.store, code.phone, &found, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
}
END_TEST

static authp_mail_row_t *mail_of(const char *kind)
{
    const authp_page_t page = {.limit = 100};
    apr_array_header_t *rows = NULL;
    ck_assert_int_eq(
        authp_store_outbox_list(f.store, AUTHP_MAIL_STATE_WAITING, &page, &rows, f.pool), AUTHP_OK);
    for (int i = 0; i < rows->nelts; i++) {
        authp_mail_row_t *row = APR_ARRAY_IDX(rows, i, authp_mail_row_t *);
        if (strcmp(row->kind, kind) == 0) {
            return row;
        }
    }
    ck_abort_msg("no mail %s waits", kind);
}

static void write_mails(authp_user_t *user)
{
    static const authp_mail_kind_t links[] = {AUTHP_MAIL_VERIFY_EMAIL, AUTHP_MAIL_RESET_PASSWORD,
                                              AUTHP_MAIL_SET_PASSWORD};
    static const authp_mail_kind_t notices[] = {AUTHP_MAIL_PASSWORD_CHANGED,
                                                AUTHP_MAIL_ADDRESS_TAKEN, AUTHP_MAIL_INVITE};
    for (int i = 0; i < 3; i++) {
        const authp_link_new_t link = {.kind = links[i], .user = user, .to = user->email};
        const authp_mail_post_t post = {.kind = notices[i], .to = user->email};
        ck_assert_int_eq(authp_link_send(f.realm, &link, f.pool), AUTHP_OK);
        ck_assert_int_eq(authp_mail_notice(f.realm, &post, user->id.hex, f.pool), AUTHP_OK);
    }
}

/* Mails without a link, or with one that lasts for a day or less, are kept for 25 hours; the link
 * to a first password for 7 days and an hour. A mail that the tool put back is kept while it waits.
 * Data keys stay. */
START_TEST(mails)
{
    mail_fixture_on(&f);
    authp_user_t *ada = mail_fixture_user(&f, "ada@example.org", "candidate");
    const authp_ms_t now = authp_clock_now(f.realm->clock);
    write_mails(ada);
    const authp_mail_row_t *proof = mail_of("verify_email");
    const authp_mail_row_t *invite = mail_of("invite");
    const authp_mail_row_t *first = mail_of("set_password");
    const char *put_back = mail_of("address_taken")->id.hex;
    ck_assert_int_eq(authp_store_outbox_sent(f.store, proof->id.hex, proof->due_at, now, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_use(f.store, proof->id.hex, now, f.pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_outbox_fail(f.store, invite->id.hex, invite->due_at, now, "550", f.pool),
        AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_sent(f.store, first->id.hex, first->due_at, now, f.pool),
                     AUTHP_OK);
    int count = 0;
    fake_clock_advance(&f.clock, 24 * HOUR);
    ck_assert_int_eq(authp_store_outbox_retry(f.store, put_back, now + 24 * HOUR, &count, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(count, 1);
    fake_clock_advance(&f.clock, HOUR);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 4); /* sent and used; given up; and two that nobody has sent */
    ck_assert_str_eq(mail_fixture_kinds(&f), "address_taken");
    fake_clock_advance(&f.clock, 23 * HOUR - 1);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
    fake_clock_advance(&f.clock, 5 * 24 * HOUR + HOUR - 1);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
    apr_array_header_t *keys = NULL;
    ck_assert_int_eq(authp_store_data_key_list(f.store, &keys, f.pool), AUTHP_OK);
    ck_assert_int_eq(keys->nelts, 1);
}
END_TEST

static int audit_rows(void)
{
    return mem_store_audit_count(f.store, "login");
}

START_TEST(the_audit_ages)
{
    const authp_event_t event = {.event = "login", .outcome = "ok"};
    authp_audit_write(f.realm, &event, &fixture_client, f.pool);
    f.settings->audit_retention_days = 2;
    fake_clock_advance(&f.clock, 48 * HOUR);
    authp_audit_write(f.realm, &event, &fixture_client, f.pool);
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
    ck_assert_int_eq(audit_rows(), 1);
    f.settings->audit_retention_days = 0;
    fake_clock_advance(&f.clock, 36500 * 24 * HOUR - 1);
    ck_assert_int_eq(purge(1), 0);
    ck_assert_int_eq(audit_rows(), 1);
    f.settings->audit_retention_days = 36500; /* more milliseconds than an int can hold */
    ck_assert_int_eq(purge(1), 0);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(purge(1), 1);
}
END_TEST

Suite *suite_purge(void)
{
    Suite *suite = suite_create("purge");
    TCase *tests = tcase_create("purge");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, two_hours_later_and_not_before);
    tcase_add_loop_test(tests, a_wrong_clock_removes_nothing, 0, 3);
    tcase_add_test(tests, the_clock_is_looked_at_each_time);
    tcase_add_test(tests, ages_are_the_stores);
    tcase_add_test(tests, long_tokens_change_nothing);
    tcase_add_test(tests, traces_of_the_deleted_go);
    tcase_add_test(tests, batch_by_batch);
    tcase_add_test(tests, several_batches_in_one_run);
    tcase_add_test(tests, traces_of_all_the_deleted_go);
    tcase_add_test(tests, invites_and_failures);
    tcase_add_test(tests, tokens_and_codes);
    tcase_add_test(tests, one_time_codes);
    tcase_add_test(tests, mails);
    tcase_add_test(tests, the_audit_ages);
    suite_add_tcase(suite, tests);
    return suite;
}

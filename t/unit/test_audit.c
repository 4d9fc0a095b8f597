/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to the audit, and which entries are also logged. */
#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "fixture.h"
#include "service/sign_in/login.h"
#include "suite.h"

static fixture_t f;

static struct {
    int lines;
    authp_log_level_t level;
    char last[1100];
    char all[20000];
} logged;

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    logged.lines++;
    logged.level = level;
    ck_assert_uint_lt(strlen(message), sizeof(logged.last));
    apr_cpystrn(logged.last, message, sizeof(logged.last));
    size_t len = strlen(logged.all);
    apr_cpystrn(logged.all + len, message, sizeof(logged.all) - len);
}

static void set_up(void)
{
    fixture_open(&f);
    memset(&logged, 0, sizeof(logged));
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    fixture_close(&f);
}

START_TEST(stores_who_what_when)
{
    const authp_event_t event = {.event = "logout",
                                 .outcome = "ok",
                                 .reason = "logout_all",
                                 .actor_id = "aaaaaaaaaaaaaaaaaaaaaaaa",
                                 .subject_id = "bbbbbbbbbbbbbbbbbbbbbbbb",
                                 .session_id = "cccccccccccccccccccccccc"};
    authp_audit_write(f.realm, &event, &fixture_client, f.pool);
    const authp_audit_t *entry = fixture_audit(&f, "logout");
    ck_assert(authp_id_valid(entry->id.hex));
    ck_assert_int_eq(entry->at, FAKE_CLOCK_START);
    ck_assert_str_eq(entry->outcome, event.outcome);
    ck_assert_str_eq(entry->reason, event.reason);
    ck_assert_str_eq(entry->actor_id, event.actor_id);
    ck_assert_str_eq(entry->subject_id, event.subject_id);
    ck_assert_str_eq(entry->session_id, event.session_id);
    ck_assert_str_eq(entry->ip, fixture_client.ip);
    ck_assert_str_eq(entry->request_id, fixture_client.request_id);
    ck_assert_int_eq(logged.lines, 0); /* success is only in the audit */
}
END_TEST

START_TEST(absent_parts)
{
    const authp_event_t event = {.event = "login", .outcome = "denied"};
    authp_audit_write(f.realm, &event, NULL, f.pool);
    const authp_audit_t *entry = fixture_audit(&f, "login");
    ck_assert_ptr_null(entry->reason);
    ck_assert_ptr_null(entry->subject_id);
    ck_assert_ptr_null(entry->ip);
    ck_assert(entry->actor_id == NULL && entry->session_id == NULL && entry->request_id == NULL);
    ck_assert_int_eq(logged.lines, 1);
    ck_assert_str_eq(logged.last, "AUTHP0301: login denied: reason -, user -, session -, client -, "
                                  "request -");
}
END_TEST

START_TEST(levels)
{
    const authp_event_t denied = {.event = "login",
                                  .outcome = "denied",
                                  .reason = "not_candidate",
                                  .actor_id = "aaaaaaaaaaaaaaaaaaaaaaaa",
                                  .subject_id = "bbbbbbbbbbbbbbbbbbbbbbbb",
                                  .session_id = "cccccccccccccccccccccccc"};
    authp_audit_write(f.realm, &denied, &fixture_client, f.pool);
    ck_assert_int_eq(logged.level, AUTHP_LOG_NOTICE);
    ck_assert_str_eq(
        logged.last,
        "AUTHP0301: login denied: reason not_candidate, user bbbbbbbbbbbbbbbbbbbbbbbb, "
        "session cccccccccccccccccccccccc, client 192.0.2.7, request request-1");
    const authp_event_t theft = {.event = "refresh_reuse", .outcome = "denied"};
    authp_audit_write(f.realm, &theft, &fixture_client, f.pool);
    ck_assert_int_eq(logged.level, AUTHP_LOG_WARNING);
    ck_assert_int_eq(logged.lines, 2);
}
END_TEST

START_TEST(store_down_is_logged)
{
    const authp_event_t event = {.event = "login", .outcome = "ok"};
    mem_store_fail(f.store, "audit_append", 0, AUTHP_E_UNAVAILABLE);
    authp_audit_write(f.realm, &event, &fixture_client, f.pool);
    ck_assert_int_eq(logged.lines, 1);
    ck_assert_int_eq(logged.level, AUTHP_LOG_WARNING);
    ck_assert_str_eq(logged.last,
                     "AUTHP0302: audit event login (ok) could not be stored: unavailable");
}
END_TEST

static void hold_none(const char *text, const char *const *secrets)
{
    for (; *secrets != NULL; secrets++) {
        ck_assert_msg(text == NULL || strstr(text, *secrets) == NULL, "\"%s\" holds %s", text,
                      *secrets);
    }
}

/* Everything that happens to a session is recorded without a secret. */
START_TEST(nothing_secret)
{
    authp_login_t login = {.kind = AUTHP_LOGIN_EMAIL,
                           .login = "ada.lovelace@example.org",
                           .password = "not the password",
                           .password_len = 16};
    authp_new_account_t in = fixture_new(login.login, NULL);
    authp_grant_t grant = {0};
    authp_grant_t next = {0};
    ck_assert_int_eq(authp_account_register(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_account_register(f.realm, &in, &fixture_client, &next, f.pool),
                     AUTHP_E_EMAIL_TAKEN);
    ck_assert_int_eq(authp_login_by_password(f.realm, &login, &fixture_client, &next, f.pool),
                     AUTHP_E_INVALID_CREDENTIALS);
    login.password = FIXTURE_PASSWORD;
    login.password_len = strlen(FIXTURE_PASSWORD);
    f.settings->bcrypt_rounds = 5;
    mem_store_fail(f.store, "user_upgrade_hash", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_login_by_password(f.realm, &login, &fixture_client, &next, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &next, f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 60000);
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &next, f.pool),
                     AUTHP_E_REFRESH_REUSED);
    const char *const secrets[] = {
        "not the password", FIXTURE_PASSWORD,   "ada.lovelace", "$2y$", grant.refresh_token,
        next.refresh_token, grant.access_token, FIXTURE_SECRET, NULL};
    static const char *const events[] = {"register", "login", "refresh_reuse"};
    ck_assert_int_ge(logged.lines, 4);
    hold_none(logged.all, secrets);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const authp_audit_t *entry = fixture_audit(&f, events[i]);
        hold_none(entry->reason, secrets);
        hold_none(entry->actor_id, secrets);
        hold_none(entry->subject_id, secrets);
        hold_none(entry->session_id, secrets);
    }
}
END_TEST

Suite *suite_audit(void)
{
    Suite *suite = suite_create("audit");
    TCase *audit = tcase_create("audit");
    tcase_add_checked_fixture(audit, set_up, tear_down);
    tcase_add_test(audit, stores_who_what_when);
    tcase_add_test(audit, absent_parts);
    tcase_add_test(audit, levels);
    tcase_add_test(audit, store_down_is_logged);
    tcase_add_test(audit, nothing_secret);
    suite_add_tcase(suite, audit);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* No code and no whole number in a log line, at any level, or in the audit; no code in a row. */
#include "base/log.h"
#include "suite.h"
#include "support/otp_fixture.h"

#include <apr_strings.h>
#include <string.h>

#define NATIONAL "9876543210"

static fixture_t f;
static otp_fixture_t o;
static apr_array_header_t *lines; /* const char *, in the fixture's pool */

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    APR_ARRAY_PUSH(lines, const char *) = apr_pstrdup(lines->pool, message);
}

static void set_up(void)
{
    fixture_open(&f);
    otp_fixture_open(&o, &f);
    lines = apr_array_make(f.pool, 16, sizeof(const char *));
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void clean(const char *text, const char *code)
{
    ck_assert_msg(text == NULL || strstr(text, code) == NULL, "a code: %s", text);
    ck_assert_msg(text == NULL || strstr(text, NATIONAL) == NULL, "a number: %s", text);
}

static void all_clean(const char *code)
{
    const authp_audit_filter_t all = {.limit = 200};
    apr_array_header_t *entries = NULL;
    for (int i = 0; i < lines->nelts; i++) {
        clean(APR_ARRAY_IDX(lines, i, const char *), code);
    }
    ck_assert_int_eq(authp_store_audit_list(f.store, &all, &entries, f.pool), AUTHP_OK);
    for (int i = 0; i < entries->nelts; i++) {
        const authp_audit_t *entry = APR_ARRAY_IDX(entries, i, const authp_audit_t *);
        clean(entry->reason, code);
        clean(entry->subject_id, code);
        clean(entry->actor_id, code);
    }
}

/* Everything that is logged about codes: what is sent, refused, wrong, too often wrong, used twice,
 * a budget at its end, and stores and providers that fail. */
START_TEST(no_secret_in_logs_and_audit)
{
    static const char *const calls[] = {"tally_get",   "tally_take",       "otp_put", "otp_of",
                                        "otp_attempt", "otp_attempt_undo", "otp_use"};
    f.settings->otp_limit_wrong.count = 4;
    f.settings->otp_budget_day = 2;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_ENTER), AUTHP_OK);
    const char *code = apr_pstrdup(f.pool, o.code);
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_ENTER), AUTHP_E_RATE_LIMITED);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_ENTER,
                                           otp_fixture_wrong(&o, f.pool), f.pool),
                         AUTHP_E_INVALID_OTP);
    }
    all_clean(otp_fixture_wrong(&o, f.pool));
    all_clean(code);
    f.settings->otp_limit_wrong.count = 1000;
    fake_clock_advance(&f.clock, INT64_C(86400000));
    o.send_answer = AUTHP_E_OTP_SEND_FAILED;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, AUTHP_OTP_USER), AUTHP_E_OTP_SEND_FAILED);
    o.send_answer = AUTHP_OK;
    o.verify_answer = AUTHP_E_UNAVAILABLE;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        mem_store_fail(f.store, calls[i], 1, AUTHP_E_UNAVAILABLE);
        authp_err_t err = otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_USER, "864201", f.pool);
        ck_assert_int_ne(err, AUTHP_OK);
        fake_clock_advance(&f.clock, 30000);
        err = otp_fixture_send(&f, OTP_PHONE, i % 2 != 0 ? AUTHP_OTP_ENTER : AUTHP_OTP_USER);
        ck_assert(err == AUTHP_OK || err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_RATE_LIMITED);
        if (o.code[0] != '\0') {
            all_clean(o.code);
        }
    }
    all_clean("864201");
    ck_assert_int_gt(lines->nelts, 5);
}
END_TEST

/* The row of a code has no text with the code, and no address or device in the clear. */
START_TEST(no_code_in_rows)
{
    const authp_otp_request_t request = {.phone = OTP_PHONE,
                                         .purpose = AUTHP_OTP_ADMIN_LOGIN,
                                         .bound_ip = "192.0.2.77",
                                         .bound_device = "a-device"};
    authp_otp_code_t *row = NULL;
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &fixture_client, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_otp_of(f.store, OTP_PHONE, &row, f.pool), AUTHP_OK);
    const char *const texts[] = {row->id.hex,    row->code_id.hex, row->purpose,     row->provider,
                                 row->code_hmac, row->bound_ip,    row->bound_device};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        clean(texts[i], o.code);
        ck_assert(texts[i] == NULL || strstr(texts[i], "192.0") == NULL);
        ck_assert(texts[i] == NULL || strstr(texts[i], "a-device") == NULL);
    }
}
END_TEST

Suite *suite_otp_secrets(void)
{
    Suite *suite = suite_create("otp_secrets");
    TCase *tests = tcase_create("otp_secrets");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, no_secret_in_logs_and_audit);
    tcase_add_test(tests, no_code_in_rows);
    suite_add_tcase(suite, tests);
    return suite;
}

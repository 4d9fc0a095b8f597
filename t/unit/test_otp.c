/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes: what is stored, what is sent, which code opens, and what is said of others. */
#include "base/log.h"
#include "service/otp/otp_code.h"
#include "suite.h"
#include "support/otp_fixture.h"

#include <apr_strings.h>
#include <string.h>

#define MINUTE 60000
#define ENTER AUTHP_OTP_ENTER

static fixture_t f;
static otp_fixture_t o;

static void set_up(void)
{
    fixture_open(&f);
    otp_fixture_open(&o, &f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t enter(const char *code)
{
    return otp_fixture_enter(f.realm, OTP_PHONE, ENTER, code, f.pool);
}

static authp_otp_code_t *row(void)
{
    authp_otp_code_t *out = NULL;
    ck_assert_int_eq(authp_store_otp_of(f.store, OTP_PHONE, &out, f.pool), AUTHP_OK);
    return out;
}

static void sent(authp_otp_purpose_t purpose)
{
    fake_clock_advance(&f.clock, 30000);
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, purpose), AUTHP_OK);
}

START_TEST(sent_and_used)
{
    sent(ENTER);
    ck_assert_str_eq(o.phone, OTP_PHONE);
    ck_assert_uint_eq(strlen(o.code), 6);
    ck_assert_uint_eq(strspn(o.code, "0123456789"), 6);
    ck_assert_int_eq(o.minutes, 5);
    const authp_audit_t *entry = fixture_audit(&f, "otp_send");
    ck_assert_str_eq(entry->outcome, "ok");
    ck_assert_str_eq(entry->reason, "enter *******3210");
    ck_assert_str_eq(entry->ip, fixture_client.ip);
    const authp_otp_code_t *stored = row();
    ck_assert_str_eq(stored->purpose, "enter");
    ck_assert_uint_eq(strlen(stored->code_hmac), 64);
    ck_assert_ptr_null(strstr(stored->code_hmac, o.code));
    ck_assert_ptr_null(stored->provider);
    ck_assert(stored->bound_ip == NULL && stored->bound_device == NULL);
    ck_assert_int_eq(stored->expires_at - stored->created_at, 5 * MINUTE);
    ck_assert_int_eq(enter(o.code), AUTHP_OK);
    ck_assert_int_ne(row()->used_at, 0);
    ck_assert_int_eq(enter(o.code), AUTHP_E_OTP_USED);
    ck_assert_int_eq(enter(otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(o.asked, 0);
}
END_TEST

/* A check alone does not use the code up, but takes an attempt. */
START_TEST(five_attempts)
{
    sent(ENTER);
    authp_otp_code_t *right = NULL;
    ck_assert_int_eq(authp_otp_check(f.realm, &(authp_otp_try_t){OTP_PHONE, ENTER, o.code},
                                     &fixture_client, &right, f.pool),
                     AUTHP_OK);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(enter(otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
    }
    ck_assert_int_eq(row()->attempts, 5);
    ck_assert_int_eq(enter(o.code), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(row()->attempts, 5);
    /* What was found right before may still be used. */
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_OTP_USED);
}
END_TEST

static const char *const no_codes[] = {
    "",       "12345",  "1234567",    "12345a",
    " 12345", "-12345", "0123456789", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4"};

START_TEST(texts_that_are_no_codes)
{
    sent(ENTER);
    ck_assert_int_eq(enter(no_codes[_i]), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(row()->attempts, 1);
    ck_assert_int_eq(enter(apr_pstrcat(f.pool, o.code, "0", NULL)), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(enter(apr_pstrmemdup(f.pool, o.code, 5)), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(enter(o.code), AUTHP_OK);
}
END_TEST

/* A code is for one purpose and one number. Guesses elsewhere take no attempt from it. */
START_TEST(purposes_and_numbers)
{
    static const char *const names[] = {"enter", "reset", "admin_register", "admin_login"};
    for (int purpose = 0; purpose < 4; purpose++) {
        f.settings->otp_limit_phone.count = 100;
        sent((authp_otp_purpose_t)purpose);
        ck_assert_str_eq(row()->purpose, names[purpose]);
        for (int other = 0; other <= AUTHP_OTP_USER; other++) {
            if (other != purpose) {
                ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, (authp_otp_purpose_t)other,
                                                   o.code, f.pool),
                                 AUTHP_E_INVALID_OTP);
            }
        }
        ck_assert_int_eq(row()->attempts, 0);
        ck_assert_int_eq(otp_fixture_enter(f.realm, "+919876543211", (authp_otp_purpose_t)purpose,
                                           o.code, f.pool),
                         AUTHP_E_INVALID_OTP);
        ck_assert_int_eq(
            otp_fixture_enter(f.realm, OTP_PHONE, (authp_otp_purpose_t)purpose, o.code, f.pool),
            AUTHP_OK);
    }
}
END_TEST

/* Each send kills the codes before it, whatever their purpose; also what was found right before. */
START_TEST(a_newer_code)
{
    authp_otp_code_t *right = NULL;
    sent(ENTER);
    const char *old = apr_pstrdup(f.pool, o.code);
    ck_assert_int_eq(authp_otp_check(f.realm, &(authp_otp_try_t){OTP_PHONE, ENTER, old},
                                     &fixture_client, &right, f.pool),
                     AUTHP_OK);
    sent(AUTHP_OTP_RESET);
    ck_assert_int_eq(enter(old), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_RESET, o.code, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_INVALID_OTP);
}
END_TEST

/* The store's clock decides, to the millisecond. */
static void somebody_is_faster(void *ctx)
{
    (void)ctx;
    ck_assert_int_eq(enter(o.code), AUTHP_OK);
}

/* Between the look at the code and its attempt. */
START_TEST(used_in_between)
{
    sent(ENTER);
    mem_store_before(f.store, "otp_attempt", somebody_is_faster, NULL);
    ck_assert_int_eq(enter(o.code), AUTHP_E_OTP_USED);
    sent(ENTER);
    mem_store_before(f.store, "otp_attempt", somebody_is_faster, NULL);
    ck_assert_int_eq(enter(otp_fixture_wrong(&o, f.pool)), AUTHP_E_INVALID_OTP);
}
END_TEST

START_TEST(expiry)
{
    sent(ENTER);
    authp_otp_code_t *right = NULL;
    fake_clock_advance(&f.clock, 5 * MINUTE - 1);
    ck_assert_int_eq(authp_otp_check(f.realm, &(authp_otp_try_t){OTP_PHONE, ENTER, o.code},
                                     &fixture_client, &right, f.pool),
                     AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(enter(o.code), AUTHP_E_OTP_EXPIRED);
    ck_assert_int_eq(enter(otp_fixture_wrong(&o, f.pool)), AUTHP_E_OTP_EXPIRED);
    ck_assert_int_eq(authp_otp_use(f.realm, right, f.pool), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(row()->attempts, 1);
}
END_TEST

START_TEST(lengths_and_minutes)
{
    f.settings->otp_length = 4 + _i;
    f.settings->otp_expire_minutes = 1 + _i;
    sent(ENTER);
    ck_assert_uint_eq(strlen(o.code), (size_t)(4 + _i));
    ck_assert_int_eq(o.length, 4 + _i);
    ck_assert_int_eq(o.minutes, 1 + _i);
    ck_assert_int_eq(enter(o.code), AUTHP_OK);
}
END_TEST

/* A code that was made before JWT_SECRET_KEY changed is right while the old key is known. */
START_TEST(rolled_keys)
{
    sent(ENTER);
    fixture_roll_key(&f, false);
    ck_assert_int_eq(enter(o.code), AUTHP_E_INVALID_OTP);
    fixture_roll_key(&f, true);
    ck_assert_int_eq(enter(o.code), AUTHP_OK);
}
END_TEST

/* Two codes of the same digits have different hashes, and a row that was copied to another number
 * opens nothing. */
START_TEST(hashes_are_bound)
{
    sent(ENTER);
    authp_otp_code_t moved = *row();
    moved.id = authp_id_new(&f.clock.clock, &f.rng.random);
    moved.phone = "+919876543211";
    ck_assert_int_eq(authp_store_otp_put(f.store, &moved, f.pool), AUTHP_OK);
    ck_assert_int_eq(otp_fixture_enter(f.realm, moved.phone, ENTER, o.code, f.pool),
                     AUTHP_E_INVALID_OTP);
    moved = *row();
    moved.purpose = "reset";
    ck_assert_int_eq(authp_store_otp_put(f.store, &moved, f.pool), AUTHP_OK);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_RESET, o.code, f.pool),
                     AUTHP_E_INVALID_OTP);
    moved = *row();
    moved.purpose = "enter";
    moved.code_id = authp_id_new(&f.clock.clock, &f.rng.random);
    ck_assert_int_eq(authp_store_otp_put(f.store, &moved, f.pool), AUTHP_OK);
    ck_assert_int_eq(enter(o.code), AUTHP_E_INVALID_OTP);
    moved.code_hmac = "00";
    ck_assert_int_eq(authp_store_otp_put(f.store, &moved, f.pool), AUTHP_OK);
    ck_assert_int_eq(enter(o.code), AUTHP_E_INVALID_OTP);
}
END_TEST

/* All digits occur about equally often. */
START_TEST(digits_are_even)
{
    int seen[10] = {0};
    f.settings->limits = false;
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, ENTER), AUTHP_OK);
        for (const char *at = o.code; *at != '\0'; at++) {
            seen[*at - '0']++;
        }
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_msg(seen[i] > 480 && seen[i] < 720, "%d: %d of 6000", i, seen[i]);
    }
}
END_TEST

/* Each byte in turn, again and again. */
static void fill_in_turn(void *ctx, unsigned char *out, size_t len)
{
    unsigned char *next = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (*next)++;
    }
}

/* Two rounds of all bytes give each digit as often as any other. */
START_TEST(digits_are_as_likely)
{
    int seen[10] = {0};
    unsigned char next = 0;
    char digits[AUTHP_SENDER_LENGTH_MOST + 1];
    const authp_random_t random = {.fill = fill_in_turn, .ctx = &next};
    for (int i = 0; i < 100; i++) {
        authp_otp_code_make(&random, 5, digits);
        for (const char *at = digits; *at != '\0'; at++) {
            seen[*at - '0']++;
        }
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(seen[i], 50);
    }
}
END_TEST

START_TEST(no_provider)
{
    authp_otp_code_t *right = NULL;
    f.realm->otp = NULL;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, ENTER), AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_int_eq(authp_otp_check(f.realm, &(authp_otp_try_t){OTP_PHONE, ENTER, "123456"},
                                     &fixture_client, &right, f.pool),
                     AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_int_eq(authp_otp_bound(f.realm, OTP_PHONE, ENTER, "192.0.2.7", NULL, f.pool),
                     AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_ptr_null(fixture_audit(&f, "otp_send"));
}
END_TEST

/* The provider may have sent it all the same. */
START_TEST(a_failed_send)
{
    o.send_answer = AUTHP_E_OTP_SEND_FAILED;
    ck_assert_int_eq(otp_fixture_send(&f, OTP_PHONE, ENTER), AUTHP_E_OTP_SEND_FAILED);
    const authp_audit_t *entry = fixture_audit(&f, "otp_send");
    ck_assert_str_eq(entry->outcome, "denied");
    ck_assert_str_eq(entry->reason, "OTP_SEND_FAILED *******3210");
    ck_assert_int_eq(enter(o.code), AUTHP_OK);
}
END_TEST

START_TEST(sent_later)
{
    const authp_otp_request_t request = {.phone = OTP_PHONE, .purpose = AUTHP_OTP_RESET};
    ck_assert_int_eq(authp_otp_send_later(f.realm, &request, true, &fixture_client, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(o.later, 1);
    ck_assert_int_eq(otp_fixture_enter(f.realm, OTP_PHONE, AUTHP_OTP_RESET, o.code, f.pool),
                     AUTHP_OK);
    /* Nothing is sent for an unknown number, but all else is the same: row, audit, limits. */
    fake_clock_advance(&f.clock, 30000);
    ck_assert_int_eq(authp_otp_send_later(f.realm, &request, false, &fixture_client, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(o.sent, 1);
    ck_assert_int_eq(row()->used_at, 0);
    ck_assert_uint_eq(strlen(row()->code_hmac), 64);
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->outcome, "ok");
    ck_assert_str_eq(fixture_audit(&f, "otp_send")->reason, "reset *******3210");
    ck_assert_int_eq(authp_otp_send_later(f.realm, &request, false, &fixture_client, f.pool),
                     AUTHP_E_RATE_LIMITED);
    /* A full queue does not show. */
    fake_clock_advance(&f.clock, 30000);
    o.send_answer = AUTHP_E_BUSY;
    ck_assert_int_eq(authp_otp_send_later(f.realm, &request, true, &fixture_client, f.pool),
                     AUTHP_OK);
}
END_TEST

Suite *suite_otp(void)
{
    Suite *suite = suite_create("otp");
    TCase *tests = tcase_create("otp");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, sent_and_used);
    tcase_add_test(tests, five_attempts);
    tcase_add_loop_test(tests, texts_that_are_no_codes, 0,
                        (int)(sizeof(no_codes) / sizeof(no_codes[0])));
    tcase_add_test(tests, purposes_and_numbers);
    tcase_add_test(tests, a_newer_code);
    tcase_add_test(tests, used_in_between);
    tcase_add_test(tests, expiry);
    tcase_add_loop_test(tests, lengths_and_minutes, 0, 6);
    tcase_add_test(tests, rolled_keys);
    tcase_add_test(tests, hashes_are_bound);
    tcase_add_test(tests, digits_are_even);
    tcase_add_test(tests, digits_are_as_likely);
    tcase_add_test(tests, no_provider);
    tcase_add_test(tests, a_failed_send);
    tcase_add_test(tests, sent_later);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of phone numbers, and the forms in which answers and log lines have them. */
#include "service/otp/mock.h"
#include "service/otp/sender_open.h"
#include "service/phone/phone.h"
#include "suite.h"
#include "support/fixture.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;
static authp_settings_t settings;

/* Numbers of India without '+', and numbers of these countries. */
static void countries(const char *first, const char *second, const char *third)
{
    const char *const all[] = {first, second, third};
    apr_array_header_t *list = apr_array_make(pool, 3, sizeof(const char *));
    for (int i = 0; i < 3 && all[i] != NULL; i++) {
        APR_ARRAY_PUSH(list, const char *) = all[i];
    }
    settings.phone_countries = list;
}

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    settings = fixture_settings(pool);
    countries("91", "44", "1");
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const struct {
    const char *typed;
    const char *e164; /* NULL: no number */
} rows[] = {
    {"9876543210", "+919876543210"},
    {"+919876543210", "+919876543210"},
    {"+91 98765-43210", "+919876543210"},
    {"(98765) 432 10", "+919876543210"},
    {" 6000000000 ", "+916000000000"},
    {" +91 6000000000", "+916000000000"},
    {"+9(1)9-876543210", "+919876543210"},
    {"5876543210", NULL},
    {"0987654321", NULL},
    {"987654321", NULL},
    {"98765432101", NULL},
    {"919876543210", NULL},
    {"+915876543210", NULL},
    {"+91987654321", NULL},
    {"+9198765432101", NULL},
    {"+44123456", "+44123456"},
    {"+4412345", NULL},
    {"+4412345678901234", "+4412345678901234"},
    {"+44123456789012345", NULL},
    {"+1 (212) 555-0100", "+12125550100"},
    {"+33123456789", NULL},
    {"+", NULL},
    {"", NULL},
    {NULL, NULL},
    {"++919876543210", NULL},
    {"98765+43210", NULL},
    {"(+91) 9876543210", NULL},
    {"+ 91 9876543210", "+919876543210"},
    {"9876543210\n", NULL},
    {"98765\t43210", NULL},
    {"9876543210x", NULL},
    {"9876.543210", NULL},
    {"00919876543210", NULL},
    {"98765\xc2\xa0"
     "43210",
     NULL},
    {"\xef\xbc\x99"
     "876543210",
     NULL},
    {"\xd9\xa9"
     "876543210",
     NULL},
};

START_TEST(typed_numbers)
{
    const char *e164 = NULL;
    authp_err_t err = authp_phone_parse(&settings, rows[_i].typed, &e164, pool);
    ck_assert_msg(err == (rows[_i].e164 != NULL ? AUTHP_OK : AUTHP_E_MOBILE_INVALID), "%s",
                  rows[_i].typed);
    ck_assert_pstr_eq(e164, rows[_i].e164);
    ck_assert(e164 == NULL || authp_phone_is_e164(e164));
}
END_TEST

/* Codes go only to listed countries, of which the default need not be one. The longest code fits.
 */
START_TEST(listed_countries)
{
    const char *e164 = NULL;
    countries("44", NULL, NULL);
    ck_assert_int_eq(authp_phone_parse(&settings, "9876543210", &e164, pool),
                     AUTHP_E_MOBILE_INVALID);
    countries("1", "124", NULL);
    ck_assert_int_eq(authp_phone_parse(&settings, "+124123456", &e164, pool), AUTHP_OK);
    ck_assert_str_eq(authp_phone_national(&settings, e164, pool), "123456");
    ck_assert_int_eq(authp_phone_parse(&settings, "+12412345", &e164, pool),
                     AUTHP_E_MOBILE_INVALID);
    settings.phone_default_country = "1";
    ck_assert_int_eq(authp_phone_parse(&settings, "2125550100", &e164, pool), AUTHP_OK);
    ck_assert_str_eq(e164, "+12125550100");
}
END_TEST

START_TEST(forms)
{
    static const struct {
        const char *e164;
        const char *national;
        const char *masked;
        const char *logged;
        const char *prefix;
    } numbers[] = {
        {"+919876543210", "9876543210", "987****3210", "*******3210", "+9198765"},
        {"+12125550100", "2125550100", "212****0100", "*******0100", "+121255"},
        /* not listed any more: the numbering plan says how long the code is */
        {"+33123456789", "123456789", "123****6789", "*******6789", "+3312345"},
        {"+74951234567", "4951234567", "495****4567", "*******4567", "+749512"},
        {"+353861234567", "861234567", "861****4567", "*******4567", "+35386123"},
        {"+44123456", "123456", "****56", "*******3456", "+4412345"},
        /* three digits and the last four are shown of more than seven */
        {"+441234567", "1234567", "****67", "*******4567", "+4412345"},
        {"+4412345678", "12345678", "123****5678", "*******5678", "+4412345"},
        {"+441234", "1234", "****34", "*******1234", "+441234"},
        {"+44123", "123", "****23", "*******", "+44123"},
        {"+4412", "12", "****", "*******", "+4412"},
        {"+4", "", "****", "*******", "+4"},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const char *e164 = numbers[i].e164;
        ck_assert_str_eq(authp_phone_national(&settings, e164, pool), numbers[i].national);
        ck_assert_str_eq(authp_phone_masked(&settings, e164, pool), numbers[i].masked);
        ck_assert_str_eq(authp_phone_logged(e164, pool), numbers[i].logged);
        ck_assert_str_eq(authp_phone_prefix(&settings, e164, pool), numbers[i].prefix);
    }
    ck_assert_ptr_null(authp_phone_national(&settings, NULL, pool));
    ck_assert_ptr_null(authp_phone_masked(&settings, NULL, pool));
    ck_assert_str_eq(authp_phone_logged(NULL, pool), "*******");
}
END_TEST

/* The calling codes of two digits of the numbering plan (ITU-T E.164). 1 and 7 have one digit, and
 * all others three. */
START_TEST(lengths_of_calling_codes)
{
    static const char two[] =
        " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 "
        "64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
    settings.phone_countries = apr_array_make(pool, 1, sizeof(const char *));
    for (int code = 10; code < 100; code++) {
        const char *begin = apr_itoa(pool, code);
        const char *e164 = apr_pstrcat(pool, "+", begin, "123456789", NULL);
        const bool listed = strstr(two, apr_pstrcat(pool, " ", begin, " ", NULL)) != NULL;
        const char *national = code / 10 == 1 || code / 10 == 7 ? e164 + 2
                               : listed                         ? e164 + 3
                                                                : e164 + 4;
        ck_assert_str_eq(authp_phone_national(&settings, e164, pool), national);
        ck_assert_str_eq(authp_phone_prefix(&settings, e164, pool),
                         apr_pstrmemdup(pool, e164, (apr_size_t)(national - e164) + 5));
    }
}
END_TEST

START_TEST(stored_numbers)
{
    static const char *const wrong[] = {"",         "919876543210", "+",
                                        "+0123456", "+123456",      "+123456789012345678",
                                        "+91 9876", "+9198765432a", "++919876543210",
                                        NULL};
    ck_assert(authp_phone_is_e164("+1234567"));
    ck_assert(authp_phone_is_e164("+12345678901234567"));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!authp_phone_is_e164(wrong[i]), "%s", wrong[i]);
    }
}
END_TEST

START_TEST(mock)
{
    static const char *const wrong[] = {"", "12345", "1234567", "0000", "123457", " 1234"};
    const authp_otp_message_t message = {.phone = "+919876543210", .length = 6, .minutes = 5};
    const authp_otp_sender_t *sender = NULL;
    settings.otp_provider = AUTHP_OTP_BY_MOCK;
    ck_assert_int_eq(authp_sender_open(&settings, NULL, &sender, pool), AUTHP_OK);
    ck_assert_ptr_eq(sender, &authp_mock);
    ck_assert(authp_mock.makes_all);
    ck_assert_int_eq(authp_mock.send(NULL, &message, pool), AUTHP_OK);
    ck_assert_int_eq(authp_mock.send_later(NULL, &message), AUTHP_OK);
    ck_assert_int_eq(authp_mock.verify(NULL, message.phone, "1234", pool), AUTHP_OK);
    ck_assert_int_eq(authp_mock.verify(NULL, message.phone, "123456", pool), AUTHP_OK);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(authp_mock.verify(NULL, message.phone, wrong[i], pool),
                         AUTHP_E_INVALID_OTP);
    }
}
END_TEST

Suite *suite_phone(void)
{
    Suite *suite = suite_create("phone");
    TCase *tests = tcase_create("phone");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, typed_numbers, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tests, listed_countries);
    tcase_add_test(tests, forms);
    tcase_add_test(tests, lengths_of_calling_codes);
    tcase_add_test(tests, stored_numbers);
    tcase_add_test(tests, mock);
    suite_add_tcase(suite, tests);
    return suite;
}

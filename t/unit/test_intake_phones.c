/* SPDX-License-Identifier: Apache-2.0 */
/* Phone numbers of imported accounts, and when they were last used. */
#include "intake_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define HEAD "email,name,password_hash,phone,last_sign_in_at\n"
#define MARCH INT64_C(1709289000000) /* 2024-03-01T10:30:00Z */

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static intake_result_t read_as(const char *format, const char *text)
{
    const authp_intake_options_t options = {.hash_algo =
                                                strcmp(format, "firebase") == 0 ? "NONE" : NULL};
    return intake_fixture_as(&options, format, text, pool);
}

/* Proven numbers of each system become E.164. */
static const struct {
    const char *format;
    const char *text;
    const char *phone;
    authp_ms_t used;
} files[] = {
    {"csv", HEAD ",Ann,,98765 43210,2024-03-01T10:30:00Z\n", "+919876543210", MARCH},
    {"csv", HEAD "a@example.org,Ann,,+91 (98765) 43210,1709289000\n", "+919876543210", MARCH},
    {"csv", HEAD ",Ann,,+4915112345678,\n", "+4915112345678", INTAKE_NOW},
    {"csv", HEAD ",Ann,,9876543210,2999-01-01T00:00:00Z\n", "+919876543210", INTAKE_NOW},
    {"csv", HEAD "a@example.org,Ann,,,2024-03-01T10:30:00Z\n", NULL, 0},
    {"firebase",
     "{\"users\":[{\"localId\":\"1\",\"phoneNumber\":\"+919876543210\","
     "\"lastSignedInAt\":\"1709289000000\"}]}",
     "+919876543210", MARCH},
    {"supabase",
     "{\"id\":\"1\",\"phone\":\"919876543210\",\"phone_confirmed_at\":\"2024-01-01T00:00:00Z\","
     "\"last_sign_in_at\":\"2024-03-01T10:30:00Z\"}",
     "+919876543210", MARCH},
    {"supabase", "{\"id\":\"1\",\"email\":\"a@example.org\",\"phone\":\"919876543210\"}", NULL, 0},
    {"auth0",
     "{\"user_id\":\"sms|1\",\"phone_number\":\"+919876543210\",\"phone_verified\":true,"
     "\"last_login\":\"2024-03-01T10:30:00.000Z\"}",
     "+919876543210", MARCH},
    {"auth0", "{\"user_id\":\"1\",\"email\":\"a@example.org\",\"phone_number\":\"+919876543210\"}",
     NULL, 0},
    {"auth0",
     "{\"user_id\":\"1\",\"identifiers\":[{\"type\":\"phone_number\",\"value\":\"+919876543210\","
     "\"verified\":true}]}",
     "+919876543210", INTAKE_NOW},
    {"auth0", /* the account's own number wins */
     "{\"user_id\":\"1\",\"phone_number\":\"+919876543210\",\"phone_verified\":true,"
     "\"identifiers\":[{\"type\":\"phone_number\",\"value\":\"+919876543211\","
     "\"verified\":true}]}",
     "+919876543210", INTAKE_NOW},
};

START_TEST(numbers)
{
    intake_result_t result = read_as(files[_i].format, files[_i].text);
    ck_assert_msg(result.err == AUTHP_E_NOT_FOUND, "%s", result.why);
    const authp_user_t *user = intake_fixture_user(&result, 0);
    ck_assert_pstr_eq(user->phone, files[_i].phone);
    ck_assert_int_eq(user->phone_used_at, files[_i].used);
}
END_TEST

START_TEST(numbers_that_are_none)
{
    intake_result_t with = read_as("csv", HEAD "a@example.org,Ann,,12345,\n");
    ck_assert_ptr_null(intake_fixture_user(&with, 0)->phone);
    ck_assert_str_eq(with.notes,
                     "line 2: a@example.org: the phone number is not valid: left out\n");
    intake_result_t alone = read_as("csv", HEAD ",Ann,,12345,\n");
    ck_assert_ptr_null(APR_ARRAY_IDX(alone.users, 0, authp_user_t *));
    ck_assert_str_eq(
        alone.notes,
        "line 2: 12345: there is no e-mail address, and the phone number is not valid: skipped\n");
}
END_TEST

/* Accounts with a number alone differ, and one that the file has twice is left out. */
START_TEST(numbers_that_occur_twice)
{
    intake_result_t result =
        read_as("csv", HEAD ",Ann,,9876543210,\n,Bob,,9876543211,\n,Cleo,,+91 98765-43210,\n");
    const authp_user_t *ann = intake_fixture_user(&result, 0);
    const authp_user_t *bob = intake_fixture_user(&result, 1);
    ck_assert_str_ne(ann->id.hex, bob->id.hex);
    ck_assert_ptr_null(APR_ARRAY_IDX(result.users, 2, authp_user_t *));
    ck_assert_ptr_nonnull(strstr(
        result.notes, "line 4: +91 98765-43210: the file has this address, username or number "
                      "before: skipped\n"));
}
END_TEST

Suite *suite_intake_phones(void)
{
    Suite *suite = suite_create("intake_phones");
    TCase *tests = tcase_create("phones");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, numbers, 0, (int)LENGTH(files));
    tcase_add_test(tests, numbers_that_are_none);
    tcase_add_test(tests, numbers_that_occur_twice);
    suite_add_tcase(suite, tests);
    return suite;
}

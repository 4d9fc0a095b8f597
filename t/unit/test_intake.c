/* SPDX-License-Identifier: Apache-2.0 */
/* From an entry of another system's file to the row of an account: the rules, ids and times. */
#include "intake_fixture.h"
#include "service/intake/row.h"
#include "store/identities.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define BCRYPT "$2b$10$aaaaaaaaaaaaaaaaaaaaaOu.2RCQaC8dgrJ5zuTsJvjekNCE2D4WO"
#define HEAD                                                                                       \
    "email,name,password_hash,roles,email_verified,username,disabled,created_at,updated_at,id\n"

static apr_pool_t *pool;
static authp_intake_options_t options;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    options = intake_fixture_options("csv", pool);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static intake_result_t rows(const char *text)
{
    intake_result_t result =
        intake_fixture_all(&options, apr_pstrcat(pool, HEAD, text, NULL), pool);
    ck_assert_msg(result.err == AUTHP_E_NOT_FOUND, "%s", result.why);
    return result;
}

/* The first account of one row. */
static const authp_user_t *row(const char *text)
{
    intake_result_t result = rows(text);
    return intake_fixture_user(&result, 0);
}

static const char *roles_of(const authp_user_t *user)
{
    return apr_array_pstrcat(pool, user->roles, ',');
}

START_TEST(a_whole_row)
{
    const authp_user_t *user =
        row(" Ada@Example.ORG ,\" Ada Lovelace \"," BCRYPT
            ",recruiter,TRUE,ada,no,2020-02-03T04:05:06.789Z,2021-01-01 00:00:00+01,77\n");
    ck_assert_str_eq(user->email, "ada@example.org");
    ck_assert_str_eq(user->name, "Ada Lovelace");
    ck_assert_str_eq(user->username, "ada");
    ck_assert_str_eq(user->password_hash, BCRYPT);
    ck_assert_str_eq(roles_of(user), "recruiter");
    ck_assert(user->is_recruiter_verified && user->email_verified && !user->disabled);
    ck_assert_int_eq(user->created_at, 1580702706789LL);
    ck_assert_int_eq(user->auth_changed_at, user->created_at);
    ck_assert_int_eq(user->updated_at, 1609455600000LL);
    ck_assert_int_eq(user->ver, 1);
    ck_assert_int_eq(user->min_ver, 1);
    ck_assert_ptr_null(user->identities);
    /* The id has the seconds, then the milliseconds of created_at. */
    ck_assert_int_eq(strncmp(user->id.hex, "5e379bf20315", 12), 0);
    ck_assert(authp_id_valid(user->id.hex));
}
END_TEST

START_TEST(a_short_row)
{
    intake_result_t result =
        intake_fixture_all(&options, "password_hash,name,email\n,,a@example.org\n", pool);
    const authp_user_t *user = intake_fixture_user(&result, 0);
    ck_assert_str_eq(result.notes, "");
    ck_assert_ptr_null(user->name);
    ck_assert_ptr_null(user->username);
    ck_assert_ptr_null(user->password_hash);
    ck_assert_str_eq(roles_of(user), "candidate");
    ck_assert(!user->email_verified && !user->disabled && !user->is_recruiter_verified);
    ck_assert_int_eq(user->created_at, AUTHP_ROW_NO_TIME);
    ck_assert_int_eq(user->updated_at, AUTHP_ROW_NO_TIME);
}
END_TEST

START_TEST(ids)
{
    static const char *const others[] = {
        "b@example.org,,,,,,,2020-02-03T04:05:06Z,,77\n", /* another address */
        "a@example.org,,,,,,,2020-02-03T04:05:06Z,,78\n", /* another id */
        "a@example.org,,,,,,,2020-02-03T04:05:07Z,,77\n", /* another time */
        "a@example.org,,,,,,,,,77\n",
    };
    const char *first = row("a@example.org,,,,,,,2020-02-03T04:05:06Z,,77\n")->id.hex;
    const char *again =
        row(" A@example.ORG,Ada," BCRYPT ",admin,1,a,1,2020-02-03 04:05:06,,77\n")->id.hex;
    ck_assert_str_eq(first, again);
    for (size_t i = 0; i < LENGTH(others); i++) {
        ck_assert_str_ne(row(others[i])->id.hex, first);
    }
    /* Another format: the same address, id and time. */
    options.format = "supabase";
    intake_result_t result = intake_fixture_all(
        &options,
        "id,email,encrypted_password,created_at\n77,a@example.org,,2020-02-03T04:05:06Z\n", pool);
    ck_assert_str_ne(intake_fixture_user(&result, 0)->id.hex, first);
}
END_TEST

START_TEST(times)
{
    static const struct {
        const char *text;
        authp_ms_t ms;
    } values[] = {
        {"2024-02-29T12:30:45.678Z", 1709209845678LL},
        {"2024-02-29 12:30:45.678901+00", 1709209845678LL},
        {"2024-02-29 12:30:45", 1709209845000LL},
        {"2024-02-29t18:00:45+05:30", 1709209845000LL},
        {"2024-02-29T04:30:45-0800", 1709209845000LL},
        {"1709209845", 1709209845000LL},
        {"1709209845678", 1709209845678LL},
        {"1970-01-01T00:00:01Z", 1000},
        {"2000-03-01T00:00:00Z", 951868800000LL},
        {"2100-01-01T00:00:00Z", AUTHP_ROW_NO_TIME}, /* later than now */
        {"2024-13-01T00:00:00Z", AUTHP_ROW_NO_TIME},
        {"2024-00-01T00:00:00Z", AUTHP_ROW_NO_TIME},
        {"2024-01-32T00:00:00Z", AUTHP_ROW_NO_TIME},
        {"2024-01-01T24:00:00Z", AUTHP_ROW_NO_TIME},
        {"2024-01-01T00:60:00Z", AUTHP_ROW_NO_TIME},
        {"2024-01-01T00:00:61Z", AUTHP_ROW_NO_TIME},
        {"2024-01-01T00:00:00Z1", AUTHP_ROW_NO_TIME},
        {"2024-01-01T00:00:00+", AUTHP_ROW_NO_TIME},
        {"2024-01-01T00:00:00+16", AUTHP_ROW_NO_TIME},
        {"2024-01-01T00:00:00 CET", AUTHP_ROW_NO_TIME},
        {"2024-01-01", AUTHP_ROW_NO_TIME},
        {"1969-12-31T23:59:59Z", AUTHP_ROW_NO_TIME},
        {"99999999999999999999", AUTHP_ROW_NO_TIME},
        {"0", AUTHP_ROW_NO_TIME},
        {"-5", AUTHP_ROW_NO_TIME},
        {"never", AUTHP_ROW_NO_TIME},
    };
    for (size_t i = 0; i < LENGTH(values); i++) {
        const char *text = apr_psprintf(pool, "a@example.org,,,,,,,%s,,\n", values[i].text);
        ck_assert_msg(row(text)->created_at == values[i].ms, "%s: %ld", values[i].text,
                      (long)row(text)->created_at);
    }
}
END_TEST

/* updated_at decides whether a second import replaces what was changed here. It is never in the
 * future. */
START_TEST(changed_times)
{
    static const struct {
        const char *made;
        const char *changed;
        authp_ms_t ms;
    } values[] = {
        {"1700000000", "1710000000", 1710000000000LL},
        {"1700000000", "1690000000", 1700000000000LL}, /* before it was made */
        {"1700000000", "1800000000", 1700000000000LL}, /* later than now */
        {"1700000000", "", 1700000000000LL},
        {"", "1710000000", 1710000000000LL},
        {"", "1500000000", AUTHP_ROW_NO_TIME},
    };
    for (size_t i = 0; i < LENGTH(values); i++) {
        const authp_user_t *user = row(
            apr_psprintf(pool, "a@example.org,,,,,,,%s,%s,\n", values[i].made, values[i].changed));
        ck_assert_int_eq(user->updated_at, values[i].ms);
    }
}
END_TEST

START_TEST(what_is_left_out)
{
    static const struct {
        const char *row;
        const char *note;
    } values[] = {
        {"not an address,,,,,,,,,\n",
         "line 2: not an address: this is not a valid e-mail address: skipped\n"},
        {",Nobody,,,,,,,,9\n",
         "line 2: 9: there is no e-mail address, no username and no phone number: skipped\n"},
        {"a@example.org\n", "line 2: the row has more or fewer fields than line 1: skipped\n"},
    };
    for (size_t i = 0; i < LENGTH(values); i++) {
        intake_result_t result = rows(values[i].row);
        ck_assert_int_eq(result.users->nelts, 1);
        ck_assert_ptr_null(APR_ARRAY_IDX(result.users, 0, authp_user_t *));
        ck_assert_str_eq(result.notes, values[i].note);
    }
}
END_TEST

START_TEST(addresses_that_occur_twice)
{
    intake_result_t result = rows("a@example.org,,,,,,,,,1\n"
                                  "b@example.org,,,,,,,,,2\n"
                                  "A@EXAMPLE.org,,,,,,,,,3\n"
                                  ",,,,,ann,,,,4\n"
                                  ",,,,,ann,,,,5\n");
    ck_assert_int_eq(result.users->nelts, 5);
    (void)intake_fixture_user(&result, 1);
    ck_assert_str_eq(intake_fixture_user(&result, 3)->username, "ann");
    ck_assert_str_eq(
        result.notes,
        "line 4: A@EXAMPLE.org: the file has this address, username or number before: skipped\n"
        "line 6: ann: the file has this address, username or number before: skipped\n");
}
END_TEST

/* The set of addresses grows several times, and forgets none. */
START_TEST(many_addresses)
{
    intake_result_t result;
    apr_array_header_t *lines = apr_array_make(pool, 20002, sizeof(const char *));
    APR_ARRAY_PUSH(lines, const char *) = "email,name,password_hash\n";
    for (int i = 0; i < 20000; i++) {
        APR_ARRAY_PUSH(lines, const char *) =
            apr_psprintf(pool, "user%d@example.org,,\n", i == 19999 ? 0 : i);
    }
    result = intake_fixture_all(&options, apr_array_pstrcat(pool, lines, '\0'), pool);
    ck_assert_int_eq(result.users->nelts, 20000);
    ck_assert_str_eq(result.notes, "line 20001: user0@example.org: the file has this address, "
                                   "username or number before: skipped\n");
}
END_TEST

START_TEST(what_is_noted)
{
    static const struct {
        const char *row;
        const char *note;
    } values[] = {
        {"a@example.org,,,editor candidate,,,,,,\n",
         "line 2: a@example.org: the role \"editor\" is not in ROLES: left out\n"},
        {"a@example.org,,5f4dcc3b5aa765d61d8327deb882cf99,,,,,,,\n", NULL},
        {"a@example.org,,,,maybe,,,,,\n",
         "line 2: a@example.org: email_verified is neither true nor false\n"},
        {"a@example.org,,,,,,maybe,,,\n",
         "line 2: a@example.org: disabled is neither true nor false\n"},
        {"a@example.org,\"x\ny\",,,,,,,,\n",
         "line 2: a@example.org: the name is too long or has control characters: left out\n"},
        {"a@example.org,,,,,\"x\ty\",,,,\n",
         "line 2: a@example.org: the username does not have 3 to 150 letters, digits, _ . and -: left "
         "out\n"},
        {"a@example.org,\xff,,,,,,,,\n", "line 2: a@example.org: a field is not UTF-8: left out\n"},
    };
    for (size_t i = 0; i < LENGTH(values); i++) {
        intake_result_t result = rows(values[i].row);
        const authp_user_t *user = intake_fixture_user(&result, 0);
        ck_assert_ptr_null(user->password_hash);
        ck_assert_ptr_null(user->name);
        ck_assert_ptr_null(user->username);
        ck_assert_str_eq(roles_of(user), "candidate");
        ck_assert(!user->email_verified && !user->disabled);
        if (values[i].note != NULL) {
            ck_assert_str_eq(result.notes, values[i].note);
        } else {
            ck_assert_ptr_nonnull(strstr(result.notes, "): imported without a password\n"));
            ck_assert_ptr_null(strstr(result.notes, "5f4dcc"));
        }
    }
}
END_TEST

START_TEST(usernames)
{
    /* A username that is the address is none. */
    ck_assert_ptr_null(row("a@example.org,,,,,A@Example.org,,,,\n")->username);
    /* One that cannot be used here is left out. An account that has nothing else is, too. */
    static const char *const odd[] = {"b@example.org", "ann b", "an", "J\xC3\xB6rg"};
    for (size_t i = 0; i < LENGTH(odd); i++) {
        intake_result_t with =
            rows(apr_pstrcat(pool, "a@example.org,,,,,", odd[i], ",,,,\n", NULL));
        ck_assert_ptr_null(intake_fixture_user(&with, 0)->username);
        ck_assert_ptr_nonnull(strstr(with.notes, "letters, digits, _ . and -: left out\n"));
        intake_result_t alone = rows(apr_pstrcat(pool, ",,,,,", odd[i], ",,,,\n", NULL));
        ck_assert_ptr_nonnull(strstr(
            alone.notes, "there is no e-mail address, and the username does not have 3 to 150 "
                         "letters, digits, _ . and -: skipped\n"));
    }
    const authp_user_t *user = row(",,,,true,Ann,,,,\n");
    ck_assert_ptr_null(user->email);
    ck_assert_str_eq(user->username, "ann");
    ck_assert(!user->email_verified);
}
END_TEST

START_TEST(roles)
{
    ck_assert_str_eq(roles_of(row("a@example.org,,,\"admin, candidate;admin|recruiter\",,,,,,\n")),
                     "admin,candidate,recruiter");
    ck_assert(!row("a@example.org,,,admin,,,,,,\n")->is_recruiter_verified);
    /* Without the role candidate in ROLES an account may have no role. */
    authp_settings_t *settings = intake_fixture_settings(pool);
    APR_ARRAY_IDX(settings->roles, 0, const char *) = "member";
    options.settings = settings;
    ck_assert_int_eq(row("a@example.org,,,candidate,,,,,,\n")->roles->nelts, 0);
}
END_TEST

START_TEST(columns)
{
    static const char *const refused[][2] = {
        {"email,name\n", "line 1: the line of names has no column \"password_hash\""},
        {"email,name,passwordhash\n",
         "line 1: the column \"passwordhash\": did you mean password_hash?"},
        {"email,name,password_hash,role\n", "line 1: the column \"role\": did you mean roles?"},
        {"Email,name,password_hash\n", "line 1: the column \"Email\": did you mean email?"},
        {"", "line 1: the file is empty"},
    };
    for (size_t i = 0; i < LENGTH(refused); i++) {
        intake_result_t result = intake_fixture_all(&options, refused[i][0], pool);
        ck_assert_int_eq(result.err, AUTHP_E_MALFORMED);
        ck_assert_str_eq(result.why, refused[i][1]);
    }
    intake_result_t result = intake_fixture_all(
        &options, "email,name,password_hash,favourite colour\na@example.org,,,red\n", pool);
    ck_assert_int_eq(result.err, AUTHP_E_NOT_FOUND);
    ck_assert_str_eq(result.remarks, "the column \"favourite colour\" is not taken over\n");
    ck_assert_str_eq(result.notes, "");
    (void)intake_fixture_user(&result, 0);
}
END_TEST

START_TEST(formats)
{
    ck_assert_str_eq(authp_intake_formats(pool), "csv, firebase, auth0, supabase, keycloak");
    ck_assert(authp_intake_is_format("keycloak"));
    ck_assert(!authp_intake_is_format("CSV") && !authp_intake_is_format(""));
    options.format = "okta";
    intake_result_t result = intake_fixture_all(&options, "", pool);
    ck_assert_int_eq(result.err, AUTHP_E_VALIDATION_FAILED);
    ck_assert_str_eq(result.why,
                     "the format \"okta\" is unknown: --format is one of csv, firebase, "
                     "auth0, supabase, keycloak, authplatform");
    options.format = "auth0";
    options.rounds = "8";
    result = intake_fixture_all(&options, "{}", pool);
    ck_assert_int_eq(result.err, AUTHP_E_VALIDATION_FAILED);
    ck_assert_str_eq(result.why,
                     "the parameters of hashes (--hash-algo ...) are for --format firebase");
}
END_TEST

Suite *suite_intake(void)
{
    Suite *suite = suite_create("intake");
    TCase *tests = tcase_create("rows");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_whole_row);
    tcase_add_test(tests, a_short_row);
    tcase_add_test(tests, ids);
    tcase_add_test(tests, times);
    tcase_add_test(tests, changed_times);
    tcase_add_test(tests, what_is_left_out);
    tcase_add_test(tests, addresses_that_occur_twice);
    tcase_add_test(tests, many_addresses);
    tcase_add_test(tests, what_is_noted);
    tcase_add_test(tests, usernames);
    tcase_add_test(tests, roles);
    tcase_add_test(tests, columns);
    tcase_add_test(tests, formats);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The files that other systems export, as bytes: what a row of CSV is, and where the records of a
 * file of JSON are. */
#include "intake_fixture.h"
#include "service/intake/csv_feed.h"
#include "service/intake/json_feed.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static authp_feed_t *feed_of(const char *text, int chunk)
{
    intake_text_t *file = apr_palloc(pool, sizeof(*file));
    *file = (intake_text_t){.text = text, .len = strlen(text), .chunk = chunk};
    return authp_feed_make(intake_fixture_read, file, pool);
}

/* The rows as "LINE[a=1,b=2]", or the refusal. */
static const char *csv(const char *text, int chunk)
{
    authp_feed_t *feed = feed_of(text, chunk);
    authp_csv_feed_t *rows = NULL;
    const char *all = "";
    authp_err_t err = authp_csv_feed_make(feed, &rows, pool);
    while (err == AUTHP_OK) {
        json_t *row = NULL;
        bool odd = false;
        long line = 0;
        err = authp_csv_feed_next(rows, &row, &odd, &line, pool);
        if (err == AUTHP_OK) {
            all = apr_psprintf(pool, "%s%ld%s%s", all, line, odd ? "!" : "",
                               row != NULL ? authp_json_text(row, NULL, pool) : "-");
        }
    }
    return err == AUTHP_E_NOT_FOUND ? all : authp_feed_refusal(feed);
}

START_TEST(rows_of_csv)
{
    static const char *const files[][2] = {
        {"a,b\n1,2\n", "2{\"a\":\"1\",\"b\":\"2\"}"},
        {"a,b\r\n1,2\r\n", "2{\"a\":\"1\",\"b\":\"2\"}"},
        {"\xef\xbb\xbf"
         "a , b\n1,2",
         "2{\"a\":\"1\",\"b\":\"2\"}"},
        {"a,b\n,\n", "2{}"},
        {"a,b\n\n\n1,\n\r\n", "4{\"a\":\"1\"}"},
        {"a\n\"x,\"\"y\"\"\r\nz\"\nw\n", "2{\"a\":\"x,\\\"y\\\"\\r\\nz\"}4{\"a\":\"w\"}"},
        {"a,b\n1\n1,2,3\n\"\",\"2\"\n", "2-3-4{\"b\":\"2\"}"},
        {"a\nx\ry\r\n", "2{\"a\":\"x\\ry\"}"},
        {"a\n\xff\n", "2!{}"},
        {"a\n", ""},
    };
    for (size_t i = 0; i < LENGTH(files); i++) {
        ck_assert_str_eq(csv(files[i][0], 4096), files[i][1]);
        ck_assert_str_eq(csv(files[i][0], 1), files[i][1]);
    }
}
END_TEST

START_TEST(refused_csv)
{
    static const char *const files[][2] = {
        {"", "line 1: the file is empty"},
        {"a,a\n", "line 1: two columns have the same name"},
        {"a,\n1,2\n", "line 1: a name of a column is empty or not UTF-8"},
        {"a\n1\n\"x\ny", "line 3: a quote is not closed"},
        {"a\nx\"y\n", "line 2: a quote inside of a field without quotes"},
        {"a\n\"x\"y\n", "line 2: text follows the closing quote of a field"},
    };
    for (size_t i = 0; i < LENGTH(files); i++) {
        ck_assert_str_eq(csv(files[i][0], 4096), files[i][1]);
        ck_assert_str_eq(csv(files[i][0], 1), files[i][1]);
    }
}
END_TEST

START_TEST(large_and_odd_csv)
{
    size_t len = AUTHP_FEED_RECORD_MOST + 10;
    char *text = apr_pcalloc(pool, len + 1);
    memset(text, 'x', len);
    ck_assert_str_eq(csv(apr_pstrcat(pool, "a\n", text, NULL), 4096),
                     "line 2: a row is larger than 1 MiB");
    memset(text, ',', len);
    ck_assert_str_eq(csv(text, 4096), "line 1: a row has more than 200 fields");

    intake_text_t file = {.text = "a\nx\0y\n", .len = 6, .chunk = 100};
    authp_csv_feed_t *rows = NULL;
    authp_feed_t *feed = authp_feed_make(intake_fixture_read, &file, pool);
    json_t *row = NULL;
    bool odd = false;
    long line = 0;
    ck_assert_int_eq(authp_csv_feed_make(feed, &rows, pool), AUTHP_OK);
    ck_assert_int_eq(authp_csv_feed_next(rows, &row, &odd, &line, pool), AUTHP_E_MALFORMED);
    ck_assert_str_eq(authp_feed_refusal(feed), "line 2: a NUL byte");
}
END_TEST

/* The records as "LINE{...}", or the refusal. */
static const char *json(const char *text, const char *list, int chunk)
{
    authp_feed_t *feed = feed_of(text, chunk);
    authp_json_feed_t *records = authp_json_feed_make(feed, list, pool);
    const char *all = "";
    for (;;) {
        json_t *record = NULL;
        long line = 0;
        authp_err_t err = authp_json_feed_next(records, &record, &line, pool);
        if (err != AUTHP_OK) {
            return err == AUTHP_E_NOT_FOUND ? all : authp_feed_refusal(feed);
        }
        all = apr_psprintf(pool, "%s%ld%s", all, line,
                           record != NULL ? authp_json_text(record, NULL, pool) : "-");
    }
}

START_TEST(records_of_json)
{
    static const char *const files[][3] = {
        {"[]", NULL, ""},
        {" [ {\"a\":1} ,\n{} ] \n", NULL, "1{\"a\":1}2{}"},
        {"{\"a\":1}\n{\"b\":[{}]}\n", NULL, "1{\"a\":1}2{\"b\":[{}]}"},
        {"{\"a\":\"]}\\\"{\"}{}", NULL, "1{\"a\":\"]}\\\"{\"}1{}"},
        {"\xef\xbb\xbf[{}]", NULL, "1{}"},
        {"{\"users\":[]}", "users", ""},
        {"{\"users\": [\n{\"a\":1},\n{\"b\":2}]}", "users", "2{\"a\":1}3{\"b\":2}"},
        {"{\"x\":[{\"users\":[{}]}],\"y\":\"users\",\"n\":-1e3,\n\"users\":[{\"a\":1}],\"z\":{}}",
         "users", "2{\"a\":1}"},
        {"[{\"realm\":\"a\",\"users\":[{\"a\":1}]},{\"users\":[{\"b\":2}]},{\"t\":true}]", "users",
         "1{\"a\":1}1{\"b\":2}"},
        {"{\"users\":[{\"a\":1}],\"users\":[{\"b\":2}]}", "users", "1{\"a\":1}1{\"b\":2}"},
        {"{\"users\":7,\"users\":[{}]}", "users", "1{}"},
        {"{\"users2\":[{\"b\":2}],\"user\":[{}],\"users\":[{\"a\":1}]}", "users", "1{\"a\":1}"},
    };
    for (size_t i = 0; i < LENGTH(files); i++) {
        ck_assert_str_eq(json(files[i][0], files[i][1], 4096), files[i][2]);
        ck_assert_str_eq(json(files[i][0], files[i][1], 1), files[i][2]);
    }
}
END_TEST

START_TEST(refused_json)
{
    static const char *const files[][3] = {
        {"", NULL, "line 1: the file is empty"},
        {"\n \n", NULL, "line 3: the file is empty"},
        {"email,name\n", NULL, "line 1: this is not JSON"},
        {"[{},\n", NULL, "line 2: an object is expected here: {\"...\": ...}"},
        {"[{}\n", NULL, "line 2: the file is cut off: its list does not end"},
        {"[{} {}]", NULL, "line 1: a comma is expected here"},
        {"[{}]\n{}", NULL, "line 2: something follows the end of the list"},
        {"[1]", NULL, "line 1: an object is expected here: {\"...\": ...}"},
        {"{\"a\":1}\n{\"b\":\n", NULL, "line 3: the file ends in the middle of an entry"},
        {"{\"a\":\"\n\"}", NULL, "line 2: a text is not closed on its line"},
        {"{\"a\":\"", NULL, "line 1: the file ends in the middle of an entry"},
        {"{\"a\":1]", NULL, "line 1: a closing bracket does not fit"},
        {"{}\n{\"a\":\n\"\xff\"}\n", NULL, "line 3: this is not JSON in UTF-8"},
        {"{\"a\":1,\"a\":2}", NULL, "line 1: this is not JSON in UTF-8"},
        {"{}", "users", "line 1: the file has no list of users (\"users\": [...])"},
        {"[]", "users", "line 1: the file has no list of users (\"users\": [...])"},
        {"{\"users\":{}}", "users", "line 1: the file has no list of users (\"users\": [...])"},
        {"{\"users\":[{}]", "users", "line 1: the file is cut off: its list does not end"},
        {"{\"users\" [{}]}", "users", "line 1: a colon is expected here"},
        {"{users:[]}", "users", "line 1: the name of a member is expected here"},
        {"{\"a\":}", "users", "line 1: a value is missing"},
        {"[7]", "users", "line 1: an object is expected here: {\"...\": ...}"},
    };
    for (size_t i = 0; i < LENGTH(files); i++) {
        ck_assert_str_eq(json(files[i][0], files[i][1], 4096), files[i][2]);
        ck_assert_str_eq(json(files[i][0], files[i][1], 1), files[i][2]);
    }
}
END_TEST

START_TEST(deep_and_large_json)
{
    char open[65] = "";
    char close[65] = "";
    memset(open, '[', 64);
    memset(close, ']', 64);
    const char *deepest = apr_pstrcat(pool, "{\"a\":", open + 1, close + 1, "}", NULL);
    ck_assert_str_eq(json(deepest, NULL, 4096), apr_pstrcat(pool, "1", deepest, NULL));
    const char *deeper = apr_pstrcat(pool, "{\"a\":", open, close, "}", NULL);
    ck_assert_str_eq(json(deeper, NULL, 4096), "line 1: the nesting is deeper than 64");

    char *many = apr_palloc(pool, AUTHP_FEED_RECORD_MOST + 1);
    memset(many, 'x', AUTHP_FEED_RECORD_MOST);
    many[AUTHP_FEED_RECORD_MOST] = '\0';
    const char *text = apr_pstrcat(pool, "{\"a\":\"", many, "\"}\n{\"b\":1}", NULL);
    ck_assert_str_eq(json(text, NULL, 4096), "1-2{\"b\":1}");
}
END_TEST

/* A file that cannot be read to its end is not taken for a whole one. */
START_TEST(failures_of_reading)
{
    static const struct {
        const char *format;
        const char *text;
        int users; /* whole entries before the failure */
    } texts[] = {
        {"csv", "email,name,password_hash\na@example.org,,\n", 1},
        {"csv", "email,name,password_hash\na@example.org,,x", 0},
        {"csv", "email,name,password_hash\na@example.org,", 0},
        {"auth0", "{\"email\":\"a@example.org\"}\n", 1},
        {"auth0", "{\"email\":", 0},
        {"keycloak", "{\"users\":[]}", 0},
        {"csv", "", 0},
    };
    for (size_t i = 0; i < LENGTH(texts); i++) {
        intake_text_t file = {
            .text = texts[i].text, .len = strlen(texts[i].text), .chunk = 10, .fails = true};
        authp_intake_options_t options = intake_fixture_options(texts[i].format, pool);
        intake_result_t result = intake_fixture_file(&options, &file, pool);
        ck_assert_int_eq(result.err, AUTHP_E_UNAVAILABLE);
        ck_assert_str_eq(result.why, "the file could not be read to its end");
        ck_assert_int_eq(result.users->nelts, texts[i].users);
    }
}
END_TEST

Suite *suite_intake_feeds(void)
{
    Suite *suite = suite_create("intake_feeds");
    TCase *tests = tcase_create("feeds");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, rows_of_csv);
    tcase_add_test(tests, refused_csv);
    tcase_add_test(tests, large_and_odd_csv);
    tcase_add_test(tests, records_of_json);
    tcase_add_test(tests, refused_json);
    tcase_add_test(tests, deep_and_large_json);
    tcase_add_test(tests, failures_of_reading);
    suite_add_tcase(suite, tests);
    return suite;
}

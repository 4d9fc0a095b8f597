/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from clients: which texts are accepted and which are refused. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "suite.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Parses a copy in a block of exactly that length, so that the sanitizer sees any read beyond
 * it. */
static authp_err_t parse(const char *text, size_t len, json_t **out)
{
    return authp_json_parse(apr_pmemdup(pool, text, len), len, out, pool);
}

/* Returns `open` n times, `middle`, and `close` n times. */
static const char *nested(int n, const char *open, const char *middle, const char *close)
{
    apr_array_header_t *parts = apr_array_make(pool, 2 * n + 1, sizeof(const char *));
    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(parts, const char *) = open;
    }
    APR_ARRAY_PUSH(parts, const char *) = middle;
    for (int i = 0; i < n; i++) {
        APR_ARRAY_PUSH(parts, const char *) = close;
    }
    return apr_array_pstrcat(pool, parts, '\0');
}

static const char *repeated(char c, int n)
{
    char *text = apr_palloc(pool, (apr_size_t)n + 1);
    memset(text, c, (size_t)n);
    text[n] = '\0';
    return text;
}

/* Accepted texts, and how they are written again. */
static const struct {
    const char *text;
    const char *again;
} accepted[] = {
    {"{}", "{}"},
    {"[]", "[]"},
    {"null", "null"},
    {"true", "true"},
    {"0", "0"},
    {"-0", "0"},
    {"\"\"", "\"\""},
    {" \t\r\n{\"a\" : 1}\n", "{\"a\":1}"},
    {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
    {"{\"\":1}", "{\"\":1}"},
    {"[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"},
    {"{\"a\":{\"a\":1}}", "{\"a\":{\"a\":1}}"},
    {"\"\\u00e9\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"\xc3\xa9/\\b\\f\\n\\r\\t\\\"\\\\\""},
    {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
    {"\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\""},
    {"\"\xf4\x8f\xbf\xbf\"", "\"\xf4\x8f\xbf\xbf\""},
    {"\"\xef\xbb\xbf\"", "\"\xef\xbb\xbf\""}, /* a BOM inside of a string is ordinary text */
    {"\"\x7f\"", "\"\x7f\""},
    {"\"{[{[{[{[{[{[\"", "\"{[{[{[{[{[{[\""},
    {"\"a\\\"[[[[[[[[[[\"", "\"a\\\"[[[[[[[[[[\""},
    {"[[],[],[],[],[],[],[],[],[],[]]", "[[],[],[],[],[],[],[],[],[],[]]"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"[1.5,2.5e3,-0.25]", "[1.5,2500.0,-0.25]"},
    {"0e99999999999999999999", "0.0"},
    {"0.000e999", "0.0"},
    {"1e-99999999999999999999", "0.0"},
    {"\"1e999\"", "\"1e999\""},
    {"\"\\\\u0000\"", "\"\\\\u0000\""}, /* an escaped backslash, followed by text */
};

START_TEST(accepts)
{
    json_t *value = NULL;
    const char *text = accepted[_i].text;
    ck_assert_msg(parse(text, strlen(text), &value) == AUTHP_OK, "%s", text);
    ck_assert_str_eq(authp_json_text(value, NULL, pool), accepted[_i].again);
}
END_TEST

static const char *const refused[] = {"",
                                      " ",
                                      "\n",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      "{]",
                                      "[}",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "{1:1}",
                                      "{null:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1}{",
                                      "{} {}",
                                      "{}x",
                                      "{}\xef\xbb\xbf",
                                      "null null",
                                      "1 1e999",
                                      "nul",
                                      "True",
                                      "NaN",
                                      "Infinity",
                                      "-Infinity",
                                      "undefined",
                                      "// c\n{}",
                                      "/* c */{}",
                                      "# c\n{}",
                                      "\xef\xbb\xbf{}",
                                      "\xc2\xa0{}",
                                      "\v{}",
                                      "\f{}",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"a\":1}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}",
                                      "{\"\":1,\"\":2}",
                                      "{\"a\\u0000\":1,\"a\\u0000\":2}",
                                      "{\"a\\u0000\":1,\"a\\ufffd\":2}",
                                      "\"",
                                      "\"a",
                                      "\"\\\"",
                                      "\"\\",
                                      "\"\\x41\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"a\nb\"",
                                      "\"a\tb\"",
                                      "\"\x01\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800x\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\ud800\\ud800\"",
                                      "\"\\udc00\\ud800\"",
                                      "{\"\\ud800\":1}",
                                      "\"\x80\"",
                                      "\"\xff\"",
                                      "\"\xc3\"",
                                      "\"\xc3(\"",
                                      "\"\xc0\x80\"",
                                      "\"\xc1\xbf\"",
                                      "\"\xe0\x80\x80\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\xf0\x80\x80\x80\"",
                                      "\"\xf4\x90\x80\x80\"",
                                      "\"\xf5\x80\x80\x80\"",
                                      "{\"\xe9\":1}",
                                      "-",
                                      "--1",
                                      "+1",
                                      "01",
                                      "-01",
                                      "09223372036854775808",
                                      "1.",
                                      ".5",
                                      "1.e5",
                                      "1.e999",
                                      "1e",
                                      "1e+",
                                      "1e999e",
                                      "1.5.5",
                                      "1.5.1e999",
                                      "1-1",
                                      "1-99999999999999999999",
                                      "0x10",
                                      "1_000",
                                      "[1e999",
                                      "{1e999:1}"};

START_TEST(refuses)
{
    json_t *value = NULL;
    ck_assert_msg(parse(refused[_i], strlen(refused[_i]), &value) == AUTHP_E_MALFORMED, "%s",
                  refused[_i]);
    ck_assert_ptr_null(value);
}
END_TEST

/* A NUL byte in the text is refused. It never ends the text. */
START_TEST(raw_nul)
{
    static const struct {
        const char *text;
        size_t len;
    } texts[] = {{"\0", 1}, {"{}\0", 3}, {"1\0", 2}, {"1\0x", 3}, {"\"a\0b\"", 5}, {"\0{}", 3}};
    for (int i = 0; i < LENGTH(texts); i++) {
        json_t *value = NULL;
        ck_assert_int_eq(parse(texts[i].text, texts[i].len, &value), AUTHP_E_MALFORMED);
        ck_assert_ptr_null(value);
    }
}
END_TEST

/* \u0000 in a value stays, so that the schema can name the field. In a name it becomes U+FFFD. */
START_TEST(escaped_nul)
{
    static const char text[] = "{\"a\":\"x\\u0000y\",\"b\\u0000\" :\"\\u0000\",\"\\\\u0000\":1}";
    json_t *value = NULL;
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_OK);
    ck_assert_uint_eq(json_object_size(value), 3);
    const json_t *a = json_object_get(value, "a");
    ck_assert_uint_eq(json_string_length(a), 3);
    ck_assert_mem_eq(json_string_value(a), "x\0y", 3);
    ck_assert_uint_eq(json_string_length(json_object_get(value, "b\xef\xbf\xbd")), 1);
    ck_assert(json_is_integer(json_object_get(value, "\\u0000")));
    ck_assert_str_eq(authp_json_text(a, NULL, pool), "\"x\\u0000y\"");
}
END_TEST

START_TEST(depth)
{
    static const struct {
        const char *open;
        const char *close;
    } shapes[] = {{"[", "]"}, {"{\"a\":", "}"}, {"[ ", " ]"}};
    for (int i = 0; i < LENGTH(shapes); i++) {
        json_t *value = NULL;
        const char *text = nested(AUTHP_JSON_MAX_DEPTH, shapes[i].open, "1", shapes[i].close);
        ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_OK);
        value = NULL;
        text = nested(AUTHP_JSON_MAX_DEPTH + 1, shapes[i].open, "1", shapes[i].close);
        ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_E_MALFORMED);
        ck_assert_ptr_null(value);
    }
    /* An empty container counts as a level too, and so does a bracket that is never closed. */
    json_t *value = NULL;
    const char *text = nested(AUTHP_JSON_MAX_DEPTH, "[", "{}", "]");
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_E_MALFORMED);
    text = nested(100000, "[", "", "");
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_E_MALFORMED);
    text = nested(1000, "]", nested(AUTHP_JSON_MAX_DEPTH + 1, "[", "1", "]"), "");
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_E_MALFORMED);
    ck_assert_ptr_null(value);
}
END_TEST

/* Numbers that fit into no C type are read as huge numbers, and not refused as malformed. */
static const struct {
    const char *text;
    bool negative;
} huge[] = {
    {"9223372036854775808", false},
    {"-9223372036854775809", true},
    {"99999999999999999999999999", false},
    {"1e308", false},
    {"1e309", false},
    {"-1e309", true},
    {"1E+400", false},
    {"1.5e309", false},
    {"0.1e310", false},
    {"-0.0001e99999999999999999999999", true},
    {"123456789.5e305", false},
    {"1e99999999999999999999", false},
};

START_TEST(numbers_beyond_range)
{
    json_t *value = NULL;
    const char *text = apr_pstrcat(pool, "{\"n\":[", huge[_i].text, " ,1]}", NULL);
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_OK);
    const json_t *number = json_array_get(json_object_get(value, "n"), 0);
    ck_assert(json_is_number(number) && !json_is_integer(number));
    ck_assert(isfinite(json_number_value(number)) != 0);
    ck_assert(fabs(json_number_value(number)) >= 9.2e18);
    ck_assert_int_eq(json_number_value(number) < 0, huge[_i].negative);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(value, "n"), 1)), 1);
}
END_TEST

START_TEST(long_numbers)
{
    json_t *value = NULL;
    const char *digits = repeated('9', 5000);
    ck_assert_int_eq(parse(digits, 5000, &value), AUTHP_OK);
    ck_assert(json_is_real(value) && json_real_value(value) >= 1e307);
    /* 1000...0e-5000 and 0.000...01e5001 are both 1, although they are long. */
    const char *text = apr_pstrcat(pool, "1", repeated('0', 5000), "e-5000", NULL);
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_OK);
    ck_assert(json_is_real(value) && fabs(json_real_value(value) - 1) < 1e-9);
    text = apr_pstrcat(pool, "0.", repeated('0', 5000), "1e5001", NULL);
    ck_assert_int_eq(parse(text, strlen(text), &value), AUTHP_OK);
    ck_assert(json_is_real(value) && fabs(json_real_value(value) - 1) < 1e-9);
}
END_TEST

static const struct {
    const char *text;
    const char *copy;
} scans[] = {
    {"", ""},
    {"{\"a\":[1,2.5e3]}", "{\"a\":[1,2.5e3]}"},
    {"1e400", "1e308"},
    {"[-1e400,1]", "[-1e308,1]"},
    /* Above 1.8e308 a double overflows. Every number from 1e308 on becomes 1e308. */
    {"2e308", "1e308"},
    {"-9.9e308", "-1e308"},
    {"20e307", "1e308"},
    {"0.2e309", "1e308"},
    {"0.02e310", "1e308"},
    {"9.9e307", "9.9e307"},
    {"99e306", "99e306"},
    {"0.99e308", "0.99e308"},
    {"9223372036854775808", "1e308"},
    {"\"1e400\"", "\"1e400\""},
    {"{\"\\u0000\":0}", "{\"\\uFFFD\":0}"},
    {"{\"\\u0000\" \t\r\n :0}", "{\"\\uFFFD\" \t\r\n :0}"},
    {"{\"\\\\u0000\":0}", "{\"\\\\u0000\":0}"},
    {"{\"\\\\\\u0000\":0}", "{\"\\\\\\uFFFD\":0}"},
    {"{\"a\":\"\\u0000\"}", "{\"a\":\"\\u0000\"}"},
    {"\"\\u0000\"", "\"\\u0000\""},
    {"\"\\", "\"\\"},
    {"\"\\u0000", "\"\\u0000"},
    {"not JSON 1e400 at all", "not JSON 1e308 at all"},
    {"]]]]", "]]]]"},
};

START_TEST(scan)
{
    const char *text = scans[_i].text;
    size_t len = strlen(text);
    char *out = apr_palloc(pool, len);
    size_t copied = 99;
    ck_assert_int_eq(
        authp_json_scan(apr_pmemdup(pool, text, len), len, AUTHP_JSON_MAX_DEPTH, out, &copied),
        AUTHP_OK);
    ck_assert_str_eq(apr_pstrmemdup(pool, out, copied), scans[_i].copy);
}
END_TEST

START_TEST(scan_refuses)
{
    char out[32];
    size_t copied = 99;
    ck_assert_int_eq(authp_json_scan("[[[[[[[[[", 9, AUTHP_JSON_MAX_DEPTH, out, &copied),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_json_scan("{}\0", 3, AUTHP_JSON_MAX_DEPTH, out, &copied),
                     AUTHP_E_MALFORMED);
    ck_assert_uint_eq(copied, 99);
    ck_assert_int_eq(authp_json_scan("[[[[[[[[", 8, AUTHP_JSON_MAX_DEPTH, out, &copied), AUTHP_OK);
    ck_assert_uint_eq(copied, 8);
}
END_TEST

Suite *suite_json(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, accepts, 0, LENGTH(accepted));
    tcase_add_loop_test(tests, refuses, 0, LENGTH(refused));
    tcase_add_test(tests, raw_nul);
    tcase_add_test(tests, escaped_nul);
    tcase_add_test(tests, depth);
    tcase_add_loop_test(tests, numbers_beyond_range, 0, LENGTH(huge));
    tcase_add_test(tests, long_numbers);
    tcase_add_loop_test(tests, scan, 0, LENGTH(scans));
    tcase_add_test(tests, scan_refuses);
    suite_add_tcase(suite, tests);
    return suite;
}

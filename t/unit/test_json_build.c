/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that we build: the members that the setters make, and that the text is always valid JSON. */
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "suite.h"

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *repeated(char c, int n)
{
    char *text = apr_palloc(pool, (apr_size_t)n + 1);
    memset(text, c, (size_t)n);
    text[n] = '\0';
    return text;
}

START_TEST(built)
{
    json_t *object = authp_json_object(pool);
    authp_json_set_str(object, "s", "\"\\\n\xc3\xa9");
    authp_json_set_str(object, "none", NULL);
    authp_json_set_int(object, "i", INT64_MIN);
    authp_json_set_bool(object, "t", 2);
    authp_json_set_bool(object, "f", 0);
    authp_json_set(object, "n", json_null());
    authp_json_set_int(authp_json_set_object(object, "o"), "x", 1);
    json_t *array = authp_json_set_array(object, "a");
    authp_json_append_str(array, "y");
    authp_json_append_str(array, NULL);
    authp_json_set_str(authp_json_append_object(array), "z", "");
    size_t len = 0;
    const char *text = authp_json_text(object, &len, pool);
    ck_assert_str_eq(text,
                     "{\"s\":\"\\\"\\\\\\n\xc3\xa9\",\"none\":null,\"i\":-9223372036854775808,"
                     "\"t\":true,\"f\":false,\"n\":null,\"o\":{\"x\":1},"
                     "\"a\":[\"y\",null,{\"z\":\"\"}]}");
    ck_assert_uint_eq(len, strlen(text));
    authp_json_set_int(object, "s", 1);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "s")), 1);
}
END_TEST

/* A value that is set by reference lives as long as its holder, in whatever order the pools are
 * destroyed. */
START_TEST(references)
{
    apr_pool_t *brief = NULL;
    ck_assert_int_eq(apr_pool_create(&brief, pool), APR_SUCCESS);
    json_t *outer = authp_json_object(pool);
    json_t *inner = authp_json_array(brief);
    authp_json_append_str(inner, "kept");
    authp_json_set(outer, "inner", inner);
    apr_pool_destroy(brief);
    ck_assert_str_eq(authp_json_text(outer, NULL, pool), "{\"inner\":[\"kept\"]}");
}
END_TEST

/* A user agent may be any bytes, but the answer that contains it is UTF-8. */
START_TEST(strings_are_utf8)
{
    json_t *array = authp_json_array(pool);
    authp_json_append_str(array, "caf\xe9");
    authp_json_append_str(array, "\xed\xa0\x80");
    authp_json_append_str(array, "\xe2\x82\xac");
    const char *text = authp_json_text(array, NULL, pool);
    ck_assert_str_eq(text, "[\"caf?\",\"???\",\"\xe2\x82\xac\"]");
    json_t *again = NULL;
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &again, pool), AUTHP_OK);
}
END_TEST

START_TEST(texts_of_any_length)
{
    for (int n = 1990; n < 2010; n++) {
        json_t *array = authp_json_array(pool);
        authp_json_append_str(array, repeated('x', n));
        size_t len = 0;
        const char *text = authp_json_text(array, &len, pool);
        ck_assert_uint_eq(len, (size_t)n + 4);
        ck_assert_str_eq(text, apr_pstrcat(pool, "[\"", repeated('x', n), "\"]", NULL));
    }
    json_t *value = NULL;
    const char *big = apr_pstrcat(pool, "\"", repeated('y', 1048576), "\"", NULL);
    ck_assert_int_eq(authp_json_parse(big, strlen(big), &value, pool), AUTHP_OK);
    ck_assert_uint_eq(json_string_length(value), 1048576);
    ck_assert_str_eq(authp_json_text(value, NULL, pool), big);
}
END_TEST

Suite *suite_json_build(void)
{
    Suite *suite = suite_create("json_build");
    TCase *tests = tcase_create("json_build");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, built);
    tcase_add_test(tests, references);
    tcase_add_test(tests, strings_are_utf8);
    tcase_add_test(tests, texts_of_any_length);
    suite_add_tcase(suite, tests);
    return suite;
}

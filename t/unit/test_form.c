/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of the type application/x-www-form-urlencoded. */
#include "api/core/form.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const struct {
    const char *text;
    const char *json; /* as jansson writes it; NULL: malformed */
} forms[] = {
    {"", "{}"},
    {"&&", "{}"},
    {"a=1&b=2", "{\"a\": \"1\", \"b\": \"2\"}"},
    {"a", "{\"a\": \"\"}"},
    {"a=", "{\"a\": \"\"}"},
    {"a=b=c", "{\"a\": \"b=c\"}"},
    {"a=b;c=d", "{\"a\": \"b;c=d\"}"},
    {"a+b=c+d%20e%2Bf", "{\"a b\": \"c d e+f\"}"},
    {"a=%C3%a9", "{\"a\": \"\xC3\xA9\"}"},
    {"a=x%00y", "{\"a\": \"x\\u0000y\"}"},
    {"a=%26%3D", "{\"a\": \"&=\"}"},
    {"%30%39%4A%4f%5F%6a=%4F%7a", "{\"09JO_j\": \"Oz\"}"},
    {"a=1&a=2", NULL},
    {"a=1&%61=2", NULL},
    {"=1", NULL},
    {"%00=1", NULL},
    {"a%00b=1", NULL},
    {"a=%", NULL},
    {"a=%4", NULL},
    {"a=%4&b=1", NULL},
    {"a=%4g", NULL},
    {"a=%g4", NULL},
    {"a=%4G", NULL},
    {"a=%4/", NULL},
    {"a=%4:", NULL},
    {"a=%4@", NULL},
    {"a=%4`", NULL},
    {"a=%ff", NULL},
    {"a=\xff", NULL},
    {"\xc0\x80=1", NULL},
    {"a=%ed%a0%80", NULL},
};

START_TEST(parses)
{
    json_t *form = NULL;
    authp_err_t err = authp_form_parse(forms[_i].text, strlen(forms[_i].text), &form, pool);
    if (forms[_i].json == NULL) {
        ck_assert_int_eq(err, AUTHP_E_MALFORMED);
        ck_assert_ptr_null(form);
        return;
    }
    ck_assert_int_eq(err, AUTHP_OK);
    json_t *want = json_loads(forms[_i].json, JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(want);
    ck_assert(json_equal(form, want));
    json_decref(want);
}
END_TEST

/* "f1=&f2=&...", with `count` fields. */
static const char *fields(int count)
{
    const char *text = "";
    for (int i = 1; i <= count; i++) {
        text = apr_psprintf(pool, "%sf%d=&", text, i);
    }
    return text;
}

START_TEST(number_of_fields)
{
    json_t *form = NULL;
    const char *text = fields(AUTHP_FORM_FIELDS);
    ck_assert_int_eq(authp_form_parse(text, strlen(text), &form, pool), AUTHP_OK);
    ck_assert_uint_eq(json_object_size(form), 32);
    text = fields(AUTHP_FORM_FIELDS + 1);
    ck_assert_int_eq(authp_form_parse(text, strlen(text), &form, pool), AUTHP_E_MALFORMED);
}
END_TEST

Suite *suite_form(void)
{
    Suite *suite = suite_create("form");
    TCase *tests = tcase_create("form");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, parses, 0, sizeof(forms) / sizeof(forms[0]));
    tcase_add_test(tests, number_of_fields);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of a 422: at most twenty fields and the number of the others, and names of bounded
 * length. */
#include "api/core/findings.h"
#include "api/core/profiles.h"
#include "api/core/refusal.h"
#include "suite.h"

#include "base/text.h"

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

/* Returns `unit`, repeated `count` times. */
static const char *repeated(const char *unit, size_t count)
{
    size_t len = strlen(unit);
    char *text = apr_palloc(pool, len * count + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + len * i, unit, len);
    }
    text[len * count] = '\0';
    return text;
}

static authp_findings_t *many(const char *field, int count)
{
    authp_findings_t *findings = authp_findings_make(pool);
    for (int i = 0; i < count; i++) {
        authp_findings_add(findings, field, "unknown", "Is not a field of this request.");
    }
    return findings;
}

static const struct {
    int count;
    int named;
    int more;
} counts[] = {{0, 0, 0},   {1, 1, 0},   {19, 19, 0},     {20, 20, 0},
              {21, 20, 1}, {22, 20, 2}, {5000, 20, 4980}};

START_TEST(twenty_are_named)
{
    authp_findings_t *findings = many("field", counts[_i].count);
    ck_assert_int_eq(findings->count, counts[_i].named);
    ck_assert_int_eq(findings->more, counts[_i].more);
    authp_response_t out = {0};
    const authp_refusal_t refusal = {.err = AUTHP_E_VALIDATION_FAILED, .findings = findings};
    authp_refusal_write(authp_profiles_find("platform"), &refusal, &out, pool);
    const char *more = apr_psprintf(pool, "\"more\":%d,", counts[_i].more);
    ck_assert_int_eq(strstr(out.body, "\"more\":") != NULL, counts[_i].more > 0);
    ck_assert_int_eq(strstr(out.body, more) != NULL, counts[_i].more > 0);
}
END_TEST

/* A character, how many of them are shown in full, and how many are shown of a longer name. */
static const struct {
    const char *unit;
    size_t most;
    size_t kept;
} names[] = {
    {"n", 64, 64},
    {"\xc3\xa9", 64, 64},
    {"\xe2\x82\xac", 64, 64},
    {"\xf0\x9f\x8c\x8d", 64, 64},
    /* In JSON the first takes six bytes and the second two. */
    {"\x01", 42, 42},
    {"\"", 64, 64},
    {"\\", 64, 64},
    {" ", 64, 64},
};

START_TEST(names_are_cut)
{
    const char *unit = names[_i].unit;
    const char *whole = repeated(unit, names[_i].most);
    const char *cut = apr_pstrcat(pool, repeated(unit, names[_i].kept), "\xe2\x80\xa6", NULL);
    authp_findings_t *findings = authp_findings_make(pool);
    authp_findings_add(findings, whole, "unknown", "x");
    authp_findings_add(findings, apr_pstrcat(pool, whole, unit, NULL), "unknown", "x");
    authp_findings_add(findings, repeated(unit, 4000), "unknown", "x");
    ck_assert_str_eq(findings->at[0].field, whole);
    ck_assert_str_eq(findings->at[1].field, cut);
    ck_assert_str_eq(findings->at[2].field, cut);
    ck_assert(authp_text_utf8(cut, strlen(cut), NULL));
    ck_assert(authp_findings_name(findings, whole));
    ck_assert(!authp_findings_name(findings, "another"));
}
END_TEST

/* A name takes at most 256 bytes in JSON: 42 control characters have 252, and each quote or
 * backslash has two. */
START_TEST(bytes_of_a_name)
{
    static const char *const units[] = {"\"", "\\"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const char *whole = apr_pstrcat(pool, repeated("\x01", 42), units[i], units[i], NULL);
        authp_findings_t *findings = authp_findings_make(pool);
        authp_findings_add(findings, whole, "unknown", "x");
        authp_findings_add(findings, apr_pstrcat(pool, whole, units[i], NULL), "unknown", "x");
        ck_assert_str_eq(findings->at[0].field, whole);
        ck_assert_str_eq(findings->at[1].field, apr_pstrcat(pool, whole, "\xe2\x80\xa6", NULL));
    }
}
END_TEST

/* The answer stays small whatever names the fields have. */
START_TEST(the_answer_is_bounded)
{
    authp_response_t out = {0};
    authp_findings_t *findings = many(repeated(names[_i].unit, 4000), 4000);
    const authp_refusal_t refusal = {.err = AUTHP_E_VALIDATION_FAILED,
                                     .findings = findings,
                                     .request_id = "65f0c0ffee00000000000001"};
    authp_refusal_write(authp_profiles_find("platform"), &refusal, &out, pool);
    ck_assert_uint_lt(out.body_len, 8192);
    ck_assert_uint_eq(out.body_len, strlen(out.body));
    ck_assert_ptr_nonnull(strstr(out.body, "\"more\":3980,"));
}
END_TEST

Suite *suite_findings(void)
{
    Suite *suite = suite_create("findings");
    TCase *tests = tcase_create("findings");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, twenty_are_named, 0, sizeof(counts) / sizeof(counts[0]));
    tcase_add_loop_test(tests, names_are_cut, 0, sizeof(names) / sizeof(names[0]));
    tcase_add_test(tests, bytes_of_a_name);
    tcase_add_loop_test(tests, the_answer_is_bounded, 0, sizeof(names) / sizeof(names[0]));
    suite_add_tcase(suite, tests);
    return suite;
}

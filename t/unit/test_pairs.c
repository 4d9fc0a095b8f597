/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of forms and of queries: none of them can add another one. */
#include "service/provider/pairs.h"
#include "suite.h"

#include <apr_strings.h>

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

START_TEST(forms)
{
    const authp_pair_t some[] = {{"a", "1"}, {"none", NULL}, {"empty", ""}, {"z", "2"}};
    const authp_pair_t late[] = {{"none", NULL}, {"a", "1"}};
    const authp_pair_t none[] = {{"a", NULL}, {"b", NULL}};
    ck_assert_str_eq(authp_pairs_form(AUTHP_PAIRS(some), pool), "a=1&empty=&z=2");
    ck_assert_str_eq(authp_pairs_form(AUTHP_PAIRS(late), pool), "a=1");
    ck_assert_str_eq(authp_pairs_form(AUTHP_PAIRS(none), pool), "");
    ck_assert_str_eq(authp_pairs_form(some, 0, pool), "");
}
END_TEST

START_TEST(values_are_encoded)
{
    const authp_pair_t odd[] = {
        {"a", "x&b=2#c?d/e+f g%h"}, {"u", "\xc3\xa4\r\n"}, {"s", "Az9-._~"}};
    ck_assert_str_eq(authp_pairs_form(AUTHP_PAIRS(odd), pool),
                     "a=x%26b%3D2%23c%3Fd%2Fe%2Bf%20g%25h&u=%C3%A4%0D%0A&s=Az9-._~");
}
END_TEST

START_TEST(queries)
{
    static const char *const urls[][2] = {
        {"https://a.example/x", "https://a.example/x?k=v%23&l=w"},
        {"https://a.example", "https://a.example?k=v%23&l=w"},
        {"https://a.example/x?", "https://a.example/x?k=v%23&l=w"},
        {"https://a.example/x?b=1", "https://a.example/x?b=1&k=v%23&l=w"},
        {"https://a.example/x?b=1#top", "https://a.example/x?b=1&k=v%23&l=w#top"},
        {"https://a.example/x#top", "https://a.example/x?k=v%23&l=w#top"},
        {"https://a.example/#/route?of=app", "https://a.example/?k=v%23&l=w#/route?of=app"},
        {"https://a.example/x#a#b", "https://a.example/x?k=v%23&l=w#a#b"},
        {"/jobs", "/jobs?k=v%23&l=w"},
        {"", "?k=v%23&l=w"},
        {"https://a.example/x?k=1&b=2", "https://a.example/x?b=2&k=v%23&l=w"},
        {"https://a.example/x?b=2&l&none=3&k=", "https://a.example/x?b=2&k=v%23&l=w"},
        {"https://a.example/x?%6B=1&kk=2&%zz=3#k=4",
         "https://a.example/x?kk=2&%zz=3&k=v%23&l=w#k=4"},
        {"https://a.example/x?a?k=1", "https://a.example/x?a?k=1&k=v%23&l=w"},
    };
    const authp_pair_t pairs[] = {{"k", "v#"}, {"none", NULL}, {"l", "w"}};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        ck_assert_str_eq(authp_pairs_url(urls[i][0], AUTHP_PAIRS(pairs), pool), urls[i][1]);
    }
}
END_TEST

Suite *suite_pairs(void)
{
    Suite *suite = suite_create("pairs");
    TCase *tests = tcase_create("pairs");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, forms);
    tcase_add_test(tests, values_are_encoded);
    tcase_add_test(tests, queries);
    suite_add_tcase(suite, tests);
    return suite;
}

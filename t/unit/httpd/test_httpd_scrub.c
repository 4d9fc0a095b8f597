/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that a client sends under our names are removed, and so are lists in Connection by which
 * mod_proxy would drop our headers. */
#include "httpd_fake.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static const char *const ours[] = {"X-Auth-User-Id",  "X-Auth-Email", "X-Auth-Email-Verified",
                                   "X-Auth-Name",     "X-Auth-Roles", "X-Auth-Session-Id",
                                   "X-Auth-Username", "X-Auth-Phone"};
#define OURS ((int)(sizeof(ours) / sizeof(ours[0])))

static void upper(char *text)
{
    for (; *text != '\0'; text++) {
        *text = (char)(*text >= 'a' && *text <= 'z' ? *text - 32 : *text);
    }
}

static void replace(char *text, char from, char to)
{
    for (; *text != '\0'; text++) {
        *text = *text == from ? to : *text;
    }
}

static void expect_gone(const char *name)
{
    request_rec *r = httpd_fake_request("/");
    apr_table_set(r->headers_in, "Accept", "a");
    apr_table_add(r->headers_in, name, "one");
    apr_table_add(r->headers_in, name, "two");
    apr_table_set(r->headers_in, "X-Auth", "b");
    ck_assert_int_eq(httpd_fake_post_read(r), DECLINED);
    ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, 2);
    ck_assert_ptr_null(apr_table_get(r->headers_in, name));
    ck_assert_str_eq(apr_table_get(r->headers_in, "Accept"), "a");
    ck_assert_str_eq(apr_table_get(r->headers_in, "X-Auth"), "b");
}

/* CGI, WSGI and PHP read all of these spellings as one name. */
START_TEST(every_spelling_of_a_name)
{
    static const char marks[] = "_.!~ *+|^`'";
    char *name = apr_pstrdup(fake.f.pool, ours[_i]);
    expect_gone(name);
    upper(name);
    expect_gone(name);
    for (const char *mark = marks; *mark != '\0'; mark++) {
        char *bent = apr_pstrdup(fake.f.pool, ours[_i]);
        replace(bent, '-', *mark);
        expect_gone(bent);
        bent = apr_pstrdup(fake.f.pool, ours[_i]);
        *strrchr(bent, '-') = *mark; /* only one of several hyphens */
        expect_gone(bent);
    }
}
END_TEST

START_TEST(all_of_them_at_once)
{
    request_rec *r = httpd_fake_request("/");
    for (int i = 0; i < OURS; i++) {
        apr_table_add(r->headers_in, ours[i], "x");
        apr_table_add(r->headers_in, ours[i], "y");
    }
    (void)httpd_fake_post_read(r);
    ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, 0);
}
END_TEST

START_TEST(other_names_stay)
{
    static const char *const others[] = {
        "X-Auth",          "X-Auth-User",   "X-Auth-User-Id-2", "X-Auth-Rolesx", "Xx-Auth-Roles",
        "AX-Auth-Roles",   "X-AuthRoles",   "X--Auth-Roles",    "X-Auth-Emails", "X-Auth-Session",
        "X-Forwarded-For", "X-Auth-Email-", "-X-Auth-Email"};
    request_rec *r = httpd_fake_request("/");
    int count = (int)(sizeof(others) / sizeof(others[0]));
    for (int i = 0; i < count; i++) {
        apr_table_set(r->headers_in, others[i], "x");
    }
    (void)httpd_fake_post_read(r);
    ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, count);
}
END_TEST

/* NULL: the header is gone. */
static const struct {
    const char *list;
    const char *rest;
} lists[] = {
    {"close", "close"},
    {"X-Auth-Roles", NULL},
    {"x_auth_roles", NULL},
    {"close, X-Auth-Roles", "close"},
    {"X-Auth-Roles, close", "close"},
    {"close, X-Auth-Roles, upgrade", "close,upgrade"},
    {"close;X-Auth-Roles", "close"},
    {";;X-Auth-Roles;;", NULL},
    {"X-Auth-User-Id X-Auth-Email\tX-Auth-Email-Verified,X-Auth-Name;X-Auth-Roles,X-Auth-Session-Id",
     NULL},
    {"\"X-Auth-Roles\"", NULL},
    {"a(X-Auth-Roles)b", "a,b"},
    {"\xe4X-Auth-Roles", NULL},
    {"X-Auth-Rolesx, xX-Auth-Roles", "X-Auth-Rolesx, xX-Auth-Roles"},
    {"X-Other; keep-alive", "X-Other; keep-alive"},
    {"X-Other; X-Auth-Name; keep-alive", "X-Other,keep-alive"},
    {"X-Auth-Name, a!#$%&'*+-.^_`|~9", "a!#$%&'*+-.^_`|~9"}, /* a token may have all of these */
    {"", ""},
    {"x", "x"},
};

START_TEST(lists_of_headers_to_drop)
{
    static const char *const names[] = {"Connection", "Proxy-Connection"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        /* Each header alone, and together with the other one. */
        for (int both = 0; both < 2; both++) {
            request_rec *r = httpd_fake_request("/");
            apr_table_set(r->headers_in, names[i], lists[_i].list);
            if (both) {
                apr_table_set(r->headers_in, names[1 - i], "X-Auth-Name, te");
            }
            (void)httpd_fake_post_read(r);
            ck_assert_pstr_eq(apr_table_get(r->headers_in, names[i]), lists[_i].rest);
            ck_assert_pstr_eq(apr_table_get(r->headers_in, names[1 - i]), both ? "te" : NULL);
        }
    }
}
END_TEST

/* The lists are found wherever they stand among the other headers. */
START_TEST(among_other_headers)
{
    static const char *const others[] = {"Host", "Accept", "User-Agent"};
    for (int place = 0; place <= 3; place++) {
        request_rec *r = httpd_fake_request("/");
        for (int i = 0; i <= 3; i++) {
            if (i == place) {
                apr_table_add(r->headers_in, "Connection", "te, X-Auth-Roles");
                apr_table_add(r->headers_in, "X-Auth-Roles", "admin");
            }
            if (i < 3) {
                apr_table_add(r->headers_in, others[i], "x");
            }
        }
        (void)httpd_fake_post_read(r);
        ck_assert_str_eq(apr_table_get(r->headers_in, "Connection"), "te");
        ck_assert_ptr_null(apr_table_get(r->headers_in, "X-Auth-Roles"));
        ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, 4);
    }
}
END_TEST

Suite *suite_httpd_scrub(void)
{
    Suite *suite = suite_create("httpd_scrub");
    TCase *tests = tcase_create("httpd_scrub");
    tcase_add_checked_fixture(tests, httpd_fake_open, httpd_fake_close);
    tcase_add_loop_test(tests, every_spelling_of_a_name, 0, OURS);
    tcase_add_test(tests, all_of_them_at_once);
    tcase_add_test(tests, among_other_headers);
    tcase_add_test(tests, other_names_stay);
    tcase_add_loop_test(tests, lists_of_headers_to_drop, 0,
                        (int)(sizeof(lists) / sizeof(lists[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

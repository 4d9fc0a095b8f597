/* SPDX-License-Identifier: Apache-2.0 */
/* Guarded answers stay out of shared caches, whatever the app says and in whichever table. */
#include "httpd_fake.h"
#include "suite.h"

#include <apr_strings.h>
#include <util_filter.h>

/* The value that the app set in the answer's headers and in those for every answer, and what is
 * sent; NULL: none. */
static const struct {
    const char *normal;
    const char *always;
    const char *sent;
} controls[] = {
    {NULL, NULL, "private, no-cache"},
    {"public, max-age=3600", NULL, "private, no-cache"},
    {NULL, "public", "private, no-cache"},
    {"max-age=60", "max-age=60", "private, no-cache"},
    {"private", NULL, "private, no-cache"},
    {"private, max-age=60", NULL, "private, no-cache"},
    {"private, max-age=00", NULL, "private, no-cache"},
    {"no-cache", NULL, "private, no-cache"},
    {"no-storex", NULL, "private, no-cache"},
    {"private=\"x\", no-cache", NULL, "private, no-cache"},
    {"no-store", NULL, "no-store"},
    {"No-Store", NULL, "No-Store"},
    {"max-age=1,\tno-store", NULL, "max-age=1,\tno-store"},
    {"private, no-cache", NULL, "private, no-cache"},
    {"PRIVATE,Max-Age=0", NULL, "PRIVATE,Max-Age=0"},
    {"private", "no-cache", "private+no-cache"},
    {NULL, "no-store", "+no-store"},
};

/* Both tables as the client gets them: "normal+always". */
static const char *sent(const request_rec *r, const char *name)
{
    const char *normal = apr_table_get(r->headers_out, name);
    const char *always = apr_table_get(r->err_headers_out, name);
    return apr_pstrcat(r->pool, normal != NULL ? normal : "", always != NULL ? "+" : "", always,
                       NULL);
}

static request_rec *guarded(void)
{
    request_rec *r = httpd_fake_request("/x");
    authp_context_make(r)->guarded = true;
    return r;
}

static void set(apr_table_t *table, const char *name, const char *value)
{
    if (value != NULL) {
        apr_table_set(table, name, value);
    }
}

START_TEST(cache_control)
{
    request_rec *r = guarded();
    set(r->headers_out, "Cache-Control", controls[_i].normal);
    set(r->err_headers_out, "Cache-Control", controls[_i].always);
    httpd_fake_answer(r);
    ck_assert_str_eq(sent(r, "Cache-Control"), controls[_i].sent);
    ck_assert_uint_eq(fake.passed, 1);
}
END_TEST

static const struct {
    const char *normal;
    const char *always;
    const char *sent;
} varies[] = {
    {NULL, NULL, "Authorization, Cookie"},
    {"Origin", NULL, "Origin, Authorization, Cookie"},
    {"cookie", NULL, "cookie, Authorization"},
    {"Authorization", NULL, "Authorization, Cookie"},
    {"Authorization,Cookie", NULL, "Authorization,Cookie"},
    {"Cookie", "Authorization", "Cookie+Authorization"},
    {NULL, "Origin", "Origin, Authorization, Cookie"},
    {"*", NULL, "*"},
    {"Cookies", NULL, "Cookies, Authorization, Cookie"},
};

START_TEST(vary)
{
    request_rec *r = guarded();
    set(r->headers_out, "Vary", varies[_i].normal);
    set(r->err_headers_out, "Vary", varies[_i].always);
    httpd_fake_answer(r);
    ck_assert_str_eq(sent(r, "Vary"), varies[_i].sent);
}
END_TEST

/* Two headers with the same name are read as one list. */
START_TEST(two_lines)
{
    request_rec *r = guarded();
    apr_table_add(r->headers_out, "Cache-Control", "private");
    apr_table_add(r->headers_out, "Cache-Control", "no-cache");
    apr_table_add(r->headers_out, "Vary", "Cookie");
    apr_table_add(r->headers_out, "Vary", "Authorization");
    httpd_fake_answer(r);
    ck_assert_int_eq(apr_table_elts(r->headers_out)->nelts, 4);
    ck_assert_int_eq(apr_table_elts(r->err_headers_out)->nelts, 0);
}
END_TEST

/* An answer that differs by user but is public (AuthPlatformOptional, signed out) may be cached,
 * but a cache must not give it to every client. */
START_TEST(a_public_answer_that_depends_on_who_asks)
{
    request_rec *r = httpd_fake_request("/x");
    authp_context_make(r)->aware = true;
    set(r->headers_out, "Cache-Control", "public");
    httpd_fake_answer(r);
    ck_assert_str_eq(sent(r, "Cache-Control"), "public");
    ck_assert_str_eq(sent(r, "Vary"), "Authorization, Cookie");
}
END_TEST

START_TEST(open_pages_are_let_be)
{
    request_rec *r = httpd_fake_request("/x");
    httpd_fake_answer(r);
    (void)authp_context_make(r);
    httpd_fake_answer(r);
    ck_assert_int_eq(apr_table_elts(r->headers_out)->nelts, 0);
    ck_assert_uint_eq(fake.passed, 0); /* our filter was not put in */
}
END_TEST

/* The site's own error page is reached by an internal redirect. An included page has no headers of
 * its own. */
START_TEST(redirected_and_included)
{
    request_rec *first = guarded();
    request_rec *page = httpd_fake_request("/error.html");
    page->prev = httpd_fake_request("/between");
    page->prev->prev = first;
    httpd_fake_answer(page);
    ck_assert_str_eq(sent(page, "Cache-Control"), "private, no-cache");
    request_rec *included = httpd_fake_subrequest(first, "/y");
    authp_context_make(included)->guarded = true;
    httpd_fake_answer(included);
    ck_assert_str_eq(sent(included, "Cache-Control"), "");
}
END_TEST

/* The credential of a request, the output filter of another module, and whether SECURE_COOKIES is
 * true. */
static const struct {
    const char *header;
    const char *value;
    const char *filter;
    bool secure;
    bool guarded;
} pages[] = {
    {"Authorization", "Bearer a.b.c", "includes", true, true},
    {"Cookie", "__Host-authp_at=a.b.c", "includes", true, true},
    {"Cookie", "authp_at=a.b.c", "includes", true, false},
    {"Cookie", "mine=1", "includes", true, false},
    {"Authorization", "Basic dTpw", "includes", true, false},
    {"Authorization", "Bearer a.b.c", "deflate", true, false},
    {"Cookie", "authp_at=a.b.c", "includes", false, true},
    {"Cookie", "__Host-authp_at=a.b.c", "includes", false, false},
};

/* An open page of mod_include may include a guarded one if somebody is signed in. Its headers are
 * sent before it does. */
START_TEST(a_page_that_includes)
{
    fake.f.settings->secure_cookies = pages[_i].secure;
    for (int more = 0; more < 2; more++) {
        static ap_filter_rec_t records[2];
        ap_filter_t filters[2] = {{.frec = &records[0]}, {.frec = &records[1]}};
        request_rec *r = httpd_fake_request("/open.shtml");
        records[more].name = pages[_i].filter;
        records[1 - more].name = "other";
        filters[0].next = &filters[1]; /* it is the first filter, or the last one */
        r->output_filters = &filters[0];
        apr_table_set(r->headers_in, pages[_i].header, pages[_i].value);
        httpd_fake_answer(r);
        ck_assert_str_eq(sent(r, "Cache-Control"), pages[_i].guarded ? "private, no-cache" : "");
        ck_assert_str_eq(sent(r, "Vary"), pages[_i].guarded ? "Authorization, Cookie" : "");
        ck_assert_int_eq(authp_context_of(r) != NULL, pages[_i].guarded);
    }
}
END_TEST

Suite *suite_httpd_cache(void)
{
    Suite *suite = suite_create("httpd_cache");
    TCase *tests = tcase_create("httpd_cache");
    tcase_add_checked_fixture(tests, httpd_fake_open, httpd_fake_close);
    tcase_add_loop_test(tests, cache_control, 0, (int)(sizeof(controls) / sizeof(controls[0])));
    tcase_add_loop_test(tests, vary, 0, (int)(sizeof(varies) / sizeof(varies[0])));
    tcase_add_test(tests, two_lines);
    tcase_add_test(tests, a_public_answer_that_depends_on_who_asks);
    tcase_add_test(tests, open_pages_are_let_be);
    tcase_add_test(tests, redirected_and_included);
    tcase_add_loop_test(tests, a_page_that_includes, 0, (int)(sizeof(pages) / sizeof(pages[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals where AuthPlatformErrorShape is set: their shape, and which front ends may read them.
 * Also whom the page for browsers names. */
#include "httpd_fake_io.h"
#include "suite.h"

#include "api/core/profile.h"
#include "api/core/profiles.h"

#include <apr_strings.h>
#include <string.h>

/* test_httpd_refuse.c includes refuse.c under this name. */
#define authp_refuse refuse_it
#include "httpd/refuse.h"

#define APP "https://app.example.org"

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    APR_ARRAY_PUSH(fake.f.settings->cors_origins, const char *) = APP;
}

static request_rec *request(void)
{
    static struct ap_logconf told = {.level = APLOG_INFO};
    request_rec *r = fake_io_request();
    r->log = &told;
    apr_table_setn(r->headers_in, "Host", "jobs.example.org");
    return r;
}

/* The profile of AuthPlatformErrorShape (NULL: unset), the header Origin, and the one that may read
 * the answer. */
static const struct {
    const char *shape;
    const char *origin;
    const char *allowed;
} fronts[] = {
    {NULL, NULL, NULL},
    {NULL, APP, NULL},
    {"assessment", NULL, NULL},
    {"assessment", APP, APP},
    {"assessment", "https://evil.example", NULL},
    {"assessment", "http://jobs.example.org", "http://jobs.example.org"},
    {"assessment", "https://jobs.example.org", NULL},
    {"platform", APP, APP},
};

START_TEST(shapes)
{
    request_rec *r = request();
    bool shaped = fronts[_i].shape != NULL;
    const authp_profile_t *profile = authp_profiles_find(shaped ? fronts[_i].shape : "platform");
    if (shaped) {
        ck_assert_ptr_null(
            httpd_fake_line(FAKE_SECTION, "AuthPlatformErrorShape", fronts[_i].shape, NULL));
    }
    if (fronts[_i].origin != NULL) {
        apr_table_setn(r->headers_in, "Origin", fronts[_i].origin);
    }
    ck_assert_int_eq(refuse_it(r, AUTHP_E_TOKEN_MISSING), 401);
    const authp_response_t *out = authp_context_of(r)->refusal;
    ck_assert_str_eq(apr_table_get(out->headers, "Content-Type"), profile->shape->error_type);
    const char *detail = authp_profile_problem(profile, AUTHP_E_TOKEN_MISSING)->detail;
    ck_assert_ptr_nonnull(strstr(out->body, detail));
    /* The headers are those of the document and those that are sent. */
    apr_table_t *const tables[] = {out->headers, r->err_headers_out};
    for (int i = 0; i < 2; i++) {
        ck_assert_pstr_eq(apr_table_get(tables[i], "Access-Control-Allow-Origin"),
                          fronts[_i].allowed);
        ck_assert_pstr_eq(apr_table_get(tables[i], "Access-Control-Allow-Credentials"),
                          fronts[_i].allowed != NULL ? "true" : NULL);
        ck_assert_pstr_eq(apr_table_get(tables[i], "Access-Control-Expose-Headers"),
                          fronts[_i].allowed != NULL ? "X-Request-Id, Retry-After, WWW-Authenticate"
                                                     : NULL);
        ck_assert_pstr_eq(apr_table_get(tables[i], "Vary"), shaped ? "Origin" : NULL);
    }
}
END_TEST

/* What the account has, and how the page names it. */
static const struct {
    const char *name;
    const char *email;
    const char *username;
    const char *phone;
    const char *text;
} people[] = {
    {"Ada", "a@b.example", "ada", "+919876543210",
     " as <strong><bdi>Ada</bdi></strong> (<bdi>a@b.example</bdi>)."},
    {"Ada", NULL, "ada", "+919876543210", " as <strong><bdi>Ada</bdi></strong> (<bdi>ada</bdi>)."},
    {"Ada", NULL, NULL, "+919876543210",
     " as <strong><bdi>Ada</bdi></strong> (<bdi>+919876543210</bdi>)."},
    {"Ada", NULL, NULL, NULL, " as <strong><bdi>Ada</bdi></strong>."},
    {NULL, "a@b.example", "ada", NULL, " as <strong><bdi>a@b.example</bdi></strong>."},
    {NULL, NULL, "ada", "+919876543210", " as <strong><bdi>ada</bdi></strong>."},
    {NULL, NULL, NULL, "+919876543210", " as <strong><bdi>+919876543210</bdi></strong>."},
    {NULL, NULL, NULL, NULL, "."},
    {"<b>&\"", NULL, NULL, NULL, " as <strong><bdi>&lt;b&gt;&amp;&quot;</bdi></strong>."},
};

START_TEST(names)
{
    request_rec *r = request();
    authp_context_t *context = httpd_fake_admit(r, "candidate");
    context->principal.name = people[_i].name;
    context->principal.email = people[_i].email;
    context->principal.username = people[_i].username;
    context->principal.phone = people[_i].phone;
    apr_table_setn(r->headers_in, "Sec-Fetch-Mode", "navigate");
    ck_assert_int_eq(refuse_it(r, AUTHP_E_INSUFFICIENT_ROLE), 403);
    const char *text = apr_pstrcat(r->pool, "<p>You are signed in", people[_i].text, "</p>", NULL);
    ck_assert_ptr_nonnull(strstr(context->refusal->body, text));
}
END_TEST

Suite *suite_httpd_shape(void)
{
    Suite *suite = suite_create("httpd_shape");
    TCase *tests = tcase_create("httpd_shape");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_loop_test(tests, shapes, 0, (int)(sizeof(fronts) / sizeof(fronts[0])));
    tcase_add_loop_test(tests, names, 0, (int)(sizeof(people) / sizeof(people[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

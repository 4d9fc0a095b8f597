/* SPDX-License-Identifier: Apache-2.0 */
/* The pages to which links in mails lead: their headers, their policies, and the sign-in page that
 * they name. t/browser tests what they do. */
#include "api/pages/pages_text.h"
#include "crypto/digest.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <string.h>

static http_fake_t h;

static const struct {
    const char *path;
    const unsigned char *text;
    const char *policy;
} pages[] = {{"/api/auth/verify-email", authp_pages_text_verify, authp_pages_text_verify_policy},
             {"/api/auth/reset-password", authp_pages_text_reset, authp_pages_text_reset_policy}};
#define PAGES ((int)(sizeof(pages) / sizeof(pages[0])))

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

START_TEST(they_are_served)
{
    const char *path = pages[_i].path;
    authp_response_t out = http_fake_expect(&h, "GET", path, 200, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Content-Type"), "text/html; charset=utf-8");
    ck_assert_str_eq(http_fake_header(&out, "Content-Security-Policy"), pages[_i].policy);
    ck_assert_str_eq(http_fake_header(&out, "Referrer-Policy"), "no-referrer");
    ck_assert_str_eq(http_fake_header(&out, "X-Content-Type-Options"), "nosniff");
    ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "no-store");
    ck_assert_ptr_null(http_fake_header(&out, "ETag"));
    ck_assert_uint_eq(out.body_len, strlen(out.body));
    ck_assert_int_eq(strncmp(out.body, "<!doctype html>", 15), 0);
    out = http_fake_expect(&h, "POST", path, 405, "method_not_allowed");
    ck_assert_str_eq(http_fake_header(&out, "Allow"), "GET, HEAD, OPTIONS");
}
END_TEST

/* Returns how many texts between <tag> and </tag> there are. Each must be allowed by its hash. */
static int allowed(const char *page, const char *tag, const char *policy)
{
    const char *open = apr_pstrcat(h.f.pool, "<", tag, ">", NULL);
    const char *close = apr_pstrcat(h.f.pool, "</", tag, ">", NULL);
    int count = 0;
    for (const char *at = strstr(page, open); at != NULL; at = strstr(at, open)) {
        unsigned char sum[AUTHP_SHA256_LEN];
        char text[64] = "";
        at += strlen(open);
        const char *end = strstr(at, close);
        ck_assert_ptr_nonnull(end);
        ck_assert_int_eq(authp_digest_sha256(at, (size_t)(end - at), sum), AUTHP_OK);
        (void)apr_base64_encode_binary(text, sum, sizeof(sum));
        ck_assert_ptr_nonnull(strstr(policy, apr_pstrcat(h.f.pool, "'sha256-", text, "'", NULL)));
        count++;
    }
    return count;
}

START_TEST(their_policies)
{
    const char *policy = pages[_i].policy;
    authp_response_t out = http_fake_expect(&h, "GET", pages[_i].path, 200, NULL);
    ck_assert_int_ge(allowed(out.body, "script", policy), 1);
    ck_assert_int_ge(allowed(out.body, "style", policy), 1);
    ck_assert_int_eq(strncmp(policy, "default-src 'none'; ", 20), 0);
    ck_assert_ptr_nonnull(strstr(policy, "frame-ancestors 'none'"));
    ck_assert_ptr_null(strstr(policy, "unsafe"));
    /* The page loads nothing from other hosts and has no script or style outside of these texts. */
    ck_assert_ptr_null(strstr(out.body, " src="));
    ck_assert_ptr_null(strstr(out.body, " style="));
    ck_assert_ptr_null(strstr(out.body, "https:"));
}
END_TEST

/* The address is configured, but may have characters that have a meaning in HTML. */
START_TEST(they_name_the_sign_in_page)
{
    static const struct {
        const char *configured;
        const char *written;
    } rows[] = {{"/signin/", " data-sign-in=\"/signin/\""},
                {"/a\"b&<c>", " data-sign-in=\"/a&quot;b&amp;&lt;c&gt;\""},
                {NULL, " data-sign-in=\"\""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        h.sign_in_page = rows[i].configured;
        authp_response_t out = http_fake_expect(&h, "GET", pages[_i].path, 200, NULL);
        ck_assert_ptr_nonnull(strstr(out.body, rows[i].written));
        ck_assert_ptr_null(strstr(out.body, "{{"));
        ck_assert_str_eq(out.body + strlen(out.body) - 8, "</html>\n");
    }
}
END_TEST

START_TEST(reset_says_how_long_a_password_must_be)
{
    authp_response_t out = http_fake_expect(&h, "GET", "/api/auth/reset-password", 200, NULL);
    ck_assert_ptr_nonnull(strstr(out.body, " data-password-min=\"8\">"));
}
END_TEST

Suite *suite_pages(void)
{
    Suite *suite = suite_create("pages");
    TCase *tests = tcase_create("pages");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, they_are_served, 0, PAGES);
    tcase_add_loop_test(tests, their_policies, 0, PAGES);
    tcase_add_loop_test(tests, they_name_the_sign_in_page, 0, PAGES);
    tcase_add_test(tests, reset_says_how_long_a_password_must_be);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Origins are equal only if their texts are equal. A return_to never leads to another host. */
#include <string.h>

#include <apr_strings.h>

#include "net/origin.h"
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

static const char *repeated(char c, size_t n)
{
    char *text = apr_palloc(pool, n + 1);
    memset(text, c, n);
    text[n] = '\0';
    return text;
}

static const struct {
    const char *text;
    const char *origin;
} origins[] = {
    {"https://example.org", "https://example.org"},
    {"HTTPS://EXAMPLE.Org", "https://example.org"},
    {"https://example.org:443", "https://example.org"},
    {"https://example.org:0443", "https://example.org"},
    {"https://example.org:", "https://example.org"},
    {"http://example.org:80", "http://example.org"},
    {"http://example.org:443", "http://example.org:443"},
    {"https://example.org:80", "https://example.org:80"},
    {"http://example.org:8080", "http://example.org:8080"},
    {"http://example.org:65535", "http://example.org:65535"},
    {"http://example.org:1", "http://example.org:1"},
    {"http://localhost", "http://localhost"},
    {"http://my_app-1:3000", "http://my_app-1:3000"},
    {"https://example.org.", "https://example.org."},
    {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
    {"http://127.0.0.1:3000", "http://127.0.0.1:3000"},
    {"http://[::1]", "http://[::1]"},
    {"http://[::1]:80", "http://[::1]"},
    {"http://[::1]:8080", "http://[::1]:8080"},
    {"https://[2001:DB8:0:0:0:0:0:1]:443", "https://[2001:db8::1]"},
    {"https://[2001:0db8::0001]", "https://[2001:db8::1]"},
    {"chrome-extension://abcdef", "chrome-extension://abcdef"},
    {"app+x.y-z://host:443", "app+x.y-z://host:443"},
};

START_TEST(parse)
{
    const char *out = NULL;
    ck_assert_int_eq(authp_origin_parse(origins[_i].text, false, &out, pool), AUTHP_OK);
    ck_assert_str_eq(out, origins[_i].origin);
    const char *again = NULL;
    ck_assert_int_eq(authp_origin_parse(out, false, &again, pool), AUTHP_OK);
    ck_assert_str_eq(again, out);
    const char *url = NULL;
    const char *text = apr_pstrcat(pool, origins[_i].text, "/a/b", NULL);
    ck_assert_int_eq(authp_origin_parse(text, true, &url, pool), AUTHP_OK);
    ck_assert_str_eq(url, out);
}
END_TEST

/* These are neither origins nor URLs with an origin. */
static const char *const no_origins[] = {"",
                                         "null",
                                         "*",
                                         "example.org",
                                         "//example.org",
                                         "://example.org",
                                         "https:",
                                         "https:/",
                                         "https://",
                                         "https:///",
                                         "https:///example.org",
                                         "https:example.org",
                                         "https:/example.org",
                                         "https:\\\\example.org",
                                         "1https://example.org",
                                         "-x://example.org",
                                         " https://example.org",
                                         "https ://example.org",
                                         "https://example.org ",
                                         "https://example.org\n",
                                         "https://example.org\r\nX: y",
                                         "https://exa mple.org",
                                         "https://exam\tple.org",
                                         "https://example.org,https://evil.example",
                                         "https://example.org https://evil.example",
                                         "https://user@example.org",
                                         "https://user:pw@example.org",
                                         "https://@example.org",
                                         "https://example.org:443@evil.example",
                                         "https://evil.example\\@example.org",
                                         "https://example.org\\",
                                         "https://example.org?",
                                         "https://example.org#",
                                         "https://example.org?/",
                                         "https://example.org#/",
                                         "https://.example.org",
                                         "https://example..org",
                                         "https://example.org..",
                                         "https://.",
                                         "https://*.example.org",
                                         "https://ex%61mple.org",
                                         "https://b\xc3\xbc"
                                         "cher.example",
                                         "https://example.org:0",
                                         "https://example.org:65536",
                                         "https://example.org:99999999999999999999",
                                         "https://example.org:-1",
                                         "https://example.org:+443",
                                         "https://example.org:44x",
                                         "https://example.org: 443",
                                         "https://example.org:443:443",
                                         "https://:443",
                                         "https://[",
                                         "https://[]",
                                         "https://[::1",
                                         "https://::1",
                                         "https://[::1]]",
                                         "https://[::1]x",
                                         "https://[::1]443",
                                         "https://[::1]:x",
                                         "https://[::g]",
                                         "https://[127.0.0.1]",
                                         "https://[fe80::1%25eth0]",
                                         "https://[fe80::1%eth0]",
                                         "https://[v1.x]",
                                         "data:text/html,x",
                                         "javascript://",
                                         "file:///etc/passwd"};

START_TEST(parse_refuses)
{
    const char *out = NULL;
    ck_assert_int_eq(authp_origin_parse(no_origins[_i], false, &out, pool), AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_origin_parse(no_origins[_i], true, &out, pool), AUTHP_E_MALFORMED);
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(parse_urls)
{
    static const char *const good[] = {"/", "/a", "/a/b/", "/a;b=c,d", "//x", "/%41@:[]"};
    static const char *const bad[] = {"/a?b", "/a#b", "/?",    "/#",        "/a\\b",
                                      "/a b", "/a\n", "/\x7f", "/\xc3\xa9", "/a\tb"};
    const char *out = NULL;
    for (int i = 0; i < LENGTH(good); i++) {
        const char *text = apr_pstrcat(pool, "https://Example.org:443", good[i], NULL);
        ck_assert_int_eq(authp_origin_parse(text, true, &out, pool), AUTHP_OK);
        ck_assert_str_eq(out, "https://example.org");
        out = NULL;
        ck_assert_int_eq(authp_origin_parse(text, false, &out, pool), AUTHP_E_MALFORMED);
        ck_assert_ptr_null(out);
    }
    for (int i = 0; i < LENGTH(bad); i++) {
        const char *text = apr_pstrcat(pool, "https://example.org", bad[i], NULL);
        ck_assert_int_eq(authp_origin_parse(text, true, &out, pool), AUTHP_E_MALFORMED);
        ck_assert_ptr_null(out);
    }
    ck_assert_int_eq(authp_origin_parse(NULL, true, &out, pool), AUTHP_E_MALFORMED);
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(host_length)
{
    const char *out = NULL;
    const char *text = apr_pstrcat(pool, "https://", repeated('a', 253), NULL);
    ck_assert_int_eq(authp_origin_parse(text, false, &out, pool), AUTHP_OK);
    ck_assert_str_eq(out, text);
    text = apr_pstrcat(pool, "https://", repeated('a', 254), NULL);
    ck_assert_int_eq(authp_origin_parse(text, false, &out, pool), AUTHP_E_MALFORMED);
    text = apr_pstrcat(pool, "https://[", repeated(':', 5000), "]", NULL);
    ck_assert_int_eq(authp_origin_parse(text, false, &out, pool), AUTHP_E_MALFORMED);
}
END_TEST

static const struct {
    const char *scheme;
    const char *host;
    const char *origin; /* NULL: refused */
} own_rows[] = {
    {"https", "Jobs.Example.org", "https://jobs.example.org"},
    {"https", "jobs.example.org:443", "https://jobs.example.org"},
    {"http", "jobs.example.org:443", "http://jobs.example.org:443"},
    {"http", "localhost:8080", "http://localhost:8080"},
    {"http", "[::1]:8080", "http://[::1]:8080"},
    {"http", "[0:0:0:0:0:0:0:1]:80", "http://[::1]"},
    {"https", "", NULL},
    {"https", ":443", NULL},
    {"https", "user@jobs.example.org", NULL},
    {"https", "jobs.example.org/", NULL},
    {"https", "jobs.example.org/x", NULL},
    {"https", "jobs.example.org?x", NULL},
    {"https", "jobs.example.org#x", NULL},
    {"https", "jobs.example.org, evil.example", NULL},
    {"https", "jobs.example.org ", NULL},
    {"https", "jobs.example.org:99999", NULL},
    {"https", "[::1", NULL},
    {"https", "https://jobs.example.org", NULL},
    {"https", NULL, NULL},
    {NULL, "jobs.example.org", NULL},
};

START_TEST(own)
{
    const char *out = NULL;
    authp_err_t err = authp_origin_own(own_rows[_i].scheme, own_rows[_i].host, &out, pool);
    if (own_rows[_i].origin == NULL) {
        ck_assert_int_eq(err, AUTHP_E_MALFORMED);
        ck_assert_ptr_null(out);
    } else {
        ck_assert_int_eq(err, AUTHP_OK);
        ck_assert_str_eq(out, own_rows[_i].origin);
    }
}
END_TEST

static const struct {
    const char *text;
    const char *location;
} kept[] = {
    {"/", "/"},
    {"/jobs", "/jobs"},
    {"/jobs/?a=b&c=d#e", "/jobs/?a=b&c=d#e"},
    {"/?next=https://example.org//x", "/?next=https://example.org//x"},
    {"/#//x", "/#//x"},
    {"/a/../b/./c", "/a/../b/./c"},
    {"/a:b@c", "/a:b@c"},
    {"/100%25", "/100%25"},
    {"/a%20b+c", "/a%20b+c"},
    {"/caf%C3%A9", "/caf%C3%A9"},
    {"/caf\xc3\xa9", "/caf%C3%A9"},
    {"/a b", "/a%20b"},
    {"/\"<>^`{|}", "/%22%3C%3E%5E%60%7B%7C%7D"},
    {"/'()*!$&,;=~[]", "/'()*!$&,;=~[]"},
    {"/\xff", "/%FF"},
    /* encoded twice: after one decoding the path still begins with a single slash */
    {"/%252Fevil.example", "/%252Fevil.example"},
};

START_TEST(return_to_kept)
{
    ck_assert_str_eq(authp_origin_return_to(kept[_i].text, pool), kept[_i].location);
    ck_assert_str_eq(authp_origin_return_to(kept[_i].location, pool), kept[_i].location);
}
END_TEST

static const char *const dropped[] = {"",
                                      " ",
                                      " /",
                                      "jobs",
                                      "?a=b",
                                      "#a",
                                      ".",
                                      "..",
                                      "*",
                                      "https://evil.example",
                                      "https:/evil.example",
                                      "http:evil.example",
                                      "javascript:alert(1)",
                                      "data:text/html,x",
                                      "//",
                                      "//evil.example",
                                      "///evil.example",
                                      "/%2Fevil.example",
                                      "/%2fevil.example",
                                      "%2F%2Fevil.example",
                                      "%2F/evil.example",
                                      "%2Fjobs",
                                      "/a//b",
                                      "/.//evil.example",
                                      "/..//evil.example",
                                      "/%2e%2e//evil.example",
                                      "/a/..%2F%2Fevil.example",
                                      "\\",
                                      "\\/evil.example",
                                      "\\\\evil.example",
                                      "/\\evil.example",
                                      "/\\/evil.example",
                                      "/%5Cevil.example",
                                      "/%5c/evil.example",
                                      "/a\\b",
                                      "/a?b=\\",
                                      "/a?b=%5C",
                                      "/\t/evil.example",
                                      "/%09/evil.example",
                                      "/\n/evil.example",
                                      "/%0A/evil.example",
                                      "/\r\nSet-Cookie: a=b",
                                      "/%0d%0aSet-Cookie:%20a=b",
                                      "/a?b=%0D%0Ac",
                                      "/a#%0A",
                                      "\t//evil.example",
                                      "\n/jobs",
                                      "/\x01",
                                      "/%1F",
                                      "/\x7f",
                                      "/%7F",
                                      "/%00",
                                      "/%00/evil.example",
                                      "/%",
                                      "/%4",
                                      "/%zz",
                                      "/?a=%",
                                      "/100%"};

START_TEST(return_to_dropped)
{
    ck_assert_str_eq(authp_origin_return_to(dropped[_i], pool), "/");
}
END_TEST

START_TEST(return_to_bounds)
{
    const char *longest = apr_pstrcat(pool, "/", repeated('a', 4095), NULL);
    ck_assert_str_eq(authp_origin_return_to(longest, pool), longest);
    ck_assert_str_eq(authp_origin_return_to(apr_pstrcat(pool, longest, "a", NULL), pool), "/");
    ck_assert_str_eq(authp_origin_return_to(NULL, pool), "/");
    /* The text that becomes longest when it is escaped. */
    const char *wide =
        authp_origin_return_to(apr_pstrcat(pool, "/", repeated('\xe9', 4095), NULL), pool);
    ck_assert_uint_eq(strlen(wide), 1 + 3 * 4095);
}
END_TEST

/* Tries each byte at each of the first places. The result must be a path on this host that may
 * stand in a header. */
START_TEST(return_to_every_byte)
{
    for (int c = 1; c < 256; c++) {
        for (int at = 0; at < 3; at++) {
            char text[] = "/xx/evil.example";
            text[at] = (char)c;
            const char *to = authp_origin_return_to(text, pool);
            ck_assert_int_eq(to[0], '/');
            ck_assert_int_ne(to[1], '/');
            for (const char *each = to; *each != '\0'; each++) {
                ck_assert(*each > ' ' && *each < 0x7f && *each != '\\' && *each != '"');
            }
        }
    }
}
END_TEST

Suite *suite_origin(void)
{
    Suite *suite = suite_create("origin");
    TCase *tests = tcase_create("origin");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, parse, 0, LENGTH(origins));
    tcase_add_loop_test(tests, parse_refuses, 0, LENGTH(no_origins));
    tcase_add_test(tests, parse_urls);
    tcase_add_test(tests, host_length);
    tcase_add_loop_test(tests, own, 0, LENGTH(own_rows));
    tcase_add_loop_test(tests, return_to_kept, 0, LENGTH(kept));
    tcase_add_loop_test(tests, return_to_dropped, 0, LENGTH(dropped));
    tcase_add_test(tests, return_to_bounds);
    tcase_add_test(tests, return_to_every_byte);
    suite_add_tcase(suite, tests);
    return suite;
}

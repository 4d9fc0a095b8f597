/* SPDX-License-Identifier: Apache-2.0 */
/* Where a sign-in at a provider may end: paths of this host, and URLs of allowed front ends alone.
 */
#include "api/core/target.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define FRONT "https://app.example.org"
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;
static authp_settings_t settings;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_array_header_t *origins = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(origins, const char *) = "https://jobs.example.net:8443";
    APR_ARRAY_PUSH(origins, const char *) = "http://localhost:3000";
    settings = (authp_settings_t){.frontend_origin = FRONT, .cors_origins = origins};
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static bool fits(const char *text)
{
    return authp_target_check(&settings, text, pool) == NULL;
}

START_TEST(targets)
{
    static const char *const good[] = {
        "/",
        "/jobs",
        "/jobs?page=2&q=a%20b",
        "/jobs?next=https://evil.example/",
        FRONT,
        FRONT "/",
        FRONT "/done?x=1#/route",
        FRONT "?x=1",
        FRONT "#top",
        FRONT ":443/done",
        "HTTPS://APP.Example.ORG/Done",
        "https://jobs.example.net:8443/x",
        "http://localhost:3000/x",
        FRONT "/x?next=https://evil.example@y",
        FRONT "/a:b@c",
    };
    for (size_t i = 0; i < LENGTH(good); i++) {
        ck_assert_msg(fits(good[i]), "%s", good[i]);
    }
}
END_TEST

START_TEST(near_misses)
{
    static const char *const refused[] = {
        "",
        "jobs",
        "//evil.example",
        "/\\evil.example",
        "/jobs\\x",
        "/a//b",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/jobs\n",
        "/jobs%0d%0aSet-Cookie:a",
        "/jobs%00",
        " /jobs",
        "\t/jobs",
        "javascript:alert(1)",
        "javascript://app.example.org/%0aalert(1)",
        "data:text/html,x",
        "://app.example.org",
        "//app.example.org/",
        "http://app.example.org/",
        "ftp://app.example.org/",
        FRONT ":8443/",
        FRONT ":80/",
        FRONT ":443:443/",
        FRONT ":x/",
        "https://jobs.example.net/",
        "https://jobs.example.net:844/",
        "https://localhost:3000/",
        "http://localhost:3001/",
        "https://evil.example/",
        "https://app.example.org.evil.example/",
        "https://xapp.example.org/",
        "https://app.example.or/",
        "https://app.example.org./",
        "https://app.example.org@evil.example/",
        "https://app.example.org:443@evil.example/",
        "https://user@app.example.org/",
        "https://user:pw@app.example.org/",
        "https://@app.example.org/",
        "https://evil.example\\@app.example.org/",
        "https://evil.example\\.app.example.org/",
        FRONT "\\@evil.example/",
        FRONT "\\evil",
        FRONT "/\\evil.example",
        FRONT "/a b",
        FRONT "/a\tb",
        FRONT "/a\r\nSet-Cookie: x=y",
        FRONT "/\x7f",
        FRONT "/\xc3\xa4",
        FRONT "/<script>",
        FRONT "/\"",
        FRONT "/^`{|}",
        " " FRONT,
        FRONT " ",
        "https:app.example.org/",
        "https:/app.example.org/",
        "https:///app.example.org/",
        "https://",
        "https:///",
        "https://?app.example.org",
        "https://app.example.org%2eevil.example/",
        "null",
        "*",
    };
    for (size_t i = 0; i < LENGTH(refused); i++) {
        const char *sentence = authp_target_check(&settings, refused[i], pool);
        ck_assert_msg(sentence != NULL, "%s", refused[i]);
        ck_assert_ptr_nonnull(strchr(sentence, '.'));
    }
}
END_TEST

static const char *padded(const char *front, size_t len)
{
    char *text = apr_palloc(pool, len + 1);
    memset(text, 'x', len);
    memcpy(text, front, strlen(front));
    text[len] = '\0';
    return text;
}

START_TEST(lengths)
{
    static const char *const fronts[] = {"/", FRONT "/"};
    for (size_t i = 0; i < LENGTH(fronts); i++) {
        ck_assert(fits(padded(fronts[i], 1023)));
        ck_assert(fits(padded(fronts[i], 1024)));
        ck_assert_str_eq(authp_target_check(&settings, padded(fronts[i], 1025), pool),
                         "Must be at most 1024 bytes.");
    }
}
END_TEST

START_TEST(without_front_ends)
{
    settings.frontend_origin = NULL;
    ck_assert(!fits(FRONT "/"));
    ck_assert(fits("http://localhost:3000/x"));
    settings.cors_origins = apr_array_make(pool, 1, sizeof(const char *));
    ck_assert(!fits("http://localhost:3000/x"));
    ck_assert(fits("/jobs"));
}
END_TEST

START_TEST(paths)
{
    ck_assert(authp_target_is_path("/"));
    ck_assert(authp_target_is_path("/jobs"));
    ck_assert(!authp_target_is_path(FRONT "/"));
    ck_assert(!authp_target_is_path(""));
}
END_TEST

Suite *suite_target(void)
{
    Suite *suite = suite_create("target");
    TCase *tests = tcase_create("target");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, targets);
    tcase_add_test(tests, near_misses);
    tcase_add_test(tests, lengths);
    tcase_add_test(tests, without_front_ends);
    tcase_add_test(tests, paths);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an administrator reads about a wrong line, word for word. */
#include "httpd_fake.h"
#include "httpd_stub.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define PLAIN " must be a plain path: printable ASCII without %, ?, #, <, >, quotes and backslash"
#define MAIN FAKE_MAIN
#define PLACE FAKE_SECTION

/* A directive, its value, and what follows the name of the directive in the error. */
static const struct {
    httpd_fake_place_t place;
    const char *name;
    const char *value;
    const char *error;
} lines[] = {
    {MAIN, "AuthPlatformEnvFile", "", " needs the name of a file"},
    {MAIN, "AuthPlatformRevocationMaxLag", "1s", " must be a time from 2s to 1h"},
    {MAIN, "AuthPlatformRevocationMaxLag", "x", " must be a time from 2s to 1h"},
    {MAIN, "AuthPlatformLiveTableSize", "1", " must be a number from 1024 to 16777216"},
    {MAIN, "AuthPlatformTokenCache", "1K", " must be 64K to 1024M, or off"},
    {MAIN, "AuthPlatformMount", "a", " must begin with a slash"},
    {MAIN, "AuthPlatformMount", "/a//b", " must not contain //, /./ or /../"},
    {MAIN, "AuthPlatformMount", "/a/..", " must not contain //, /./ or /../"},
    {MAIN, "AuthPlatformMount", "/a%b", PLAIN},
    {MAIN, "AuthPlatformMount", "/", " must not be the whole site"},
    {MAIN, "AuthPlatformMount", "/a/", " must not end with a slash"},
    {MAIN, "AuthPlatformMount", "off platform", " off takes no profile"},
    {MAIN, "AuthPlatformMe", "me", " must begin with a slash"},
    {MAIN, "AuthPlatformMe", "/me/", " must not end with a slash"},
    {MAIN, "AuthPlatformTokenDelivery", "x", " must be json, cookie or ask"},
    {PLACE, "AuthPlatformRemoteUser", "x", " must be id or email"},
    {PLACE, "AuthPlatformWhenUnavailable", "x", " must be deny or allow-valid"},
    {PLACE, "AuthPlatformSignInPage", "", " needs the path of a page, or off"},
    {PLACE, "AuthPlatformSignInPage", "off /a", " off takes no further words"},
    {PLACE, "AuthPlatformSignInPage", "in", " must begin with a slash"},
    {PLACE, "AuthPlatformSignInPage", "/in /a /", " must not open the whole site"},
    {PLACE, "AuthPlatformSignInPage", "/in /a;b",
     " must not contain a semicolon: back ends read what follows as a parameter"},
};

START_TEST(directives)
{
    const char *error = httpd_fake_line(lines[_i].place, lines[_i].name, lines[_i].value, NULL);
    ck_assert_pstr_eq(error, apr_pstrcat(fake.f.pool, lines[_i].name, lines[_i].error, NULL));
}
END_TEST

/* All profiles that can be mounted are listed, and the same path cannot be set twice. */
START_TEST(profiles)
{
    static const char *const names[] = {"AuthPlatformMount", "AuthPlatformErrorShape"};
    static const char *const values[] = {"/a nobody", "nobody"};
    for (int i = 0; i < 2; i++) {
        const char *error =
            httpd_fake_line(i == 0 ? FAKE_MAIN : FAKE_SECTION, names[i], values[i], NULL);
        const char *begin =
            apr_pstrcat(fake.f.pool, names[i], ": there is no profile nobody; there is: ", NULL);
        ck_assert_ptr_eq(strstr(error, begin), error);
        const char *list = error + strlen(begin);
        for (const char *name = "platform"; name != NULL;
             name = name[0] == 'p' ? "jobpath" : NULL) {
            ck_assert_ptr_nonnull(strstr(list, name));
        }
        ck_assert_ptr_null(strstr(apr_pstrcat(fake.f.pool, ", ", list, ",", NULL), ", me,"));
        ck_assert_int_ne(list[0], ',');
        ck_assert_ptr_nonnull(strstr(list, ", "));
        ck_assert_int_ne(list[strlen(list) - 1], ' ');
    }
    ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "/a", NULL));
    ck_assert_pstr_eq(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "/a jobpath", NULL),
                      "AuthPlatformMount /a is set twice");
}
END_TEST

#define AGE "Require auth-age needs a number of seconds, 1 to 31536000"
#define CLAIM "Require platform-claim"

/* A condition of Require, its words, and the error. */
static const char *const conditions[][3] = {
    {"role", "", "Require role needs at least one role"},
    {"role", "%{ENV", "Require role: no end"},
    {"verified", "x", "Require verified takes no further words"},
    {"auth-age", "0", AGE},
    {"auth-age", "1 2", AGE},
    {"platform-claim", "",
     CLAIM ": \"\" is not one of sub, sid, email, email_verified, prf, roles"},
    {"platform-claim", "name x",
     CLAIM ": \"name\" is not one of sub, sid, email, email_verified, prf, roles"},
    {"platform-claim", "sub", CLAIM " sub needs at least one value"},
    {"platform-claim", "email_verified x", CLAIM " email_verified is true or false"},
    {"platform-claim", "sub %{ENV", CLAIM ": no end"},
};

START_TEST(requirements)
{
    const void *parsed = NULL;
    cmd_parms cmd = {.pool = fake.f.pool, .temp_pool = fake.f.pool};
    const char *error = httpd_stub_provider(conditions[_i][0])
                            ->parse_require_line(&cmd, conditions[_i][1], &parsed);
    ck_assert_pstr_eq(error, conditions[_i][2]);
}
END_TEST

Suite *suite_httpd_words(void)
{
    Suite *suite = suite_create("httpd_words");
    TCase *tests = tcase_create("httpd_words");
    tcase_add_checked_fixture(tests, httpd_fake_open, httpd_fake_close);
    tcase_add_loop_test(tests, directives, 0, (int)(sizeof(lines) / sizeof(lines[0])));
    tcase_add_test(tests, profiles);
    tcase_add_loop_test(tests, requirements, 0, (int)(sizeof(conditions) / sizeof(conditions[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

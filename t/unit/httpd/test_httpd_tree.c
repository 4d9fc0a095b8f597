/* SPDX-License-Identifier: Apache-2.0 */
/* What `httpd -t` finds in a configuration: conditions that no AuthType serves, guards that some
 * requests pass by, and roles that nobody has. t/config/30_checks.t has more configurations, which
 * httpd itself reads. */
#include "conf_fake.h"
#include "suite.h"

#include "httpd/check_auth.h"
#include "httpd/usage.h"

#include <string.h>

static apr_array_header_t *errors;
static apr_array_header_t *warnings;

static void set_up(void)
{
    httpd_fake_open();
    errors = apr_array_make(fake.f.pool, 2, sizeof(const char *));
    warnings = apr_array_make(fake.f.pool, 2, sizeof(const char *));
}

/* --- conditions and their AuthType ------------------------------------------------------------ */

#define HOST(lines) "<VirtualHost *:80>\n" lines "</VirtualHost>\n"
#define AT(place, lines) "<" place ">\n" lines "</x>\n"
#define OURS "AuthType Platform\n"
#define ROLE "Require role admin\n"
#define NEEDS(line) "Require role in a.conf:" line " needs AuthType Platform, and there is "
#define NONE(line) NEEDS(line) "no AuthType\n"
#define UNSURE(line)                                                                               \
    "Require role in a.conf:" line " has no AuthType Platform in its own section; where no other " \
    "section gives it one, every request is answered by 500 or 403\n"

/* A configuration, its errors and its warnings. */
static const struct {
    const char *conf;
    const char *errors;
    const char *warnings;
} confs[] = {
    {AT("Location /a", OURS ROLE), "", ""},
    {AT("Location /a", ROLE), NONE("2"), ""},
    /* of two lines in a section the last one counts */
    {AT("Location /a", "AuthType Basic\n" OURS ROLE), "", ""},
    {AT("Location /a", OURS "AuthType Basic\n" ROLE), NEEDS("4") "AuthType Basic (a.conf:3)\n", ""},
    {AT("Location /a", ROLE OURS "AuthType None\n"), NEEDS("2") "AuthType None (a.conf:4)\n", ""},
    {AT("Location /a", "AuthPlatformOptional on\nAuthPlatformOptional off\n" ROLE), NONE("4"), ""},
    /* the next section outwards counts, and so on */
    {AT("Location /a", OURS AT("If 1", AT("If 2", ROLE))), "", ""},
    {AT("Location /a", "AuthType Basic\n" AT("If 1", OURS AT("If 2", ROLE))), "", ""},
    /* a place around it, and one beside it */
    {AT("Location /", OURS) AT("Location /a/b", ROLE), "", ""},
    {AT("Location //", OURS) AT("Location /a", ROLE), "", ""},
    {AT("Location /a/", OURS) AT("Location /a", ROLE), "", ""},
    {AT("Location /a", OURS) AT("Location /a//", ROLE), "", ""},
    {AT("Location /a", OURS) AT("Location /ab", ROLE), NONE("5"), ""},
    {AT("Location /a/b", OURS) AT("Location /a", ROLE), NONE("5"), ""},
    {AT("location /a", OURS) AT("LOCATION /a/b", ROLE), "", ""},
    {AT("Directory /", OURS) AT("Directory /a", ROLE), "", ""},
    {AT("Directory /", OURS) AT("Location /a", ROLE), "", UNSURE("5")},
    {AT("Location /", OURS) AT("Directory /a", ROLE), "", ""},
    {AT("Location /a", OURS) AT("Directory /a", ROLE), "", UNSURE("5")},
    {AT("Location /a*", OURS) AT("Location /ab", ROLE), "", UNSURE("5")},
    {AT("Location /a", OURS) AT("Location /a/[b]", ROLE), "", UNSURE("5")},
    {AT("Location /a?", OURS) AT("Location /ab", ROLE), "", UNSURE("5")},
    {AT("Location ~ /a", OURS) AT("Location /a/b", ROLE), "", UNSURE("5")},
    {AT("Location /a", AT("Files b", OURS)) AT("Location /a/b", ROLE), "", UNSURE("7")},
    {AT("Location /a", AT("Limit GET", OURS)) AT("Location /a/b", ROLE), "", ""},
    {AT("Location /a", AT("RequireAll", OURS)) AT("Location /a/b", ROLE), "", ""},
    /* hosts: what is outside of all counts for each, and what is in one only there */
    {OURS HOST(AT("Location /a", ROLE)), "", ""},
    {HOST(OURS AT("Location /a", ROLE)), "", ""},
    {HOST(OURS) AT("Location /a", ROLE), "", UNSURE("5")},
    {HOST(OURS) HOST(AT("Location /a", ROLE)), NONE("6"), ""},
    {HOST(AT("Location /", OURS)) HOST(AT("Location /a", ROLE)), NONE("8"), ""},
    {HOST(AT("Location /", OURS)) AT("Location /a", ROLE), "", UNSURE("7")},
    {AT("Location /", OURS) HOST(AT("Location /a", ROLE)), "", ""},
    {HOST(AT("Location /", OURS) AT("Location /a", ROLE)), "", ""},
    /* AuthPlatformOptional needs no AuthType, but does not replace another one */
    {"AuthPlatformOptional On\n" AT("Location /a", ROLE), "", ""},
    {HOST("AuthPlatformOptional on\n" AT("Location /a", AT("If 1", ROLE))), "", ""},
    {AT("Location /a", "AuthPlatformOptional off\n" ROLE), NONE("3"), ""},
    {AT("Location /a", "AuthPlatformOptional on\nAuthType None\n" ROLE), "", UNSURE("4")},
    /* files that may set an AuthType */
    {AT("Location /a", ROLE) "AllowOverride AuthConfig\n", "", UNSURE("2")},
    {AT("Location /a", ROLE) "AllowOverride Options authconfig\n", "", UNSURE("2")},
    {AT("Location /a", ROLE) "AllowOverride All\n", "", UNSURE("2")},
    {AT("Location /a", ROLE) "AllowOverride AuthType\n", NONE("2"), ""},
    {AT("Location /", OURS) AT("Location /a", ROLE) "AllowOverride All\n", "", ""},
    {AT("Location /a", ROLE) "AllowOverride Options\n", NONE("2"), ""},
    {AT("Location /a", ROLE) "AllowOverrideList Require AuthType\n", "", UNSURE("2")},
    {AT("Location /a", ROLE) "AllowOverrideList AuthName\n", NONE("2"), ""},
    {AT("Directory /a", "AuthType None\n" ROLE) "AllowOverride All\n", "", UNSURE("3")},
    {AT("Directory /a", AT("LimitExcept GET", "AuthType None\n" ROLE)) "AllowOverride All\n", "",
     UNSURE("4") "<LimitExcept> in a.conf:2: the Require in line 4 applies to all methods except "
                 "the methods named there; requests with these pass without it\n"},
    {AT("Location /a", "AuthType None\n" ROLE) "AllowOverride All\n",
     NEEDS("3") "AuthType None (a.conf:2)\n", ""},
    /* a misspelt one has one error, and an expression may be right */
    {AT("Location /a", "AuthType Plattform\n" ROLE),
     "AuthType Plattform in a.conf:2: did you mean Platform?\n", ""},
    {AT("Location /a", "AuthType %{x}\n" ROLE), "", ""},
    {AT("Location /a", "AuthType \"PLATFORM\"\n" ROLE), "", ""},
    {AT("Location /a", "AuthType Form\n" ROLE), NEEDS("3") "AuthType Form (a.conf:2)\n", ""},
    /* guards that other methods pass by */
    {AT("Location /a", OURS AT("Limit GET", ROLE)), "",
     "<Limit> in a.conf:3: the Require in line 4 applies to only the methods named there; requests "
     "with any other method pass without it\n"},
    {AT("Location /a", OURS AT("Limit GET", "Require user x\n")), "",
     "<Limit> in a.conf:3: the Require in line 4 applies to only the methods named there; requests "
     "with any other method pass without it\n"},
    {AT("Location /a", OURS AT("Limit GET", "Require valid-user\n")), "",
     "<Limit> in a.conf:3: the Require in line 4 applies to only the methods named there; requests "
     "with any other method pass without it\n"},
    {AT("Location /a", OURS AT("Limit GET", AT("LimitExcept PUT", "Require verified\n"))), "",
     "<LimitExcept> in a.conf:4: the Require in line 5 applies to all methods except the methods "
     "named there; requests with these pass without it\n"
     "<Limit> in a.conf:3: the Require in line 5 applies to only the methods named there; requests "
     "with any other method pass without it\n"},
    {AT("Location /a", "AuthType Basic\n" AT("Limit GET", "Require user x\n")), "", ""},
    {AT("Location /a", OURS AT("Limit GET", "Require ip 10\n")), "", ""},
    /* ... and that addresses pass by; one warning is enough */
    {AT("Location /a", OURS ROLE ROLE "Satisfy Any\n"), "",
     "Satisfy Any in a.conf:5: a client that Allow and Deny let in passes without the Require in "
     "a.conf:3\n"},
    {AT("Location /a", OURS ROLE "Satisfy All\n"), "", ""},
    {AT("Location /a", OURS ROLE) AT("Location /b", "Satisfy any\n"), "", ""},
    {AT("Location /a", OURS ROLE) AT("Location /a/b", "Satisfy any\n"), "",
     "Satisfy Any in a.conf:6: a client that Allow and Deny let in passes without the Require in "
     "a.conf:3\n"},
    {AT("Location /a/b", OURS ROLE) AT("Location /a", "Satisfy any\n"), "",
     "Satisfy Any in a.conf:6: a client that Allow and Deny let in passes without the Require in "
     "a.conf:3\n"},
};

START_TEST(conditions)
{
    conf_fake_read("a.conf", confs[_i].conf);
    authp_check_auth(errors, warnings, fake.f.pool);
    ck_assert_msg(strcmp(conf_fake_lines(errors), confs[_i].errors) == 0, "%s: %s", confs[_i].conf,
                  conf_fake_lines(errors));
    ck_assert_msg(strcmp(conf_fake_lines(warnings), confs[_i].warnings) == 0, "%s: %s",
                  confs[_i].conf, conf_fake_lines(warnings));
}
END_TEST

/* --- whether the module is used at all -------------------------------------------------------- */

static const struct {
    const char *conf;
    bool used;
} uses[] = {
    {"Listen 80\n", false},
    {"AuthPlatformMount off\n", true},
    {"authplatformme off\n", true},
    {AT("Location /a", AT("If 1", "AuthPlatformOptional On\n")), true},
    {AT("Location /a", OURS), true},
    {AT("Location /a", "AuthType Plattform\n"), true},
    {AT("Location /a", "AuthType My-PLATFORM\n"), true},
    {AT("Location /a", "AuthType Basic\nRequire valid-user\n"), false},
    {AT("Location /a", "AuthType %{x}\n"), false},
    {AT("Location /a", AT("RequireAll", "require not verified\n")), true},
    {"AuthPlatfor x\n", false},
};

START_TEST(usage)
{
    conf_fake_read("a.conf", uses[_i].conf);
    ck_assert_int_eq(authp_usage_any(fake.f.pool), uses[_i].used);
}
END_TEST

#define UNKNOWN(line, name)                                                                        \
    "Require in a.conf:" line ": the role \"" name "\" is not one of ROLES\n"

/* A Require line, and its errors. The roles are admin, candidate and recruiter. */
static const char *const required[][2] = {
    {"Require role admin candidate recruiter\n", ""},
    {"Require role admin nobody candidate noone\n", UNKNOWN("1", "nobody") UNKNOWN("1", "noone")},
    {"Require role Admin\n", UNKNOWN("1", "Admin")},
    {"Require role \"nobody\"\n", UNKNOWN("1", "nobody")},
    {"require NOT role nobody\n", UNKNOWN("1", "nobody")},
    {"Require role %{env:nobody}\n", ""},
    {"Require role nobody %{env:x}\n", ""},
    {"Require platform-claim roles nobody\n", UNKNOWN("1", "nobody")},
    {"Require platform-claim roles admin\n", ""},
    {"Require platform-claim sub nobody\n", ""},
    {"Require platform-claim email nobody\n", ""},
    {"Require verified\nRequire auth-age 60\nRequire group nobody\nRequire role a\n",
     UNKNOWN("4", "a")},
};

START_TEST(roles)
{
    apr_array_header_t *known = apr_array_make(fake.f.pool, 3, sizeof(const char *));
    APR_ARRAY_PUSH(known, const char *) = "admin";
    APR_ARRAY_PUSH(known, const char *) = "candidate";
    APR_ARRAY_PUSH(known, const char *) = "recruiter";
    conf_fake_read("a.conf", required[_i][0]);
    authp_usage_check_roles(known, errors, fake.f.pool);
    ck_assert_str_eq(conf_fake_lines(errors), required[_i][1]);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_httpd_tree(void)
{
    Suite *suite = suite_create("httpd_tree");
    TCase *tests = tcase_create("httpd_tree");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_loop_test(tests, conditions, 0, ROWS(confs));
    tcase_add_loop_test(tests, usage, 0, ROWS(uses));
    tcase_add_loop_test(tests, roles, 0, ROWS(required));
    suite_add_tcase(suite, tests);
    return suite;
}

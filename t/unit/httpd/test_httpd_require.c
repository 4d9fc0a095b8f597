/* SPDX-License-Identifier: Apache-2.0 */
/* Each condition of Require: which lines are accepted, and which users pass. */
#include "httpd_fake.h"
#include "httpd_stub.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static request_rec *r;
static authp_context_t *who;

static void set_up(void)
{
    httpd_fake_open();
    r = httpd_fake_request("/x");
    who = httpd_fake_admit(r, "candidate");
    who->in_authz = true; /* the same state as authz.c sets */
}

static const char *parse(const char *name, const char *line, const void **parsed)
{
    cmd_parms cmd = {.pool = fake.f.pool, .temp_pool = fake.f.pool};
    return httpd_stub_provider(name)->parse_require_line(&cmd, line, parsed);
}

static authz_status ask(const char *name, const char *line)
{
    const void *parsed = NULL;
    ck_assert_pstr_eq(parse(name, line, &parsed), NULL);
    return httpd_stub_provider(name)->check_authorization(r, line, parsed);
}

/* The condition, its words, and whether the line is accepted. */
static const struct {
    const char *name;
    const char *line;
    bool fine;
} lines[] = {
    {"role", "admin", true},
    {"role", "a b  c", true},
    {"role", "%{ENV}", true},
    {"role", "", false},
    {"role", "\"\"", false},
    {"role", "%{ENV", false},
    {"verified", "", true},
    {"verified", "yes", false},
    {"auth-age", "1", true},
    {"auth-age", "31536000", true},
    {"auth-age", "00000060", true},
    {"auth-age", "31536001", false},
    {"auth-age", "000000060", false},
    {"auth-age", "0", false},
    {"auth-age", "-1", false},
    {"auth-age", "60s", false},
    {"auth-age", "60 60", false},
    {"auth-age", "", false},
    {"platform-claim", "sub x", true},
    {"platform-claim", "sid x y", true},
    {"platform-claim", "email a@b", true},
    {"platform-claim", "email_verified true false", true},
    {"platform-claim", "email_verified %{ENV}", true},
    {"platform-claim", "roles admin", true},
    {"platform-claim", "email_verified true yes", false},
    {"platform-claim", "email_verified yes true", false},
    {"platform-claim", "sub", false},
    {"platform-claim", "Sub x", false},
    {"platform-claim", "name x", false},
    {"platform-claim", "", false},
    {"platform-claim", "sub %{ENV", false},
};

START_TEST(what_a_line_may_say)
{
    const void *parsed = NULL;
    const char *error = parse(lines[_i].name, lines[_i].line, &parsed);
    ck_assert_int_eq(error == NULL, lines[_i].fine);
    ck_assert(error == NULL || strncmp(error, "Require ", 8) == 0);
}
END_TEST

/* AuthPlatformAdminPassesRoles (NULL: unset), the user's role, the line, and whether the user
 * passes. */
static const struct {
    const char *admin_passes;
    const char *role;
    const char *line;
    bool passes;
} roles[] = {
    {NULL, "candidate", "candidate", true},
    {NULL, "candidate", "recruiter candidate", true},
    {NULL, "candidate", "recruiter", false},
    {NULL, "candidate", "Candidate", false},
    {NULL, "candidate", "candidates", false},
    {NULL, "candidate", "\"candidate\"", true},
    {NULL, "admin", "candidate", false},
    {"off", "admin", "candidate", false},
    {"on", "admin", "candidate", true},
    {"on", "admin", "%{NONE}", true},
    {"on", "candidate", "admin recruiter", false},
    {NULL, "candidate", "%{WANTED}", true},
    {NULL, "recruiter", "%{WANTED}", false},
    {NULL, "candidate", "%{NONE}", false},
};

START_TEST(role)
{
    if (roles[_i].admin_passes != NULL) {
        ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformAdminPassesRoles",
                                           roles[_i].admin_passes, NULL));
    }
    apr_table_set(r->subprocess_env, "WANTED", "x candidate");
    who->principal.roles = authp_roles_bit(fake.f.realm->roles, roles[_i].role);
    ck_assert_int_eq(ask("role", roles[_i].line), roles[_i].passes ? AUTHZ_GRANTED : AUTHZ_DENIED);
}
END_TEST

/* A signed-out client, and a user of another module. */
START_TEST(who_is_asked)
{
    static const char *const conditions[][2] = {
        {"role", "candidate"}, {"verified", ""}, {"auth-age", "60"}, {"platform-claim", "sub x"}};
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        r->user = NULL;
        ck_assert_int_eq(ask(conditions[i][0], conditions[i][1]), AUTHZ_DENIED_NO_USER);
        r->user = apr_pstrdup(r->pool, who->user);
        ck_assert_int_eq(ask(conditions[i][0], conditions[i][1]), AUTHZ_DENIED);
    }
}
END_TEST

/* The result is an error and not "denied", so that `Require not` lets nobody in either. */
START_TEST(an_expression_that_fails)
{
    ck_assert_int_eq(ask("role", "%{BROKEN}"), AUTHZ_GENERAL_ERROR);
    ck_assert_int_eq(ask("platform-claim", "sub %{BROKEN}"), AUTHZ_GENERAL_ERROR);
    ck_assert_str_eq(fake.said, apr_psprintf(r->pool,
                                             "%d AUTHP0501: Require role: broken\n"
                                             "%d AUTHP0501: Require platform-claim: broken\n",
                                             APLOG_ERR, APLOG_ERR));
}
END_TEST

START_TEST(verified)
{
    ck_assert_int_eq(ask("verified", ""), AUTHZ_DENIED);
    who->principal.email_verified = true;
    ck_assert_int_eq(ask("verified", ""), AUTHZ_GRANTED);
}
END_TEST

START_TEST(claims)
{
    const char *sub = apr_pstrcat(r->pool, "sub x ", who->user, NULL);
    ck_assert_int_eq(ask("platform-claim", sub), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "sub x"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "sid 0123456789abcdef01234567"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "sid 0123456789ABCDEF01234567"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "sub 0123456789abcdef01234567"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "roles admin candidate"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "roles admin"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "roles nobody"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "email ada@example.org"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "email_verified false"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "email_verified true"), AUTHZ_DENIED);
    who->principal.email_verified = true;
    ck_assert_int_eq(ask("platform-claim", "email Ada@Example.org"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "email ada@example.com"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "email_verified true"), AUTHZ_GRANTED);
    /* Tokens of the platform have no claim prf, and those of another profile have its name. */
    ck_assert_int_eq(ask("platform-claim", "prf platform"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "prf jobpath phone"), AUTHZ_DENIED);
    who->principal.prf = "phone";
    ck_assert_int_eq(ask("platform-claim", "prf platform"), AUTHZ_DENIED);
    ck_assert_int_eq(ask("platform-claim", "prf jobpath phone"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("platform-claim", "prf Phone"), AUTHZ_DENIED);
    who->principal.email = NULL;
    ck_assert_int_eq(ask("platform-claim", "email ada@example.org"), AUTHZ_DENIED);
    /* AuthPlatformAdminPassesRoles changes `Require role` only. */
    fake.dir->admin_passes_roles = 1;
    who->principal.roles = authp_roles_bit(fake.f.realm->roles, "admin");
    ck_assert_int_eq(ask("platform-claim", "roles candidate"), AUTHZ_DENIED);
}
END_TEST

START_TEST(auth_age)
{
    int64_t now = authp_realm_now(fake.f.realm) / 1000;
    who->principal.auth_time = now - 60;
    ck_assert_int_eq(ask("auth-age", "60"), AUTHZ_GRANTED);
    ck_assert_int_eq(ask("auth-age", "59"), AUTHZ_DENIED);
    ck_assert_int_eq(who->max_age, 59);
    ck_assert_int_eq(ask("auth-age", "10"), AUTHZ_DENIED);
    ck_assert_int_eq(who->max_age, 10);
    ck_assert_int_eq(ask("auth-age", "30"), AUTHZ_DENIED);
    ck_assert_int_eq(who->max_age, 10); /* an age that satisfies all lines */
    fake_clock_advance(&fake.f.clock, 1000);
    ck_assert_int_eq(ask("auth-age", "60"), AUTHZ_DENIED);
    who->assume_fresh = true;
    ck_assert_int_eq(ask("auth-age", "60"), AUTHZ_GRANTED);
    who->assume_fresh = false;
    who->in_authz = false; /* AuthPlatformOptional: httpd asks before authentication */
    ck_assert_int_eq(ask("auth-age", "60"), AUTHZ_DENIED_NO_USER);
    who->principal.auth_time = now + 3600;
    ck_assert_int_eq(ask("auth-age", "60"), AUTHZ_GRANTED);
}
END_TEST

Suite *suite_httpd_require(void)
{
    Suite *suite = suite_create("httpd_require");
    TCase *tests = tcase_create("httpd_require");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_loop_test(tests, what_a_line_may_say, 0, (int)(sizeof(lines) / sizeof(lines[0])));
    tcase_add_loop_test(tests, role, 0, (int)(sizeof(roles) / sizeof(roles[0])));
    tcase_add_test(tests, who_is_asked);
    tcase_add_test(tests, an_expression_that_fails);
    tcase_add_test(tests, verified);
    tcase_add_test(tests, claims);
    tcase_add_test(tests, auth_age);
    suite_add_tcase(suite, tests);
    return suite;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* check_config: what a configuration amounts to, and that each error is said. */
#include "httpd_fake_start.h"
#include "suite.h"

#include "base/log.h"
#include "httpd/lifecycle.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <util_cfgtree.h>

static apr_pool_t *pconf;

static void set_up(void)
{
    httpd_fake_open();
    fake_start_open();
    ck_assert_int_eq(apr_pool_create(&pconf, NULL), APR_SUCCESS);
    authp_lifecycle_register(fake.f.pool);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pconf);
    httpd_fake_close();
}

static ap_directive_t line(const char *name, const char *args)
{
    return (ap_directive_t){
        .directive = name, .args = args, .filename = "httpd.conf", .line_num = 3};
}

/* With the settings in the environment. */
static int check(const char *store, ap_directive_t *first)
{
    setenv("JWT_SECRET_KEY", FIXTURE_SECRET, 1);
    setenv("AUTH_STORE", store, 1);
    setenv("AUTH_STATE_DIR", "/nonexistent", 1);
    setenv("ROLES", "admin,candidate,recruiter", 1);
    ap_conftree = first;
    authp_runtime_set(NULL);
    int status = fake_start.check_config(pconf, pconf, fake.f.pool, &fake.main);
    ap_conftree = NULL;
    return status;
}

START_TEST(a_fine_configuration)
{
    ap_directive_t mount = line("AuthPlatformMount", "/a");
    ck_assert_int_eq(check("sqlite:/nonexistent/a.db", &mount), OK);
    const authp_runtime_t *runtime = authp_runtime_get();
    ck_assert_ptr_nonnull(runtime);
    ck_assert_ptr_ne(runtime, &fake.runtime);
    ck_assert_str_eq(runtime->store_ops->name, "sqlite");
    ck_assert_str_eq(runtime->store_config.file, "/nonexistent/a.db");
    ck_assert_int_eq(runtime->store_config.timeout_ms, 2000);
    ck_assert_ptr_eq(runtime->server, &fake.main);
    ck_assert_ptr_nonnull(runtime->realm->keys);
    ck_assert_ptr_nonnull(runtime->warnings);
    ck_assert_int_eq(httpd_fake_told("AUTHP"), 0);
}
END_TEST

/* Each error is said, whatever else is wrong. */
START_TEST(all_errors_are_said)
{
    ap_directive_t type = line("AuthType", "Plattform");
    ap_directive_t require = line("Require", "role nobody");
    ap_directive_t optional = line("AuthPlatformOptional", "On");
    type.next = &require;
    require.next = &optional;
    authp_config_server(&fake.main)->me_path = "/api/auth/me";
    ck_assert_int_eq(check("nothing:/x", &type), HTTP_INTERNAL_SERVER_ERROR);
    ck_assert_int_eq(httpd_fake_told("AUTHP0510: AuthType Plattform in httpd.conf:3"), 1);
    ck_assert_int_eq(httpd_fake_told("AUTHP0510: AuthPlatformMe /api/auth/me lies within"), 1);
    ck_assert_int_eq(httpd_fake_told("AUTHP0510: AUTH_STORE"), 1);
    /* With settings that can be used, the roles and the store are looked at. */
    fake.said[0] = '\0';
    ck_assert_int_eq(check("sqlite:/nonexistent/a.db", &type), HTTP_INTERNAL_SERVER_ERROR);
    ck_assert_int_eq(
        httpd_fake_told("AUTHP0510: Require in httpd.conf:3: the role \"nobody\" is not"), 1);
    ck_assert_int_eq(httpd_fake_told("AUTHP0510"), 3);
    ck_assert_int_eq(httpd_fake_told(apr_psprintf(fake.f.pool, "%d AUTHP0510: ", APLOG_ERR)), 3);
    ck_assert_int_eq(httpd_fake_told("AUTHP0511"), 0);
}
END_TEST

/* A wrong host is named; what it inherits from the main server is said once. */
START_TEST(which_host_is_wrong)
{
    static const struct {
        const char *main;
        const char *host;
        int lines;
    } cases[] = {{"/api/auth/me", "/api/auth/me", 1},
                 {NULL, "/api/auth/me", 1},
                 {"/api/auth/me", NULL, 1},
                 {"/api/auth/me", "/api/auth/you", 2}};
    ap_directive_t mount = line("AuthPlatformMount", "/a");
    fake.host.defn_name = "/etc/host.conf";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake.said[0] = '\0';
        authp_config_server(&fake.main)->me_path = cases[i].main;
        authp_config_server(&fake.host)->me_path = cases[i].host;
        ck_assert_int_eq(check("sqlite:/nonexistent/a.db", &mount), HTTP_INTERNAL_SERVER_ERROR);
        ck_assert_int_eq(httpd_fake_told("AUTHP0510"), cases[i].lines);
        ck_assert_int_eq(httpd_fake_told("(main server)"), cases[i].main != NULL ? 1 : 0);
        ck_assert_int_eq(httpd_fake_told("(/etc/host.conf)"),
                         cases[i].lines - (cases[i].main != NULL ? 1 : 0));
    }
}
END_TEST

/* `httpd -t` says the warnings; a start keeps them for its log. */
START_TEST(when_warnings_are_said)
{
    ap_directive_t satisfy = line("Satisfy", "Any");
    ap_directive_t require = line("Require", "role admin");
    ap_directive_t optional = line("AuthPlatformOptional", "On");
    satisfy.next = &require;
    require.next = &optional;
    fake_start.run_mode = _i == 0 ? AP_SQ_RM_CONFIG_TEST : AP_SQ_RM_NORMAL;
    ck_assert_int_eq(check("sqlite:/nonexistent/a.db", &satisfy), OK);
    ck_assert_int_eq(httpd_fake_told("AUTHP0515: Satisfy Any"), _i == 0 ? 1 : 0);
    ck_assert_int_eq(authp_runtime_get()->warnings->nelts, 1);
}
END_TEST

Suite *suite_httpd_check(void)
{
    Suite *suite = suite_create("httpd_check");
    TCase *tests = tcase_create("httpd_check");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_fine_configuration);
    tcase_add_test(tests, all_errors_are_said);
    tcase_add_test(tests, which_host_is_wrong);
    tcase_add_loop_test(tests, when_warnings_are_said, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}

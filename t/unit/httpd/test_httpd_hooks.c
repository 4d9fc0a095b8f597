/* SPDX-License-Identifier: Apache-2.0 */
/* The module's struct, and all hooks and filters that it registers, with their order. */
#include "httpd_fake.h"
#include "suite.h"

#include "httpd/directives.h"

/* The stubs of httpd define the module that other tests use. */
#define auth_platform_module tested_module
#include "httpd/mod_auth_platform.c"

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Filters with their type in the place of an order. */
static const char all[] =
    "child_stopping -10\n"
    "drop_privileges -10\n"
    "child_init -10\n" /* before all others: from now on signals are blocked, except in prefork */
    "child_init 30\n"  /* after all others: from then on the child may be ended at any time */
    "create_connection -10\n"
    "child_init -10\n" /* before mod_watchdog starts its threads */
    "pre_config 10\n"
    "check_config 10\n"
    "post_config 10\n"
    "child_init 10\n"
    "post_config 10\n" /* before mod_watchdog's, which is the last */
    "post_config 10\n" /* the thread that sends mails: before it, too */
    "post_read_request -10\n"
    "translate_name -10\n"
    "map_to_storage -10\n"
    "type_checker -10\n"
    "handler -10\n"
    "check_access 10\n"
    "check_authn 0\n"
    "check_authz -10\n"
    "fixups 0\n"
    "fixups 30\n" /* no module may put headers back */
    "AUTHP_REFUSAL 10\n"
    "insert_error_filter 0\n"
    "AUTHP_CACHE 20\n"
    "insert_filter 30\n"
    "insert_error_filter 30\n"
    "AUTH_PLATFORM_PACE 50\n";

START_TEST(all_that_is_registered)
{
    (void)httpd_fake_noted();
    tested_module.register_hooks(pool);
    ck_assert_str_eq(httpd_fake_noted(), all);
}
END_TEST

START_TEST(what_httpd_gets)
{
    ck_assert_ptr_eq(tested_module.cmds, authp_directives_table);
    ck_assert(tested_module.create_dir_config == authp_config_create_dir);
    ck_assert(tested_module.merge_dir_config == authp_config_merge_dir);
    ck_assert(tested_module.create_server_config == authp_config_create_server);
    ck_assert(tested_module.merge_server_config == authp_config_merge_server);
}
END_TEST

Suite *suite_httpd_hooks(void)
{
    Suite *suite = suite_create("httpd_hooks");
    TCase *tests = tcase_create("httpd_hooks");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, all_that_is_registered);
    tcase_add_test(tests, what_httpd_gets);
    suite_add_tcase(suite, tests);
    return suite;
}

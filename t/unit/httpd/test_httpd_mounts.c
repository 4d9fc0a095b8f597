/* SPDX-License-Identifier: Apache-2.0 */
/* AuthPlatformMount and AuthPlatformMe: what a host serves at which path. */
#include "api/core/profile.h"
#include "api/core/profiles.h"
#include "httpd/check_mounts.h"
#include "httpd/directives.h"
#include "httpd/mail_mount.h"
#include "httpd_fake.h"
#include "service/live_table/live_table.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

/* The values of AuthPlatformMount and AuthPlatformMe (NULL: not set), the resulting paths (NULL:
 * off), or the error. */
static const struct {
    const char *mount;
    const char *me;
    const char *path;
    const char *me_path;
    bool fine;
} mounts[] = {
    {NULL, NULL, "/api/auth", "/api/protected/me", true},
    {"/m", "/me", "/m", "/me", true},
    {"off", "/me", NULL, "/me", true},
    {"/m", "off", "/m", NULL, true},
    /* the default path, which nobody configured */
    {"/api", NULL, "/api", "/api/protected/me", true},
    {"/m", "/m", NULL, NULL, false},
    {"/m", "/m/me", NULL, NULL, false},
    {"/m", "/mm", "/m", "/mm", true},
    {"/m/m", "/m", "/m/m", "/m", true},
    {"off", "/api/auth/me", NULL, "/api/auth/me", true},
};

/* Returns the path of the mount with that profile, or NULL. */
static const char *served(const char *profile)
{
    const apr_array_header_t *list = authp_config_server(&fake.main)->served;
    for (int i = 0; i < list->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(list, i, const authp_mount_t);
        if (strcmp(mount->profile->name, profile) == 0) {
            return mount->path;
        }
    }
    return NULL;
}

START_TEST(mount_and_me)
{
    if (mounts[_i].mount != NULL) {
        ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", mounts[_i].mount, NULL));
    }
    if (mounts[_i].me != NULL) {
        ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMe", mounts[_i].me, NULL));
    }
    ck_assert_int_eq(authp_config_resolve(&fake.main, fake.f.pool) == NULL, mounts[_i].fine);
    if (mounts[_i].fine) {
        ck_assert_pstr_eq(served("platform"), mounts[_i].path);
        ck_assert_pstr_eq(served("me"), mounts[_i].path != NULL ? mounts[_i].me_path : NULL);
    }
}
END_TEST

/* A host may have several mounts, each path once. Its own mounts replace those of the main
 * server. */
START_TEST(several_mounts)
{
    static const char *const paths[] = {"/a", "/a/b", "/c"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", paths[i], NULL));
    }
    ck_assert_ptr_nonnull(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "/a", NULL));
    ck_assert_ptr_nonnull(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "/d nothing", NULL));
    ck_assert_ptr_nonnull(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "/d me", NULL));
    ck_assert_ptr_nonnull(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "off platform", NULL));
    ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "off", NULL));
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *line = apr_pstrcat(fake.f.pool, paths[i], " platform", NULL);
        ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", line, NULL));
    }
    ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
    ck_assert_str_eq(authp_config_mount(httpd_fake_request("/a/b/c"))->path, "/a/b");
    ck_assert_str_eq(authp_config_mount(httpd_fake_request("/a/bc"))->path, "/a");
    ck_assert_str_eq(authp_config_mount(httpd_fake_request("/c"))->path, "/c");
    ck_assert_ptr_null(authp_config_mount(httpd_fake_request("/d")));
    authp_server_config_t *none = authp_config_create_server(fake.f.pool, &fake.main);
    authp_server_config_t *merged =
        authp_config_merge_server(fake.f.pool, authp_config_server(&fake.main), none);
    ck_assert_ptr_eq(merged->mounts, authp_config_server(&fake.main)->mounts);
    none->mounts = apr_array_make(fake.f.pool, 1, sizeof(authp_mount_t));
    merged = authp_config_merge_server(fake.f.pool, authp_config_server(&fake.main), none);
    ck_assert_int_eq(merged->mounts->nelts, 0);
}
END_TEST

/* The warnings of `httpd -t` about mounts that lie inside others. The mount of AuthPlatformMe hides
 * nothing. */
START_TEST(hidden_routes)
{
    apr_array_header_t *warnings = apr_array_make(fake.f.pool, 2, sizeof(const char *));
    static const char *const lines[] = {"/a",           "/a/users tiny",   "/a/other",      "/b",
                                        "/a/user tiny", "/a/session tiny", "/api/protected"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", lines[i], NULL));
    }
    ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
    fake.main.next = NULL;
    authp_check_mounts(&fake.main, warnings, fake.f.pool);
    ck_assert_int_eq(warnings->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(warnings, 0, const char *),
                     "AuthPlatformMount /a/users hides /a/users of AuthPlatformMount /a");
    ck_assert_str_eq(APR_ARRAY_IDX(warnings, 1, const char *),
                     "AuthPlatformMount /a/session hides /a/session/renew of AuthPlatformMount /a");
}
END_TEST

/* The mounts of the main server and of a virtual host, ACCESS_TOKEN_EXPIRE_MINUTES (0: not set),
 * and how long the live table remembers. It must cover the longest lifetime of all hosts, so that
 * the tokens of none of them ask the store earlier than necessary. */
static const struct {
    const char *of_main;
    const char *of_host;
    int set;
    int minutes;
} lives[] = {
    {NULL, NULL, 0, 15},
    {"/a jobpath", NULL, 0, 30},
    {"/a assessment", NULL, 0, AUTHP_LIVE_MINUTES},
    {NULL, "/a jobpath", 0, 30},
    {"/a phone", NULL, 0, AUTHP_LIVE_MINUTES},
    {"/a jobpath", "/a assessment", 0, AUTHP_LIVE_MINUTES},
    {"/a assessment", "/a jobpath", 0, AUTHP_LIVE_MINUTES},
    {"/a jobpath", "/a assessment", 5, 5},
    {NULL, NULL, AUTHP_LIVE_MINUTES + 1, AUTHP_LIVE_MINUTES},
    {"/a jobpath", NULL, 1440, AUTHP_LIVE_MINUTES},
};

START_TEST(how_long_the_table_remembers)
{
    if (lives[_i].of_main != NULL) {
        ck_assert_ptr_null(
            httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", lives[_i].of_main, NULL));
    }
    if (lives[_i].of_host != NULL) {
        ck_assert_ptr_null(
            httpd_fake_line(FAKE_HOST, "AuthPlatformMount", lives[_i].of_host, NULL));
    }
    fake.f.settings->access_token_minutes = lives[_i].set;
    for (server_rec *server = &fake.main; server != NULL; server = server->next) {
        ck_assert_ptr_null(authp_config_resolve(server, fake.f.pool));
    }
    ck_assert_int_eq(authp_config_token_minutes(&fake.main, fake.f.settings), lives[_i].minutes);
}
END_TEST

/* --- where the links in mails lead ------------------------------------------------------------ */

#define HOSTS 2
/* The virtual hosts in the order of the configuration (a path NULL: no mount), and the path of the
 * links. The main server has the usual mount. */
static const struct {
    const char *url;
    struct {
        const char *name;
        int port;
        const char *path;
    } hosts[HOSTS];
    const char *path;
} links[] = {
    /* the port tells hosts of the same name apart; that of a URL without one is 443 or 80 */
    {"https://id.example", {{"id.example", 443, "/a"}, {"id.example", 80, "/b"}}, "/a"},
    {"https://id.example", {{"id.example", 80, "/a"}, {"id.example", 443, "/b"}}, "/b"},
    {"http://id.example", {{"id.example", 443, "/a"}, {"id.example", 80, "/b"}}, "/b"},
    {"http://id.example", {{"id.example", 80, "/a"}, {"id.example", 443, "/b"}}, "/a"},
    {"http://id.example:81", {{"id.example", 80, "/a"}, {"id.example", 81, "/b"}}, "/b"},
    /* the name counts more than the port and the order */
    {"https://id.example", {{"other.example", 443, "/a"}, {"id.example", 80, "/b"}}, "/b"},
    /* else the first virtual host, and then the main server */
    {"https://id.example", {{"one.example", 443, "/a"}, {"two.example", 443, "/b"}}, "/a"},
    {"https://id.example", {{"id.example", 443, NULL}, {"two.example", 443, "/b"}}, "/b"},
    {"https://id.example", {{"id.example", 443, NULL}, {"two.example", 443, NULL}}, "/api/auth"},
};

static void serve(server_rec *server, const char *path)
{
    if (path != NULL) {
        authp_mount_t *mount = apr_array_push(authp_config_server(server)->served);
        *mount =
            (authp_mount_t){.path = path, .profile = authp_profiles_find(AUTHP_PROFILES_USUAL)};
    }
}

/* httpd lists the first virtual host last. */
START_TEST(where_links_lead)
{
    server_rec hosts[HOSTS];
    server_addr_rec addresses[HOSTS];
    memset(addresses, 0, sizeof(addresses));
    for (int i = 0; i < HOSTS; i++) {
        hosts[i] = fake.host;
        hosts[i].module_config = apr_pcalloc(fake.f.pool, sizeof(void *)); /* one module */
        ap_set_module_config(hosts[i].module_config, &auth_platform_module,
                             authp_config_create_server(fake.f.pool, &hosts[i]));
        addresses[i].host_port = (apr_port_t)links[_i].hosts[i].port;
        hosts[i].addrs = &addresses[i];
        hosts[i].server_hostname = apr_pstrdup(fake.f.pool, links[_i].hosts[i].name);
        hosts[i].next = i > 0 ? &hosts[i - 1] : NULL;
        serve(&hosts[i], links[_i].hosts[i].path);
    }
    fake.main.next = &hosts[HOSTS - 1];
    fake.f.settings->public_url = links[_i].url;
    fake.f.settings->public_host = "id.example";
    ck_assert_str_eq(authp_mail_mount_find(fake.f.settings, &fake.main), links[_i].path);
    fake.main.next = &fake.host;
}
END_TEST

Suite *suite_httpd_mounts(void)
{
    Suite *suite = suite_create("httpd_mounts");
    TCase *tests = tcase_create("httpd_mounts");
    tcase_add_checked_fixture(tests, httpd_fake_open, httpd_fake_close);
    tcase_add_test(tests, several_mounts);
    tcase_add_test(tests, hidden_routes);
    tcase_add_loop_test(tests, how_long_the_table_remembers, 0, sizeof(lives) / sizeof(lives[0]));
    tcase_add_loop_test(tests, where_links_lead, 0, sizeof(links) / sizeof(links[0]));
    tcase_add_loop_test(tests, mount_and_me, 0, sizeof(mounts) / sizeof(mounts[0]));
    suite_add_tcase(suite, tests);
    return suite;
}

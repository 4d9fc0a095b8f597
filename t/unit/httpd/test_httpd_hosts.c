/* SPDX-License-Identifier: Apache-2.0 */
/* What `httpd -t` finds about hosts: those without TLS, mounts that hide routes, the roles of the
 * profiles that are served, and the host of the links in mails. */
#include "conf_fake.h"
#include "suite.h"

#include "api/docs/document.h"
#include "httpd/check_hosts.h"
#include "httpd/check_mounts.h"
#include "httpd/check_roles.h"
#include "httpd/mail_mount.h"

#include <ap_listen.h>
#include <apr_strings.h>
#include <string.h>

#define HOST(lines) "<VirtualHost *:80>\n" lines "</VirtualHost>\n"

static apr_array_header_t *warnings;

static void set_up(void)
{
    httpd_fake_open();
    warnings = apr_array_make(fake.f.pool, 2, sizeof(const char *));
}

/* --- hosts without TLS ------------------------------------------------------------------------ */

static ap_listen_rec listeners[2];

static void listen_at(int i, const char *address, int port, const char *protocol)
{
    listeners[i] = (ap_listen_rec){.protocol = protocol};
    ck_assert_int_eq(apr_sockaddr_info_get(&listeners[i].bind_addr, address, APR_UNSPEC,
                                           (apr_port_t)port, 0, fake.f.pool),
                     APR_SUCCESS);
    if (i > 0) {
        listeners[i - 1].next = &listeners[i];
    }
    ap_listeners = &listeners[0];
}

static const char *check_hosts(void)
{
    apr_array_clear(warnings);
    authp_check_hosts(fake.f.settings, &fake.main, warnings, fake.f.pool);
    return conf_fake_lines(warnings);
}

/* The lines of the main server, and whether a listener at port 8443 has TLS. */
static const struct {
    const char *lines;
    bool tls;
} engines[] = {
    {"", false},
    {"SSLEngine on\n", true},
    {"SSLEngine optional\n", true},
    {"SSLEngine off\n", false},
    {"SSLEngine on\nSSLEngine Off\n", false},
    {"GnuTLSEnable on\n", true},
    {"GnuTLSEnable off\n", false},
    {"NSSEngine on\n", true},
    {"nssengine OFF\n", false},
    {"TLSEngine 8443\n", true},
    {"TLSEngine 443\nTLSEngine 8443\n", true},
    {"TLSEngine 192.0.2.1:8443\n", true},
    {"TLSEngine [2001:db8::1]:8443\n", true},
    {"TLSEngine 8444\n", false},
    {"TLSEngine 192.0.2.1:443\n", false},
    {"<IfModule x>\nSSLEngine on\n</IfModule>\n", false},
};

START_TEST(tls)
{
    fake.main.next = NULL;
    conf_fake_read("a.conf",
                   apr_pstrcat(fake.f.pool, "ServerName a.example\n", engines[_i].lines, NULL));
    listen_at(0, "192.0.2.1", 8443, NULL);
    ck_assert_int_eq(check_hosts()[0] == '\0', engines[_i].tls);
    listen_at(0, "192.0.2.1", 8443, "https");
    ck_assert_str_eq(check_hosts(), "");
    listen_at(0, "192.0.2.1", 443, "http");
    ck_assert_str_eq(check_hosts(), "");
}
END_TEST

/* A virtual host is found by its file and its line. Its own directive counts, else the one outside
 * of all hosts. */
START_TEST(tls_of_a_host)
{
    server_addr_rec address = {.host_port = 8443};
    static const char host[] = HOST("ServerName a.example\nSSLEngine off\n");
    static const char other[] = HOST("ServerName a.example\nSSLEngine on\n");
    ck_assert_int_eq(
        apr_sockaddr_info_get(&address.host_addr, "0.0.0.0", APR_INET, 0, 0, fake.f.pool),
        APR_SUCCESS);
    fake.host.addrs = &address;
    fake.host.defn_line_number = 1;
    ck_assert_ptr_null(authp_config_resolve(&fake.host, fake.f.pool));
    listen_at(0, "0.0.0.0", 8443, NULL);
    for (int i = 0; i < 4; i++) {
        fake.host.defn_name = i % 2 == 0 ? "b.conf" : "c.conf";
        conf_fake_read("a.conf", i < 2 ? "SSLEngine on\n" : "SSLEngine off\n");
        conf_fake_read_more("b.conf", host);
        conf_fake_read_more("c.conf", other);
        const char *line =
            apr_psprintf(fake.f.pool, "the virtual host in %s:1 (port 8443)", fake.host.defn_name);
        ck_assert_int_eq(strstr(check_hosts(), line) != NULL, i % 2 == 0);
        /* Without a line of its own the host has that of the main server. */
        conf_fake_read("a.conf", i < 2 ? "SSLEngine on\n" : "SSLEngine off\n");
        conf_fake_read_more(fake.host.defn_name, HOST("ServerName a.example\n"));
        ck_assert_int_eq(strstr(check_hosts(), line) != NULL, i >= 2);
    }
}
END_TEST

/* --- mounts that hide routes ------------------------------------------------------------------ */

/* A host with mounts of its own is told, and one that inherits them is not. */
START_TEST(who_hides_routes)
{
    authp_server_config_t *main = authp_config_server(&fake.main);
    authp_server_config_t *host = authp_config_server(&fake.host);
    static const char *const lines[] = {"/a", "/a/users tiny"};
    for (int of_host = 0; of_host < 2; of_host++) {
        for (int i = 0; i < 2; i++) {
            ck_assert_ptr_null(httpd_fake_line(of_host ? FAKE_HOST : FAKE_MAIN, "AuthPlatformMount",
                                               lines[i], NULL));
        }
    }
    const apr_array_header_t *own = host->mounts;
    for (int i = 0; i < 3; i++) {
        /* inherited, its own, and both */
        main->mounts = i == 1 ? NULL : main->mounts;
        host->mounts = i == 0 ? main->mounts : (apr_array_header_t *)(uintptr_t)own;
        if (i == 2) {
            main->mounts = apr_array_copy(fake.f.pool, own);
        }
        ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
        ck_assert_ptr_null(authp_config_resolve(&fake.host, fake.f.pool));
        apr_array_clear(warnings);
        authp_check_mounts(&fake.main, warnings, fake.f.pool);
        ck_assert_int_eq(warnings->nelts, i == 2 ? 2 : 1);
        ck_assert_str_eq(APR_ARRAY_IDX(warnings, 0, const char *),
                         "AuthPlatformMount /a/users hides /a/users of AuthPlatformMount /a");
    }
}
END_TEST

/* Hosts with the same mounts share their documents, which need memory. Other hosts have others. */
START_TEST(who_shares_documents)
{
    for (int i = 0; i < 2; i++) {
        authp_config_server(&fake.host)->delivery = i == 0 ? AUTHP_UNSET : AUTHP_DELIVERY_ASK;
        ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
        ck_assert_ptr_null(authp_config_resolve(&fake.host, fake.f.pool));
        ck_assert_int_eq(authp_config_documents(&fake.main, fake.f.settings, fake.f.pool),
                         AUTHP_OK);
        const authp_documents_t *of[2];
        for (int host = 0; host < 2; host++) {
            const apr_array_header_t *served =
                authp_config_server(host == 0 ? &fake.main : &fake.host)->served;
            of[host] = APR_ARRAY_IDX(served, 0, const authp_mount_t).documents;
            ck_assert_ptr_nonnull(of[host]);
            /* the sample endpoint has none of its own */
            ck_assert_ptr_null(APR_ARRAY_IDX(served, 1, const authp_mount_t).documents);
        }
        ck_assert_int_eq(of[0] == of[1], i == 0);
    }
}
END_TEST

/* --- the roles of the profiles that are served ------------------------------------------------ */

/* The main server has the usual mount, and a virtual host another one. If the host gets all
 * requests, the roles of the usual mount do not count. */
START_TEST(whose_roles_count)
{
    server_addr_rec address = {.host_port = (apr_port_t)(_i == 0 ? 8443 : 8444)};
    ck_assert_int_eq(
        apr_sockaddr_info_get(&address.host_addr, "0.0.0.0", APR_INET, 0, 0, fake.f.pool),
        APR_SUCCESS);
    fake.host.addrs = &address;
    listen_at(0, "0.0.0.0", 8443, NULL);
    ck_assert_ptr_null(httpd_fake_line(FAKE_HOST, "AuthPlatformMount", "/a jobpath", NULL));
    ck_assert_ptr_null(authp_config_resolve(&fake.host, fake.f.pool));
    authp_check_roles_narrow(fake.f.settings, &fake.main, fake.f.pool);
    const char *names = apr_array_pstrcat(fake.f.pool, fake.f.settings->roles, ' ');
    ck_assert_int_eq(strstr(names, "user") != NULL, 1);
    ck_assert_int_eq(strstr(names, "recruiter") != NULL, _i == 1);
    for (int i = 0; i < fake.f.settings->roles->nelts; i++) {
        for (int k = 0; k < i; k++) { /* no role twice */
            ck_assert_str_ne(APR_ARRAY_IDX(fake.f.settings->roles, i, const char *),
                             APR_ARRAY_IDX(fake.f.settings->roles, k, const char *));
        }
    }
    /* Whoever sets ROLES has exactly these. */
    fake.f.settings->roles_set = true;
    const apr_array_header_t *set = fake.f.settings->roles;
    authp_check_roles_narrow(fake.f.settings, &fake.main, fake.f.pool);
    ck_assert_ptr_eq(fake.f.settings->roles, set);
}
END_TEST

/* A server without mounts only checks tokens. These have the roles of the usual profile. */
START_TEST(roles_without_a_mount)
{
    ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformMount", "off", NULL));
    ck_assert_ptr_null(httpd_fake_line(FAKE_HOST, "AuthPlatformMount", "off", NULL));
    ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
    ck_assert_ptr_null(authp_config_resolve(&fake.host, fake.f.pool));
    authp_check_roles_narrow(fake.f.settings, &fake.main, fake.f.pool);
    ck_assert_str_eq(apr_array_pstrcat(fake.f.pool, fake.f.settings->roles, ' '),
                     "candidate recruiter admin");
}
END_TEST

/* --- where people come back to from a provider ------------------------------------------------ */

/* A path without /oidc/ is only that of the provider that Google's settings name. */
static const struct {
    const char *name;
    const char *path;
    bool google;
    bool fits;
} callbacks[] = {
    {"google", "/api/auth/google/callback", true, true},
    {"google", "/api/auth/oidc/google/callback", true, true},
    {"google", "/api/auth/google/callbacks", true, false},
    {"google", "/api/auth/google/callback", false, false},
    {"google", "/api/auth/oidc/google/callback", false, true},
    {"corp", "/api/auth/google/callback", false, false},
    {"corp", "/api/auth/corp/callback", false, false},
    {"corp", "/api/auth/oidc/corp/callback", false, true},
    {"corp", "/api/auth/oidc/other/callback", false, false},
    {"corp", "/other/oidc/corp/callback", false, false},
};

START_TEST(where_they_come_back)
{
    const authp_provider_t provider = {.name = callbacks[_i].name,
                                       .google = callbacks[_i].google,
                                       .redirect_path = callbacks[_i].path,
                                       .redirect_uri = "https://a.example/x"};
    apr_array_header_t *providers = apr_array_make(fake.f.pool, 1, sizeof(void *));
    APR_ARRAY_PUSH(providers, const authp_provider_t *) = &provider;
    fake.f.settings->providers = providers;
    authp_check_mounts_providers(fake.f.settings, &fake.main, warnings, fake.f.pool);
    ck_assert_msg(warnings->nelts == (callbacks[_i].fits ? 0 : 1), "%s", callbacks[_i].path);
}
END_TEST

/* --- the host of the links in mails ----------------------------------------------------------- */

static apr_array_header_t *names(const char *first, const char *second)
{
    apr_array_header_t *list = apr_array_make(fake.f.pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(list, const char *) = first;
    APR_ARRAY_PUSH(list, const char *) = second;
    return list;
}

/* A host is found by each of its names, and by each of its ports. */
START_TEST(names_and_ports)
{
    server_addr_rec addresses[2] = {{.host_port = 80}, {.host_port = 443}};
    server_rec other = fake.host;
    addresses[0].next = &addresses[1];
    fake.host.addrs = &addresses[0];
    fake.host.server_hostname = apr_pstrdup(fake.f.pool, "b.example");
    fake.host.names = names("c.example", "D.example");
    fake.host.wild_names = names("*.wild.example", "x?.example");
    other.server_hostname = apr_pstrdup(fake.f.pool, "other.example");
    other.module_config = apr_pmemdup(fake.f.pool, fake.host.module_config, sizeof(void *));
    ap_set_module_config(other.module_config, &auth_platform_module,
                         authp_config_create_server(fake.f.pool, &other));
    fake.host.next = &other;
    ck_assert_ptr_null(httpd_fake_line(FAKE_HOST, "AuthPlatformMount", "/b", NULL));
    ck_assert_ptr_null(authp_config_resolve(&fake.host, fake.f.pool));
    ck_assert_ptr_null(authp_config_resolve(&other, fake.f.pool));
    static const struct {
        const char *host;
        const char *path;
    } hosts[] = {{"b.example", "/b"},          {"B.EXAMPLE", "/b"},
                 {"c.example", "/b"},          {"d.example", "/b"},
                 {"a.wild.example", "/b"},     {"A.WILD.example", "/b"},
                 {"xy.example", "/b"},         {"wild.example", "/api/auth"},
                 {"xyz.example", "/api/auth"}, {"other.example", "/api/auth"}};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        fake.f.settings->public_host = hosts[i].host;
        fake.f.settings->public_url = apr_pstrcat(fake.f.pool, "https://", hosts[i].host, NULL);
        ck_assert_str_eq(authp_mail_mount_find(fake.f.settings, &fake.main), hosts[i].path);
    }
    /* Of two hosts of one name the one with the port counts, whichever of its addresses has it. */
    other.server_hostname = fake.host.server_hostname;
    fake.f.settings->public_host = "b.example";
    static const char *const urls[][2] = {{"https://b.example", "/b"},
                                          {"http://b.example", "/b"},
                                          {"https://b.example:81", "/api/auth"}};
    for (int i = 0; i < 3; i++) {
        fake.f.settings->public_url = urls[i][0];
        ck_assert_str_eq(authp_mail_mount_find(fake.f.settings, &fake.main), urls[i][1]);
    }
    fake.host.next = NULL;
}
END_TEST

/* PUBLIC_URL is https://id.example. The name and port of the virtual host, which of the two servers
 * have a mount, and what the warning says about the host of the links; NULL: no warning. */
static const struct {
    const char *name;
    int port;
    bool host;
    bool main;
    const char *lacks;
} nowhere[] = {
    {"id.example", 443, false, true, "that host"},   {"id.example", 80, false, true, "that host"},
    {"id.example", 443, true, false, NULL},          {"id.example", 80, true, false, NULL},
    {"other.example", 443, false, true, NULL},       {"other.example", 443, true, false, NULL},
    {"other.example", 443, false, false, "no host"}, {"id.example", 443, false, false, "no host"},
};

START_TEST(links_to_no_page)
{
    server_addr_rec address = {.host_port = (apr_port_t)nowhere[_i].port};
    fake.host.addrs = &address;
    fake.host.server_hostname = apr_pstrdup(fake.f.pool, nowhere[_i].name);
    fake.f.settings->public_url = "https://id.example";
    fake.f.settings->public_host = "id.example";
    for (int i = 0; i < 2; i++) {
        bool has = i == 0 ? nowhere[_i].main : nowhere[_i].host;
        server_rec *server = i == 0 ? &fake.main : &fake.host;
        ck_assert_ptr_null(httpd_fake_line(i == 0 ? FAKE_MAIN : FAKE_HOST, "AuthPlatformMount",
                                           has ? "/a" : "off", NULL));
        ck_assert_ptr_null(authp_config_resolve(server, fake.f.pool));
    }
    authp_mail_mount_check(fake.f.settings, &fake.main, warnings, fake.f.pool);
    ck_assert_int_eq(warnings->nelts, 0); /* without MAIL_URL there are no mails */
    fake.f.settings->mail_url = "smtp://127.0.0.1:25";
    authp_mail_mount_check(fake.f.settings, &fake.main, warnings, fake.f.pool);
    const char *lacks = nowhere[_i].lacks;
    ck_assert_int_eq(warnings->nelts, lacks != NULL);
    ck_assert(lacks == NULL ||
              strstr(conf_fake_lines(warnings),
                     apr_pstrcat(fake.f.pool, " is https://id.example, and ", lacks,
                                 " has no AuthPlatformMount of the profile platform: ", NULL)));
}
END_TEST

Suite *suite_httpd_hosts(void)
{
    Suite *suite = suite_create("httpd_hosts");
    TCase *tests = tcase_create("httpd_hosts");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_loop_test(tests, tls, 0, (int)(sizeof(engines) / sizeof(engines[0])));
    tcase_add_test(tests, tls_of_a_host);
    tcase_add_test(tests, who_hides_routes);
    tcase_add_test(tests, who_shares_documents);
    tcase_add_loop_test(tests, whose_roles_count, 0, 2);
    tcase_add_test(tests, roles_without_a_mount);
    tcase_add_loop_test(tests, where_they_come_back, 0,
                        (int)(sizeof(callbacks) / sizeof(callbacks[0])));
    tcase_add_test(tests, names_and_ports);
    tcase_add_loop_test(tests, links_to_no_page, 0, (int)(sizeof(nowhere) / sizeof(nowhere[0])));
    suite_add_tcase(suite, tests);
    return suite;
}

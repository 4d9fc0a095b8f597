/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/check_hosts.h"
#include "httpd/config.h"
#include "httpd/tree.h"

#include <ap_listen.h>
#include <apr_strings.h>
#include <netinet/in.h>
#include <string.h>

#define HTTPS_PORT 443

typedef struct hosts_t {
    server_rec *main_server;
    apr_pool_t *pool;
} hosts_t;

static bool is_loopback(const apr_sockaddr_t *address)
{
    if (address->family == APR_INET) {
        return ntohl(address->sa.sin.sin_addr.s_addr) >> 24 == 127;
    }
#if APR_HAVE_IPV6
    if (address->family == APR_INET6) {
        const struct in6_addr *ip = &address->sa.sin6.sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(ip) || (IN6_IS_ADDR_V4MAPPED(ip) && ip->s6_addr[12] == 127);
    }
#endif
    return false;
}

static bool is_wildcard(const apr_sockaddr_t *address)
{
    if (address->family == APR_INET) {
        return address->sa.sin.sin_addr.s_addr == INADDR_ANY;
    }
#if APR_HAVE_IPV6
    return address->family == APR_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address->sa.sin6.sin6_addr);
#else
    return false;
#endif
}

/* The <VirtualHost> section of a virtual host. NULL for the main server. */
static const ap_directive_t *node_of(const server_rec *server)
{
    if (!server->is_virtual) {
        return NULL;
    }
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = authp_tree_next(at)) {
        if (authp_tree_is(at, "<VirtualHost") && at->line_num == (int)server->defn_line_number &&
            strcmp(at->filename, server->defn_name) == 0) {
            return at;
        }
    }
    return NULL;
}

/* The directive in the host. If the host has none, the one of the main server, which it inherits.
 */
static const ap_directive_t *setting_of(const server_rec *server, const char *name)
{
    const ap_directive_t *node = node_of(server);
    const ap_directive_t *own = authp_tree_child(node, name);
    return own != NULL || node == NULL ? own : authp_tree_child(NULL, name);
}

/* True if ServerName names a host that is not this machine. False without a ServerName: httpd then
 * guesses a name, which tells nothing about the clients. */
static bool is_named_elsewhere(const server_rec *server, apr_pool_t *pool)
{
    const ap_directive_t *line = setting_of(server, "ServerName");
    if (line == NULL) {
        return false;
    }
    const char *name = authp_tree_word(line, pool);
    const char *scheme = strstr(name, "://");
    name = scheme != NULL ? scheme + 3 : name;
    const char *host = apr_pstrmemdup(pool, name, strcspn(name, ":"));
    size_t len = strlen(host);
    return !(strncmp(host, "127.", 4) == 0 || ap_cstr_casecmp(host, "localhost") == 0 ||
             (len > 10 && ap_cstr_casecmp(host + len - 10, ".localhost") == 0));
}

static bool has_engine(const server_rec *server, int port, apr_pool_t *pool)
{
    static const char *const engines[] = {"SSLEngine", "GnuTLSEnable", "NSSEngine"};
    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        const ap_directive_t *line = setting_of(server, engines[i]);
        if (line != NULL && ap_cstr_casecmp(authp_tree_word(line, pool), "off") != 0) {
            return true;
        }
    }
    /* The argument of mod_tls's TLSEngine is a listener: [ADDRESS:]PORT. */
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = at->next) {
        if (authp_tree_is(at, "TLSEngine")) {
            const char *where = authp_tree_word(at, pool);
            const char *colon = strrchr(where, ':');
            if (apr_atoi64(colon != NULL ? colon + 1 : where) == port) {
                return true;
            }
        }
    }
    return false;
}

static bool is_tls(const server_rec *server, const ap_listen_rec *listener, apr_pool_t *pool)
{
    int port = listener->bind_addr->port;
    return port == HTTPS_PORT ||
           (server->server_scheme != NULL &&
            ap_cstr_casecmp(server->server_scheme, "https") == 0) ||
           (listener->protocol != NULL && ap_cstr_casecmp(listener->protocol, "https") == 0) ||
           has_engine(server, port, pool);
}

/* True if an address of this virtual host matches the listener. With `wholly`: true if the host
 * gets every request of that listener. */
static bool takes(const server_rec *server, const ap_listen_rec *listener, bool wholly)
{
    for (const server_addr_rec *at = server->addrs; at != NULL; at = at->next) {
        bool any = is_wildcard(at->host_addr);
        bool address = any || apr_sockaddr_equal(at->host_addr, listener->bind_addr) ||
                       (!wholly && is_wildcard(listener->bind_addr));
        if (address && (at->host_port == 0 || at->host_port == listener->bind_addr->port)) {
            return true;
        }
    }
    return false;
}

/* The main server gets the requests that match no virtual host. */
static bool serves(const hosts_t *hosts, const server_rec *server, const ap_listen_rec *listener)
{
    if (server->is_virtual) {
        return takes(server, listener, false);
    }
    for (const server_rec *other = hosts->main_server->next; other != NULL; other = other->next) {
        if (takes(other, listener, true)) {
            return false;
        }
    }
    return true;
}

bool authp_check_hosts_reached(server_rec *main_server, const server_rec *server)
{
    const hosts_t hosts = {main_server, NULL};
    for (const ap_listen_rec *at = ap_listeners; at != NULL; at = at->next) {
        if (at->bind_addr != NULL && serves(&hosts, server, at)) {
            return true;
        }
    }
    return false;
}

/* The first listener on which `server` serves the mount to other machines. With `plain` only
 * listeners without TLS count. */
static const ap_listen_rec *find_exposed(const hosts_t *hosts, const server_rec *server, bool plain)
{
    if (authp_config_server(server)->served->nelts == 0) {
        return NULL;
    }
    for (const ap_listen_rec *at = ap_listeners; at != NULL; at = at->next) {
        if (at->bind_addr != NULL && serves(hosts, server, at) &&
            (!is_loopback(at->bind_addr) || is_named_elsewhere(server, hosts->pool)) &&
            !(plain && is_tls(server, at, hosts->pool))) {
            return at;
        }
    }
    return NULL;
}

static const char *name_of(const server_rec *server, apr_pool_t *pool)
{
    return server->is_virtual ? apr_psprintf(pool, "the virtual host in %s:%u", server->defn_name,
                                             server->defn_line_number)
                              : "the main server";
}

void authp_check_hosts(const authp_settings_t *settings, server_rec *main_server,
                       apr_array_header_t *warnings, apr_pool_t *pool)
{
    const hosts_t hosts = {main_server, pool};
    for (const server_rec *at = main_server; at != NULL; at = at->next) {
        const ap_listen_rec *listener = find_exposed(&hosts, at, settings->secure_cookies);
        if (listener == NULL) {
            continue;
        }
        if (!settings->secure_cookies) {
            APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
                pool,
                "SECURE_COOKIES in %s is false, and %s serves other machines too (port %d): "
                "browsers then also send the cookies unencrypted",
                settings->source, name_of(at, pool), listener->bind_addr->port);
            return;
        }
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            pool,
            "AuthPlatformMount %s is in force without TLS on %s (port %d): passwords and tokens "
            "travel unencrypted, and browsers do not send the cookies (SECURE_COOKIES=true). Set "
            "AuthPlatformMount off there, or SSLEngine on, or, behind a proxy that does TLS, "
            "ServerName https://...",
            APR_ARRAY_IDX(authp_config_server(at)->served, 0, authp_mount_t).path,
            name_of(at, pool), listener->bind_addr->port);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_HOSTS_H
#define AUTHP_HTTPD_CHECK_HOSTS_H

#include "httpd/module.h"

#include "service/settings/settings.h"

/* Adds a line (const char *) to `warnings` for each virtual host that serves the account routes
 * without TLS while SECURE_COOKIES is true, and one line if SECURE_COOKIES is false and other
 * machines are served. The caller has called authp_config_resolve() for every host.
 *
 * A host has TLS if SSLEngine (GnuTLSEnable, NSSEngine, TLSEngine) is on, if `ServerName
 * https://...` says that a proxy does TLS, or if its listener has port 443 or the protocol https. A
 * listener on a loopback address serves only this machine, unless ServerName names another host. A
 * host that no Listen line reaches is skipped. */
void authp_check_hosts(const authp_settings_t *settings, server_rec *main_server,
                       apr_array_header_t *warnings, apr_pool_t *pool);

/* True if requests get to this host, which is the main server or a virtual host. */
bool authp_check_hosts_reached(server_rec *main_server, const server_rec *server);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_HOSTS_H
#define AUTHP_HTTPD_CHECK_HOSTS_H

#include "httpd/module.h"

#include "service/settings.h"

/* Adds a line (const char *) to `warnings` for each virtual host that serves the account routes
 * without TLS while SECURE_COOKIES is true, and one line if SECURE_COOKIES is false where others
 * than this machine are served. authp_config_resolve() has been called for every host.
 *
 * Served with TLS: SSLEngine (GnuTLSEnable, NSSEngine, TLSEngine) is on for the host, `ServerName
 * https://...` says that a proxy does it, or the listener is at port 443 or says https. A listener
 * on a loopback address counts as this machine's own, unless ServerName names another host. A host
 * that no Listen line reaches is passed over. */
void authp_check_hosts(const authp_settings_t *settings, server_rec *main_server,
                       apr_array_header_t *warnings, apr_pool_t *pool);

#endif

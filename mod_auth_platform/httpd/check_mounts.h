/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_MOUNTS_H
#define AUTHP_HTTPD_CHECK_MOUNTS_H

#include "service/settings/settings.h"

#include <httpd.h>

/* Adds a warning (const char *) for each mount of a virtual host that hides routes of another mount
 * around it. After authp_config_resolve(). */
void authp_check_mounts(server_rec *main_server, apr_array_header_t *warnings, apr_pool_t *pool);

/* Adds a warning for each identity provider whose redirect URI is at no mount of any host, so that
 * nobody who signs in there can come back. */
void authp_check_mounts_providers(const authp_settings_t *settings, server_rec *main_server,
                                  apr_array_header_t *warnings, apr_pool_t *pool);

/* Adds a warning if a host has a mount of the profile phone, and codes cannot be sent, or are not
 * sent because of OTP_PROVIDER=mock. */
void authp_check_mounts_codes(const authp_settings_t *settings, server_rec *main_server,
                              apr_array_header_t *warnings, apr_pool_t *pool);

#endif

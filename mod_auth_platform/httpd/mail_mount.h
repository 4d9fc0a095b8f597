/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAIL_MOUNT_H
#define AUTHP_HTTPD_MAIL_MOUNT_H

#include "service/settings/settings.h"

#include <httpd.h>

/* Returns the path of the platform mount to which links in mails lead, such as "/api/auth". The
 * mount is one of a host whose ServerName or ServerAlias is the host of PUBLIC_URL, if possible of
 * one that also has the port of PUBLIC_URL. If no such host has a platform mount, the mount is that
 * of the first virtual host that has one, else that of the main server. NULL: no host has a
 * platform mount, or PUBLIC_URL is not set. Call this after authp_config_resolve(). */
const char *authp_mail_mount_find(const authp_settings_t *settings, const server_rec *main_server);

/* Adds a warning (const char *) if MAIL_URL is set and links in mails lead to no page: no host has
 * a platform mount, or there are hosts with the name of PUBLIC_URL and none of these has one. */
void authp_mail_mount_check(const authp_settings_t *settings, const server_rec *main_server,
                            apr_array_header_t *warnings, apr_pool_t *pool);

#endif

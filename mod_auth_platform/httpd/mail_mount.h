/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAIL_MOUNT_H
#define AUTHP_HTTPD_MAIL_MOUNT_H

#include "service/settings/settings.h"

#include <httpd.h>

/* The path of the platform mount that links in mails lead to, such as "/api/auth". It is a mount of
 * the host that PUBLIC_URL names by ServerName or ServerAlias, if possible one with the port of
 * PUBLIC_URL. If no host with that name has a platform mount: that of the first virtual host that
 * has one, else that of the main server. NULL: no host has one, or PUBLIC_URL is not set. After
 * authp_config_resolve(). */
const char *authp_mail_mount_find(const authp_settings_t *settings, const server_rec *main_server);

/* Adds a warning (const char *) if mail is set, and a host has the name of PUBLIC_URL, but none
 * with that name has a platform mount, or if no host at all has one: links in mails then lead to no
 * page.
 */
void authp_mail_mount_check(const authp_settings_t *settings, const server_rec *main_server,
                            apr_array_header_t *warnings, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_ROLES_H
#define AUTHP_HTTPD_CHECK_ROLES_H

#include "service/settings/settings.h"

#include <httpd.h>

/* If ROLES is not set: settings->roles becomes the role names of all mounted profiles together, in
 * the order of the mounts, and those of the platform's profile if no mounted profile names one. The
 * mount that the main server has without a directive does not count while virtual hosts get all its
 * requests. Call it after authp_config_resolve() and before the realm is made. */
void authp_check_roles_narrow(authp_settings_t *settings, server_rec *main_server,
                              apr_pool_t *pool);

/* Adds an error (const char *) for each mount whose new accounts would have a role that is not in
 * ROLES. Mounts of the
 * platform's profile get no error: they then make accounts without a role. */
void authp_check_roles_defaults(const authp_settings_t *settings, server_rec *main_server,
                                apr_array_header_t *errors, apr_pool_t *pool);

#endif

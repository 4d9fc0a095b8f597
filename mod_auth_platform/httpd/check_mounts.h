/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_MOUNTS_H
#define AUTHP_HTTPD_CHECK_MOUNTS_H

#include <httpd.h>

/* Adds a warning (const char *) for each mount of a virtual host that hides routes of another mount
 * around it. After authp_config_resolve(). */
void authp_check_mounts(server_rec *main_server, apr_array_header_t *warnings, apr_pool_t *pool);

#endif

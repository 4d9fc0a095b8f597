/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_USAGE_H
#define AUTHP_HTTPD_USAGE_H

#include "httpd/module.h"

#include <stdbool.h>

/* What the configuration as a whole makes of the module, found in httpd's tree of directives. */

/* Any AuthPlatform... directive, `AuthType Platform` or Require line of ours? */
bool authp_usage_any(apr_pool_t *pool);

/* Adds one line for each name in a plain `Require role` or `platform-claim roles` that is not one
 * of `roles` (const char *): it would never let anybody in. */
void authp_usage_check_roles(const apr_array_header_t *roles, apr_array_header_t *errors,
                             apr_pool_t *pool);

#endif

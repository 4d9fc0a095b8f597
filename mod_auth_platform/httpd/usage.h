/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_USAGE_H
#define AUTHP_HTTPD_USAGE_H

#include "httpd/module.h"

#include <stdbool.h>

/* Finds out from httpd's tree of directives how the configuration uses the module. */

/* True if the configuration has an AuthPlatform... directive, `AuthType Platform` or a Require of
 * ours. */
bool authp_usage_any(apr_pool_t *pool);

/* Adds an error for each name in a plain `Require role` or `platform-claim roles` that is not one
 * of `roles` (const char *), because it would never let anybody in. */
void authp_usage_check_roles(const apr_array_header_t *roles, apr_array_header_t *errors,
                             apr_pool_t *pool);

#endif

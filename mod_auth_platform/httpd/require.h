/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_H
#define AUTHP_HTTPD_REQUIRE_H

#include "httpd/module.h"

/* Registers the conditions `Require role NAME...`, where expressions (%{...}) work, `verified`,
 * `platform-claim` and `auth-age`. */
void authp_require_register(apr_pool_t *pool);

#endif

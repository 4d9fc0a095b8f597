/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_H
#define AUTHP_HTTPD_REQUIRE_H

#include "httpd/module.h"

/* `Require role NAME...`; %{...} expressions work in it. */
void authp_require_register(apr_pool_t *pool);

#endif

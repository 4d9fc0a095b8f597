/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_HANDLER_H
#define AUTHP_HTTPD_HANDLER_H

#include "httpd/module.h"

/* Serves the paths of a host's mount. The file system, ProxyPass and RewriteRule do not change
 * that. */
void authp_handler_register(apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_HANDLER_H
#define AUTHP_HTTPD_HANDLER_H

#include "httpd/module.h"

/* Serves the paths that a host's mount owns, whatever the file system, ProxyPass or RewriteRule
 * have to say about them. */
void authp_handler_register(apr_pool_t *pool);

#endif

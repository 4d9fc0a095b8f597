/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_AUTHZ_H
#define AUTHP_HTTPD_AUTHZ_H

#include "httpd/module.h"

/* Answers 403 instead of httpd's 401 to signed-in people whom Require refuses. */
void authp_authz_register(apr_pool_t *pool);

#endif

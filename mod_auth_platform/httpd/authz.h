/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_AUTHZ_H
#define AUTHP_HTTPD_AUTHZ_H

#include "httpd/module.h"

/* 403 instead of httpd's 401 for somebody who is signed in and may not. */
void authp_authz_register(apr_pool_t *pool);

#endif

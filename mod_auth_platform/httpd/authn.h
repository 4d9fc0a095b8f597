/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_AUTHN_H
#define AUTHP_HTTPD_AUTHN_H

#include "httpd/module.h"

/* Authenticates guarded requests: in check_authn for AuthType Platform, in check_access for
 * AuthPlatformOptional. */
void authp_authn_register(apr_pool_t *pool);

#endif

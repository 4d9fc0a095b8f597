/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_AUTH_H
#define AUTHP_HTTPD_CHECK_AUTH_H

#include "httpd/module.h"

/* AuthType, Require and what weakens them, in httpd's tree of directives. What .htaccess files say
 * is not in it. Each finding is a line (const char *) that names file and line of the directive.
 * Errors are what answers every request with 500 or nobody with anything: a misspelt AuthType
 * Platform, and a Require of ours that has no AuthType Platform. Warnings are what may be meant:
 * a Require of ours whose AuthType is in a section of another kind, <Limit> and <LimitExcept>
 * around one, and Satisfy Any where one holds. */
void authp_check_auth(apr_array_header_t *errors, apr_array_header_t *warnings, apr_pool_t *pool);

#endif

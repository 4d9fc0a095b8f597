/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_AUTH_H
#define AUTHP_HTTPD_CHECK_AUTH_H

#include "httpd/module.h"

/* Checks AuthType, Require and directives that weaken them, in httpd's tree of directives, which
 * does not contain .htaccess files. Each finding is a line (const char *) with the file and the
 * line of the directive. An error is something that would answer every request with 500 or 403: a
 * misspelt AuthType Platform, or a Require of ours without AuthType Platform. A warning may be what
 * the operator wants: a Require of ours whose AuthType is in a section of another kind, <Limit> or
 * <LimitExcept> around a guard, and Satisfy Any where a guard applies. */
void authp_check_auth(apr_array_header_t *errors, apr_array_header_t *warnings, apr_pool_t *pool);

#endif

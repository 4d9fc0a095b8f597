/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHECK_AUTH_H
#define AUTHP_HTTPD_CHECK_AUTH_H

#include "httpd/module.h"

/* Checks AuthType, Require and directives that weaken them, in httpd's tree of directives, which
 * has no .htaccess files. Each finding is a line (const char *) that names file and line of the
 * directive. Errors would answer every request with 500 or 403: a misspelt AuthType Platform, and a
 * Require of ours without AuthType Platform. Warnings may be intended: a Require of ours whose
 * AuthType is in a section of another kind, <Limit> or <LimitExcept> around one, and Satisfy Any
 * where one applies. */
void authp_check_auth(apr_array_header_t *errors, apr_array_header_t *warnings, apr_pool_t *pool);

#endif

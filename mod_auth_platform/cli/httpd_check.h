/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_HTTPD_CHECK_H
#define AUTHP_CLI_HTTPD_CHECK_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>

/* For `check-config --httpd FILE`. Adds a warning (const char *) for each `Require valid-user` of a
 * place with AuthType Platform, if the server has a mount: at a mount of any profile people make
 * accounts for themselves, so everybody can get in. A `Require valid-user` in a <RequireAll>
 * together with a line about roles, claims or people is not reported. Also adds a warning for each
 * included file that cannot be read. AUTHP_E_NOT_FOUND: `file` cannot be read. */
AUTHP_CHECKED authp_err_t authp_httpd_check_file(const char *file, apr_array_header_t *warnings,
                                                 apr_pool_t *pool);

#endif

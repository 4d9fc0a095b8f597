/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_HTTPD_CHECK_H
#define AUTHP_CLI_HTTPD_CHECK_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>

/* For `check-config --httpd FILE`. Adds a warning (const char *) for each `Require valid-user` of a
 * place with AuthType Platform that asks for nothing else, if a mount lets people make accounts for
 * themselves, which each profile does: whoever registers there comes in. One that stands in a
 * <RequireAll> together with a line about roles, claims or people asks for more and is not
 * reported. Also adds one for each included file that cannot be read. AUTHP_E_NOT_FOUND: `file`
 * cannot be read. */
AUTHP_CHECKED authp_err_t authp_httpd_check_file(const char *file, apr_array_header_t *warnings,
                                                 apr_pool_t *pool);

#endif

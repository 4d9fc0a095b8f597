/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_OWNER_H
#define AUTHP_CLI_OWNER_H

#include "base/err.h"

#include <apr_pools.h>

/* Before the database in `folder` is opened: as root, become the folder's owner for good, so that
 * no file of root's stays behind that httpd's User cannot write. As anybody else, check that the
 * folder can be written. *error says what to do. A folder that does not exist is fine, and is for
 * the caller to make. */
AUTHP_CHECKED authp_err_t authp_owner_become(const char *folder, const char **error,
                                             apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_OWNER_H
#define AUTHP_CLI_OWNER_H

#include "base/err.h"

#include <apr_pools.h>

/* Call it before the database in `folder` is opened. As root it becomes the owner of the folder for
 * good. Otherwise it could make files of root that httpd's User cannot write. As any other user it
 * checks that the folder can be written. *error says what to do. AUTHP_OK if the folder does not
 * exist; the caller then makes it. */
AUTHP_CHECKED authp_err_t authp_owner_become(const char *folder, const char **error,
                                             apr_pool_t *pool);

#endif

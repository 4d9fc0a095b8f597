/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_ROLE_PERMISSIONS_H
#define AUTHP_SERVICE_SETTINGS_ROLE_PERMISSIONS_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>

/* ROLE_PERMISSIONS: words that an app reads in tokens. The server itself checks roles only. */
#define AUTHP_ROLE_PERMISSIONS_USUAL "{\"admin\": [\"read\", \"create\", \"update\", \"delete\"]}"

typedef struct authp_role_permissions_t {
    const char *role;
    apr_array_header_t *permissions; /* const char *, no two of them equal */
} authp_role_permissions_t;

/* Parses a JSON object {ROLE: [PERMISSION, ...]}. *out: authp_role_permissions_t, in the order of
 * the object. AUTHP_E_MALFORMED: it is none, a name is no role's, a permission is not 1 to 64
 * characters of printable ASCII without '"' and '\\', or all permissions together, each of which
 * counts three more, have over 2,048 bytes. Tokens carry them, so they must stay short. */
AUTHP_CHECKED authp_err_t authp_role_permissions_parse(const char *text,
                                                       const apr_array_header_t **out,
                                                       apr_pool_t *pool);

/* The permissions that `roles` (const char *) have together: a new array of const char *, in the
 * order of `rows` (authp_role_permissions_t), none of them twice. */
apr_array_header_t *authp_role_permissions_of(const apr_array_header_t *rows,
                                              const apr_array_header_t *roles, apr_pool_t *pool);

#endif

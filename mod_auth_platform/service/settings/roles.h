/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_ROLES_H
#define AUTHP_SERVICE_SETTINGS_ROLES_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

/* The roles of ROLES as bits, so that a check is one AND. A mask never has a role that is not
 * configured. */
typedef uint32_t authp_roles_t;
typedef struct authp_roles_map_t authp_roles_map_t;

/* `names` (const char *) has at most 32 different names. */
authp_roles_map_t *authp_roles_map_make(const apr_array_header_t *names, apr_pool_t *pool);
/* The bit of a role. 0 if it is not configured. */
authp_roles_t authp_roles_bit(const authp_roles_map_t *map, const char *name);
/* The bits of those `names` (const char *) that are configured. NULL counts as empty. */
authp_roles_t authp_roles_mask(const authp_roles_map_t *map, const apr_array_header_t *names);
/* The names of the bits, in the order of ROLES: a new array of const char *. */
apr_array_header_t *authp_roles_names(const authp_roles_map_t *map, authp_roles_t mask,
                                      apr_pool_t *pool);

/* True for [a-z][a-z0-9_-]{0,31}. */
bool authp_roles_is_name(const char *name);

/* The first name of the bits, in the order of ROLES. NULL if there is none. */
const char *authp_roles_first(const authp_roles_map_t *map, authp_roles_t mask);

/* The effective roles. `recruiter` counts only while the account is verified. */
authp_roles_t authp_roles_effective(const authp_roles_map_t *map, const apr_array_header_t *stored,
                                    bool is_recruiter_verified);

#endif

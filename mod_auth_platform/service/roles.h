/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ROLES_H
#define AUTHP_SERVICE_ROLES_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stdint.h>

/* Role names of ROLES as bits, so that checks on the hot path are one AND. A mask never holds a
 * role that is not configured. */
typedef uint32_t authp_roles_t;
typedef struct authp_roles_map_t authp_roles_map_t;

/* `names`: const char *, at most 32, distinct. */
authp_roles_map_t *authp_roles_map_make(const apr_array_header_t *names, apr_pool_t *pool);
/* 0 if the name is not configured. */
authp_roles_t authp_roles_bit(const authp_roles_map_t *map, const char *name);
/* Bits of the known ones among `names` (const char *); NULL counts as empty. */
authp_roles_t authp_roles_mask(const authp_roles_map_t *map, const apr_array_header_t *names);
/* Names of the bits in ROLES order, a new array of const char *. */
apr_array_header_t *authp_roles_names(const authp_roles_map_t *map, authp_roles_t mask,
                                      apr_pool_t *pool);

/* The effective roles (contract 3): `recruiter` counts only while verified. */
authp_roles_t authp_roles_effective(const authp_roles_map_t *map, const apr_array_header_t *stored,
                                    bool is_recruiter_verified);

#endif

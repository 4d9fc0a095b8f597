/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/roles.h"

#include <apr_strings.h>
#include <string.h>

#define ROLES_MAX 32
#define NAME_MOST 32

struct authp_roles_map_t {
    int count;
    authp_roles_t recruiter; /* 0 if no role has that name */
    const char *names[ROLES_MAX];
};

bool authp_roles_is_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= NAME_MOST && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

authp_roles_map_t *authp_roles_map_make(const apr_array_header_t *names, apr_pool_t *pool)
{
    authp_roles_map_t *map = apr_pcalloc(pool, sizeof(*map));
    for (int i = 0; i < names->nelts && map->count < ROLES_MAX; i++) {
        map->names[map->count++] = apr_pstrdup(pool, APR_ARRAY_IDX(names, i, const char *));
    }
    map->recruiter = authp_roles_bit(map, "recruiter");
    return map;
}

authp_roles_t authp_roles_bit(const authp_roles_map_t *map, const char *name)
{
    for (int i = 0; name != NULL && i < map->count; i++) {
        if (strcmp(map->names[i], name) == 0) {
            return (authp_roles_t)1 << i;
        }
    }
    return 0;
}

authp_roles_t authp_roles_mask(const authp_roles_map_t *map, const apr_array_header_t *names)
{
    authp_roles_t mask = 0;
    for (int i = 0; names != NULL && i < names->nelts; i++) {
        mask |= authp_roles_bit(map, APR_ARRAY_IDX(names, i, const char *));
    }
    return mask;
}

apr_array_header_t *authp_roles_names(const authp_roles_map_t *map, authp_roles_t mask,
                                      apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, map->count, sizeof(const char *));
    for (int i = 0; i < map->count; i++) {
        if ((mask & (authp_roles_t)1 << i) != 0) {
            APR_ARRAY_PUSH(names, const char *) = map->names[i];
        }
    }
    return names;
}

const char *authp_roles_first(const authp_roles_map_t *map, authp_roles_t mask)
{
    int i = 0;
    while (i < map->count && (mask & (authp_roles_t)1 << i) == 0) {
        i++;
    }
    return i < map->count ? map->names[i] : NULL;
}

authp_roles_t authp_roles_effective(const authp_roles_map_t *map, const apr_array_header_t *stored,
                                    bool is_recruiter_verified)
{
    authp_roles_t mask = authp_roles_mask(map, stored);
    return is_recruiter_verified ? mask : mask & ~map->recruiter;
}

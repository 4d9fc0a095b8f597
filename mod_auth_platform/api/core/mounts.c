/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/mounts.h"
#include "api/core/path.h"
#include "api/core/profile.h"

static bool has_row(const authp_profile_t *profile, const char *rest)
{
    for (const authp_route_t *route = profile->routes; route->method != NULL; route++) {
        if (authp_path_matches(route->path, rest, NULL, NULL)) {
            return true;
        }
    }
    return false;
}

const authp_mount_t *authp_mounts_find(const apr_array_header_t *mounts, const char *path)
{
    const authp_mount_t *found = NULL;
    for (int i = 0; i < mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
        const char *rest = authp_mount_rest(mount, path);
        if (rest != NULL && (found == NULL || mount->len > found->len) &&
            (!mount->profile->rows_only || has_row(mount->profile, rest))) {
            found = mount;
        }
    }
    return found;
}

const authp_mount_t *authp_mounts_renewing(const apr_array_header_t *mounts)
{
    for (int i = 0; i < mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
        if (mount->profile->renewal != NULL) {
            return mount;
        }
    }
    return NULL;
}

const authp_mount_t *authp_mounts_describing(const apr_array_header_t *mounts,
                                             const authp_mount_t *mount)
{
    if (mount->profile->title != NULL) {
        return mount;
    }
    for (int i = 0; i < mounts->nelts; i++) {
        const authp_mount_t *other = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
        if (other->profile->title != NULL && other->profile->shape == mount->profile->shape) {
            return other;
        }
    }
    return NULL;
}

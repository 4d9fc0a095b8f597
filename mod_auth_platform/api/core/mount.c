/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/mount.h"

#include <stdbool.h>
#include <string.h>

authp_mount_t authp_mount_make(const char *path, const struct authp_profile_t *profile,
                               authp_delivery_t delivery)
{
    return (authp_mount_t){
        .path = path, .len = strlen(path), .profile = profile, .delivery = delivery};
}

const char *authp_mount_rest(const authp_mount_t *mount, const char *path)
{
    const char *rest = path + mount->len;
    bool below = strncmp(path, mount->path, mount->len) == 0 && (*rest == '/' || *rest == '\0');
    return below ? rest : NULL;
}

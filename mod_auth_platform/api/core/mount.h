/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_MOUNT_H
#define AUTHP_API_CORE_MOUNT_H

#include <apr_tables.h>
#include <stddef.h>

struct authp_profile_t;
struct authp_documents_t;

/* How tokens are handed out: in the body, as cookies, or as the request asks for. */
typedef enum authp_delivery_t {
    AUTHP_DELIVERY_JSON,
    AUTHP_DELIVERY_COOKIE,
    AUTHP_DELIVERY_ASK
} authp_delivery_t;

/* A path of a virtual host at which the routes of one profile are served. */
typedef struct authp_mount_t {
    const char *path; /* "/api/auth": one leading '/', none at the end */
    size_t len;       /* of `path` */
    const struct authp_profile_t *profile;
    authp_delivery_t delivery;
    const struct authp_documents_t *documents; /* made when the configuration has been read; NULL
                                                  where the profile has none */
} authp_mount_t;

/* `path` and `profile` must live as long as the mount. */
authp_mount_t authp_mount_make(const char *path, const struct authp_profile_t *profile,
                               authp_delivery_t delivery);

/* The part of `path` below the mount: "" or what begins with '/'. NULL: not below it. */
const char *authp_mount_rest(const authp_mount_t *mount, const char *path);

#endif

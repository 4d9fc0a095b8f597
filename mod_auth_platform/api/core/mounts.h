/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_MOUNTS_H
#define AUTHP_API_CORE_MOUNTS_H

#include "api/core/mount.h"

/* The mounts of one virtual host: an array of authp_mount_t. */

/* Returns the mount of `mounts` (authp_mount_t) that serves `path`: of those that own it, the one
 * with the longest path. A mount owns everything below its path, or, if its profile says rows_only,
 * the paths of its rows. NULL: no mount owns the path. */
const authp_mount_t *authp_mounts_find(const apr_array_header_t *mounts, const char *path);

/* The first of `mounts` at which a browser can renew its session. NULL if there is none. */
const authp_mount_t *authp_mounts_renewing(const apr_array_header_t *mounts);

/* The one of `mounts` whose document describes the routes of `mount`: the mount itself if its
 * profile has a document, else the first one that has one and writes errors in the same shape. NULL
 * if there is none. */
const authp_mount_t *authp_mounts_describing(const apr_array_header_t *mounts,
                                             const authp_mount_t *mount);

#endif

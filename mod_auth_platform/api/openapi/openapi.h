/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_H
#define AUTHP_API_OPENAPI_OPENAPI_H

#include "api/core/mount.h"
#include "service/settings/settings.h"

#include <jansson.h>

/* The OpenAPI 3.1 document of `mount`, which is one of the host's `mounts`: made from its profile's
 * tables. It also describes the mounts without a document that authp_mounts_describing() gives it.
 */
json_t *authp_openapi_make(const authp_settings_t *settings, const apr_array_header_t *mounts,
                           const authp_mount_t *mount, apr_pool_t *pool);

#endif

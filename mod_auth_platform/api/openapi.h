/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_H
#define AUTHP_API_OPENAPI_H

#include "api/api.h"

#include <jansson.h>

/* The OpenAPI 3.1 document of this host, made from the route, schema and problem tables. */
json_t *authp_openapi_make(const authp_settings_t *settings, const authp_mount_t *mount,
                           apr_pool_t *pool);

#endif

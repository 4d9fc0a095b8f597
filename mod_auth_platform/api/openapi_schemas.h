/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_SCHEMAS_H
#define AUTHP_API_OPENAPI_SCHEMAS_H

#include "service/settings.h"

#include <apr_pools.h>
#include <jansson.h>

/* Adds the components of the OpenAPI document: schemas of answers and bodies, headers, security
 * schemes, and one example for each problem code. */
void authp_openapi_components(const authp_settings_t *settings, json_t *out, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_PARAMETERS_H
#define AUTHP_API_OPENAPI_OPENAPI_PARAMETERS_H

#include "api/core/call.h"

/* Adds the parameters that follow from the columns of a row: those of the path and of the query,
 * and headers. */
void authp_openapi_parameters(json_t *operation, const authp_route_t *route,
                              const authp_settings_t *settings, const authp_mount_t *mount);

#endif

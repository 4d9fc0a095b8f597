/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_PARAMETERS_H
#define AUTHP_API_OPENAPI_OPENAPI_PARAMETERS_H

#include "api/core/profile.h"

/* Adds the parameters that follow from the columns of a profile's row: those of the path and of the
 * query, and headers. `delivery` is that of the document's mount. */
void authp_openapi_parameters(json_t *operation, const authp_route_t *route,
                              const authp_profile_t *profile, authp_delivery_t delivery,
                              const authp_settings_t *settings);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_SECURITY_H
#define AUTHP_API_OPENAPI_OPENAPI_SECURITY_H

#include "api/core/profile.h"

/* Adds the ways to authenticate at the routes of a profile to the components of a document. */
void authp_openapi_security_schemes(const authp_profile_t *profile,
                                    const authp_settings_t *settings, json_t *components);
/* Adds to `operation` which of these ways `route` takes. */
void authp_openapi_security(json_t *operation, const authp_route_t *route,
                            const authp_profile_t *profile);

#endif

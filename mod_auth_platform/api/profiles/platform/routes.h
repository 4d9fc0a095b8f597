/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PLATFORM_ROUTES_H
#define AUTHP_API_PROFILES_PLATFORM_ROUTES_H

#include "api/core/profile.h"

/* The routes of the platform profile, ended by a row without a method, and the groups that they are
 * shown in. */
extern const authp_route_t authp_routes[];
extern const authp_tag_t authp_routes_tags[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PHONE_PHONE_ROUTES_H
#define AUTHP_API_PROFILES_PHONE_PHONE_ROUTES_H

#include "api/core/profile.h"

/* The routes, ended by a row without a method, and the groups that they are shown in. */
extern const authp_route_t authp_phone_routes[];
extern const authp_tag_t authp_phone_routes_tags[];

#endif

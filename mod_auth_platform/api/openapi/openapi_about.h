/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_ABOUT_H
#define AUTHP_API_OPENAPI_OPENAPI_ABOUT_H

#include "api/core/profile.h"

/* The descriptions of the routes of a profile: those of its about.json, and those of
 * docs/about.json for what every profile has. Parsed once for each document. */
json_t *authp_openapi_about_read(const authp_profile_t *profile, apr_pool_t *pool);

/* Returns the description of a route: who may call it, then its paragraphs, separated by blank
 * lines. */
const char *authp_openapi_about(const json_t *all, const authp_route_t *route, apr_pool_t *pool);

#endif

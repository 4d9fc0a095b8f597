/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_ABOUT_H
#define AUTHP_API_OPENAPI_OPENAPI_ABOUT_H

#include "api/core/profile.h"

/* Reads the descriptions of a profile's routes: from its about.json, and from docs/about.json for
 * the routes of meta.h. Called once for each document. */
json_t *authp_openapi_about_read(const authp_profile_t *profile, apr_pool_t *pool);

/* Returns the description of a route: who may call it, then its paragraphs, separated by blank
 * lines. */
const char *authp_openapi_about(const json_t *all, const authp_route_t *route, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_ABOUT_H
#define AUTHP_API_OPENAPI_ABOUT_H

#include "api/route.h"

/* Parses the descriptions of the routes (api/docs/about.json). Called once for each document. */
const json_t *authp_openapi_about_read(apr_pool_t *pool);

/* Returns the description of a route: who may call it, then its paragraphs, separated by blank
 * lines. */
const char *authp_openapi_about(const json_t *all, const authp_route_t *route, apr_pool_t *pool);

#endif

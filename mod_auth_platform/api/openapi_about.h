/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_ABOUT_H
#define AUTHP_API_OPENAPI_ABOUT_H

#include "api/route.h"

/* What the routes mean, in prose (api/docs/about.json): read once for a document. */
const json_t *authp_openapi_about_read(apr_pool_t *pool);

/* The description of a route: who may call it, then its paragraphs, with a blank line before each.
 */
const char *authp_openapi_about(const json_t *all, const authp_route_t *route, apr_pool_t *pool);

#endif

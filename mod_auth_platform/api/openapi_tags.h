/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_TAGS_H
#define AUTHP_API_OPENAPI_TAGS_H

#include <jansson.h>

/* The groups that the OpenAPI document, and the page made from it, show the routes in. */
void authp_openapi_tags_list(json_t *out);
/* The group of a route, by its path below the mount. */
const char *authp_openapi_tags_of(const char *path);

#endif

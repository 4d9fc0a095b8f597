/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_TAGS_H
#define AUTHP_API_OPENAPI_TAGS_H

#include <jansson.h>

/* The groups of routes in the OpenAPI document and in the page made from it. */
void authp_openapi_tags_list(json_t *out);
/* Returns the name of the group of a route. `path` is below the mount. */
const char *authp_openapi_tags_of(const char *path);

#endif

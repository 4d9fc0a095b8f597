/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_EXAMPLES_H
#define AUTHP_API_OPENAPI_EXAMPLES_H

#include "api/api.h"

#include <apr_pools.h>
#include <jansson.h>

/* Examples of bodies and answers for the OpenAPI document, from docs/examples.json. "examples" has
 * them by name. "of" has the names for a schema, or for the answer of one route ("GET /readyz"). An
 * example with a "delivery" is only for mounts that hand out tokens in that way. */
const json_t *authp_openapi_examples_read(apr_pool_t *pool);

/* Adds the examples that fit the mount's delivery to the document's components. */
void authp_openapi_examples_components(const json_t *all, const authp_mount_t *mount, json_t *out);

/* Adds references to examples, as `examples` of a media type. They are those of `route` if it has
 * any, else those of `schema`. `route` may be NULL. */
void authp_openapi_examples_refer(const json_t *all, const authp_mount_t *mount, const char *route,
                                  const char *schema, json_t *media, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_EXAMPLES_H
#define AUTHP_API_OPENAPI_EXAMPLES_H

#include "api/api.h"

#include <apr_pools.h>
#include <jansson.h>

/* The examples of bodies and answers in the OpenAPI document, from docs/examples.json: "examples"
 * holds them by name, "of" names those of a schema, or of one route's answer ("GET /readyz"). One
 * that has a "delivery" is for mounts that hand out tokens that way. */
const json_t *authp_openapi_examples_read(apr_pool_t *pool);

/* Those that are right at the mount, into the document's components. */
void authp_openapi_examples_components(const json_t *all, const authp_mount_t *mount, json_t *out);

/* References to them, as `examples` of a media type. Asked for the first of the two keys that has
 * any; `route` may be NULL. */
void authp_openapi_examples_refer(const json_t *all, const authp_mount_t *mount, const char *route,
                                  const char *schema, json_t *media, apr_pool_t *pool);

#endif

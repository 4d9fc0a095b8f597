/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_EXAMPLES_H
#define AUTHP_API_OPENAPI_OPENAPI_EXAMPLES_H

#include "api/core/mount.h"
#include "api/core/profile.h"

/* The examples of bodies and answers in an OpenAPI document, from docs/examples.json and the
 * examples.json of profiles. "examples" has them by name. "of" has the names of the examples of a
 * schema, or of one route's answer ("GET /readyz"). An example with a "delivery" is used for mounts
 * that hand out tokens in that way. */

/* Returns the examples of the routes in meta.h. `pool` frees the tree. */
json_t *authp_openapi_examples_make(apr_pool_t *pool);
/* Adds the examples of a profile to `all`. */
void authp_openapi_examples_add(const authp_profile_t *profile, json_t *all, apr_pool_t *pool);
/* Adds an example of the error to `out`, as the profile's shape writes it, under the name `name`.
 */
void authp_openapi_examples_put_error(const authp_profile_t *profile, authp_err_t err,
                                      const char *name, json_t *out, apr_pool_t *pool);
/* Returns the name of an error's example: the code, followed by the status if the code also occurs
 * with another status. */
const char *authp_openapi_examples_error(const authp_profile_t *profile, authp_err_t err,
                                         apr_pool_t *pool);

/* Adds the examples that fit the mount's delivery to the document's components. */
void authp_openapi_examples_components(const json_t *all, const authp_mount_t *mount, json_t *out);

/* Adds references to examples, as `examples` of a media type. They are those of `route` if it has
 * any, else those of `schema`. `route` may be NULL. */
void authp_openapi_examples_refer(const json_t *all, const authp_mount_t *mount, const char *route,
                                  const char *schema, json_t *media, apr_pool_t *pool);

#endif

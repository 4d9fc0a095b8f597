/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_EXAMPLES_H
#define AUTHP_API_OPENAPI_OPENAPI_EXAMPLES_H

#include "api/core/mount.h"
#include "api/core/profile.h"

/* The examples of bodies and answers in an OpenAPI document, from docs/examples.json and the
 * examples.json of profiles: "examples" holds them by name, "of" names those of a schema, or of one
 * route's answer ("GET /readyz"). One that has a "delivery" is for mounts that hand out tokens that
 * way. */

/* Those that every profile has. The tree is released with `pool`. */
json_t *authp_openapi_examples_make(apr_pool_t *pool);
/* Adds those of a profile. */
void authp_openapi_examples_add(const authp_profile_t *profile, json_t *all, apr_pool_t *pool);
/* One of each error code, as the profile's shape writes it. */
void authp_openapi_examples_errors(const authp_profile_t *profile, json_t *out, apr_pool_t *pool);
/* The name of an error's example: the code, and the status behind it where another status bears the
 * code too. */
const char *authp_openapi_examples_error(const authp_profile_t *profile, authp_err_t err,
                                         apr_pool_t *pool);

/* Adds the examples that fit the mount's delivery to the document's components. */
void authp_openapi_examples_components(const json_t *all, const authp_mount_t *mount, json_t *out);

/* Adds references to examples, as `examples` of a media type. They are those of `route` if it has
 * any, else those of `schema`. `route` may be NULL. */
void authp_openapi_examples_refer(const json_t *all, const authp_mount_t *mount, const char *route,
                                  const char *schema, json_t *media, apr_pool_t *pool);

#endif

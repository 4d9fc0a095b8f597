/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_SCHEMAS_H
#define AUTHP_API_OPENAPI_OPENAPI_SCHEMAS_H

#include "api/core/profile.h"

/* The component schemas of an OpenAPI document: the forms of bodies, answers and errors. */

/* Adds the schemas of a profile's routes. */
void authp_openapi_schemas_add(const authp_profile_t *profile, const authp_settings_t *settings,
                               json_t *schemas, apr_pool_t *pool);
/* The name of the schema of `body` sent as a form (AUTHP_ROUTE_FORM). */
const char *authp_openapi_schemas_form(const authp_schema_t *body, apr_pool_t *pool);
/* Adds the schemas of the routes in meta.h. */
void authp_openapi_schemas_add_common(json_t *schemas, apr_pool_t *pool);

#endif

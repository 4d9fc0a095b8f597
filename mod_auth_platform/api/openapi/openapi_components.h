/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_COMPONENTS_H
#define AUTHP_API_OPENAPI_OPENAPI_COMPONENTS_H

#include <jansson.h>

/* Adds the headers of answers to the components of an OpenAPI document. */
void authp_openapi_components_headers(json_t *out);

#endif

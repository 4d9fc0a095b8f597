/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_COMPONENTS_H
#define AUTHP_API_OPENAPI_OPENAPI_COMPONENTS_H

#include "service/settings/settings.h"

#include <jansson.h>

/* Adds the headers of answers, and the ways to authenticate, to the components of an OpenAPI
 * document. */
void authp_openapi_components_add(const authp_settings_t *settings, json_t *out);

#endif

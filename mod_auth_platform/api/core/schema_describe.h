/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_SCHEMA_DESCRIBE_H
#define AUTHP_API_CORE_SCHEMA_DESCRIBE_H

#include "api/core/schema.h"

/* Writes the JSON Schema of a body for OpenAPI into `out`. */
void authp_schema_describe(const authp_schema_t *schema, const authp_settings_t *settings,
                           bool ignore_unknown, json_t *out);
/* Writes the JSON Schema of a role, with the configured names, into `out`. */
void authp_schema_describe_role(const authp_settings_t *settings, json_t *out);
/* Writes the JSON Schema of the role that a sign-in at a provider asks for into `out`. */
void authp_schema_describe_asked(json_t *out);

#endif

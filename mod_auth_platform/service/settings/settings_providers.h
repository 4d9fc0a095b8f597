/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_PROVIDERS_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_PROVIDERS_H

#include "service/settings/settings_source.h"
#include "service/settings/settings_table.h"

/* For settings_load.c. Makes settings->providers from GOOGLE_..., OIDC_PROVIDERS and OIDC_NAME_...;
 * the other settings have been set. */
void authp_settings_providers_load(authp_loading_t *loading, const authp_settings_source_t *source);

/* The names of all settings of the providers in OIDC_PROVIDERS (const char *). */
apr_array_header_t *authp_settings_providers_names(const authp_settings_t *settings,
                                                   apr_pool_t *pool);

/* The provider `name` of the settings. NULL if there is none. */
const authp_provider_t *authp_settings_providers_find(const authp_settings_t *settings,
                                                      const char *name);

#endif

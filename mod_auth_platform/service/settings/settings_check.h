/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_CHECK_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_CHECK_H

#include "service/settings/settings_table.h"

/* Checks what involves several settings. `store` is the text of AUTH_STORE, NULL if unset. */
void authp_settings_check(authp_loading_t *loading, const char *store);
/* Complains about names of the file that look like misspelt settings. */
void authp_settings_check_names(authp_loading_t *loading, const apr_table_t *file);

#endif

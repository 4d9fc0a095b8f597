/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_PHONE_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_PHONE_H

#include "service/settings/settings_table.h"

/* For the settings*.c files: phone numbers, one-time codes, and the roles of their accounts. */

/* Sets those of these settings whose defaults depend on others. */
void authp_settings_phone_fill_in(authp_settings_t *settings, apr_pool_t *pool);
/* Checks what involves several of these settings. */
void authp_settings_phone_check(authp_loading_t *loading);

#endif

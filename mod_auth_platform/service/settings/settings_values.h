/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_VALUES_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_VALUES_H

#include "service/settings/settings_table.h"

/* Parses one value by its row, and complains if it is wrong. */
void authp_settings_values_set(authp_loading_t *loading, const authp_setting_t *row,
                               const char *value);

/* "invite", "pending" or "open". */
const char *authp_settings_values_recruiter(authp_recruiter_registration_t way);

/* "msg91", "mock", or "-" for none. */
const char *authp_settings_values_codes(authp_otp_provider_t provider);

#endif

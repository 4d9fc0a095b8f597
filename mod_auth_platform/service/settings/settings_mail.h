/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_MAIL_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_MAIL_H

#include "service/settings/settings_table.h"

/* Checks the settings of mail, and sets the members that come from their values: mail_server,
 * mail_from_name, mail_from_address, public_url and public_host. No complaint has a part of
 * MAIL_URL. */
void authp_settings_mail_check(authp_loading_t *loading);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_ALIAS_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_ALIAS_H

#include "service/settings/settings_source.h"
#include "service/settings/settings_table.h"

/* For the settings*.c files: names in .env files of other back ends. Some are second names of our
 * settings. The others are settings of programs that read the same file. */

/* The value of the setting `name`, under that name or under its second one. NULL if neither is set.
 * loading->name and loading->where then say which one it was. Complains if both are set to
 * different values, wherever each of them is set. */
const char *authp_settings_alias_value(authp_loading_t *loading,
                                       const authp_settings_source_t *source, const char *name);

/* For a complaint about the setting `name`: the name under which its value was found. */
const char *authp_settings_alias_said(const authp_loading_t *loading, const char *name);

/* Adds all second names to `names` (const char *). */
void authp_settings_alias_list(apr_array_header_t *names);

/* True if `name` belongs to another program. */
bool authp_settings_alias_foreign(const char *name);

#endif

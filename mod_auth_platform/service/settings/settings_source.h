/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_SOURCE_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_SOURCE_H

#include "service/settings/settings.h"

/* For the settings*.c files: where values come from. */
typedef struct authp_settings_source_t {
    const apr_table_t *file;         /* NULL: only `env` counts */
    const authp_settings_env_t *env; /* takes precedence over the file */
    const char *in_file;             /* "in /etc/x/.env" */
} authp_settings_source_t;

/* The value of `name`. NULL if it is not set; an empty value counts as none. *where: for error
 * lines. */
const char *authp_settings_source_value(const authp_settings_source_t *source, const char *name,
                                        const char **where);

#endif

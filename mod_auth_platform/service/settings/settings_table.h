/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_TABLE_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_TABLE_H

#include "service/settings/settings.h"

/* For the settings*.c files: the rows of the table, and the state while settings are loaded. */
typedef enum authp_setting_kind_t {
    AUTHP_SETTING_TEXT,    /* const char *; `least`-`most` bytes */
    AUTHP_SETTING_SECRET,  /* authp_secret_t *; at least `least` bytes */
    AUTHP_SETTING_INT,     /* int, `least`-`most` */
    AUTHP_SETTING_BOOL,    /* bool */
    AUTHP_SETTING_RATE,    /* authp_rate_t */
    AUTHP_SETTING_ORIGINS, /* list of origins */
    AUTHP_SETTING_ROLES,   /* list of role names */
    AUTHP_SETTING_LIST,    /* list of texts (const char *), each `least`-`most` bytes */
    AUTHP_SETTING_KIND,    /* authp_provider_kind_t */
    AUTHP_SETTING_STORE    /* AUTH_STORE, resolved when the others are known */
} authp_setting_kind_t;

typedef struct authp_setting_t {
    const char *name;
    authp_setting_kind_t kind;
    size_t offset; /* into authp_settings_t, or into authp_provider_t for a provider's settings */
    const char *fallback;
    int least;
    int most;
} authp_setting_t;

typedef struct authp_loading_t {
    authp_settings_t *settings;
    void *target;      /* the struct whose member is set: `settings`, or a provider of it */
    const char *name;  /* of the setting that is being loaded */
    const char *where; /* "in /etc/x/.env" or "in the environment" */
    apr_array_header_t *errors;
    apr_pool_t *pool;
} authp_loading_t;

/* Adds the line "NAME in FILE: text" to the errors. */
void authp_settings_table_complain(authp_loading_t *loading, const char *text);

extern const authp_setting_t authp_settings_table[];
extern const int authp_settings_table_count;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SETTINGS_SETTINGS_TABLE_H
#define AUTHP_SERVICE_SETTINGS_SETTINGS_TABLE_H

#include "service/settings/settings.h"

#include <apr_hash.h>
#include <stddef.h>

/* For the settings*.c files: the rows of the table, and the state while settings are loaded. */
typedef enum authp_setting_kind_t {
    AUTHP_SETTING_TEXT,   /* `least`-`most` bytes */
    AUTHP_SETTING_SECRET, /* at least `least` bytes */
    AUTHP_SETTING_INT,    /* `least`-`most` */
    AUTHP_SETTING_BOOL,
    AUTHP_SETTING_RATE,
    AUTHP_SETTING_ORIGINS, /* list of origins */
    AUTHP_SETTING_ROLES,   /* list of role names */
    AUTHP_SETTING_LIST,    /* list of texts (const char *), each `least`-`most` bytes */
    AUTHP_SETTING_KIND,
    AUTHP_SETTING_HASH,         /* bcrypt or argon2id */
    AUTHP_SETTING_RECRUITER,    /* invite, pending or open */
    AUTHP_SETTING_APP_ENV,      /* development; anything else counts as production */
    AUTHP_SETTING_CODES,        /* msg91 or mock */
    AUTHP_SETTING_MAIL_TLS,     /* required or off */
    AUTHP_SETTING_VERIFICATION, /* optional or required */
    AUTHP_SETTING_PERMISSIONS,  /* JSON, see role_permissions.h */
    AUTHP_SETTING_STORE         /* AUTH_STORE, resolved when the others are known */
} authp_setting_kind_t;

/* The type of the member that a value of each kind is written to. */
#define AUTHP_SETTING_TYPE_TEXT const char *
#define AUTHP_SETTING_TYPE_SECRET authp_secret_t *
#define AUTHP_SETTING_TYPE_INT int
#define AUTHP_SETTING_TYPE_BOOL bool
#define AUTHP_SETTING_TYPE_RATE authp_rate_t
#define AUTHP_SETTING_TYPE_ORIGINS apr_array_header_t *
#define AUTHP_SETTING_TYPE_ROLES apr_array_header_t *
#define AUTHP_SETTING_TYPE_LIST const apr_array_header_t *
#define AUTHP_SETTING_TYPE_KIND authp_provider_kind_t
#define AUTHP_SETTING_TYPE_HASH bool
#define AUTHP_SETTING_TYPE_RECRUITER authp_recruiter_registration_t
#define AUTHP_SETTING_TYPE_APP_ENV bool
#define AUTHP_SETTING_TYPE_CODES authp_otp_provider_t
#define AUTHP_SETTING_TYPE_MAIL_TLS bool
#define AUTHP_SETTING_TYPE_VERIFICATION bool
#define AUTHP_SETTING_TYPE_PERMISSIONS const apr_array_header_t *
#define AUTHP_SETTING_TYPE_STORE const char *

/* The kind and the offset of a row. A member that is not of the kind's type does not compile. */
#define AUTHP_SETTING_AT(kind, in, member)                                                         \
    AUTHP_SETTING_##kind, _Generic(((in *)NULL)->member, AUTHP_SETTING_TYPE_##kind                 \
                                   : offsetof(in, member))

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
    void *target;       /* the struct whose member is set: `settings`, or a provider of it */
    const char *name;   /* of the setting that is being loaded */
    const char *where;  /* "in /etc/x/.env" or "in the environment" */
    apr_table_t *said;  /* setting -> the second name under which its value was found */
    apr_hash_t *places; /* name of a setting that has a value -> `where` */
    apr_array_header_t *errors;
    apr_pool_t *pool;
} authp_loading_t;

/* Keeps where the setting that is being loaded stands, for errors that are found later. */
void authp_settings_table_note_place(authp_loading_t *loading);

/* Adds the line "NAME in FILE: text" to the errors. */
void authp_settings_table_complain(authp_loading_t *loading, const char *text);

extern const authp_setting_t authp_settings_table[];
extern const int authp_settings_table_count;

#endif

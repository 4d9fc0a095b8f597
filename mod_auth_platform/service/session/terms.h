/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_TERMS_H
#define AUTHP_SERVICE_SESSION_TERMS_H

#include "service/settings/settings.h"

/* Claims that the tokens of some profiles have beside those of every token. */
enum {
    AUTHP_TERMS_ROLE = 1,     /* role: one of the effective roles */
    AUTHP_TERMS_USER_ID = 2,  /* user_id: the same as sub */
    AUTHP_TERMS_USERNAME = 4, /* username; null if the account has none */
    /* phone and mobile: the digits of the number without its country, null if there is none;
     * user_type: the same as role; permissions, by ROLE_PERMISSIONS */
    AUTHP_TERMS_PHONE = 8
};

/* What differs between the access tokens of profiles. */
typedef struct authp_terms_t {
    const char *prf;  /* claim prf: the name of the profile. NULL: the platform's, without prf */
    int minutes;      /* how long a token lives if ACCESS_TOKEN_EXPIRE_MINUTES is not set */
    int most_minutes; /* if ACCESS_TOKEN_EXPIRE_MINUTES is greater, `minutes` counts */
    unsigned claims;  /* AUTHP_TERMS_... */
} authp_terms_t;

#define AUTHP_TERMS_MOST_MINUTES 1440

/* The terms of the platform's own tokens. */
extern const authp_terms_t authp_terms_platform;

/* How long an access token lives, in minutes. NULL: the platform's terms. */
int authp_terms_minutes(const authp_settings_t *settings, const authp_terms_t *terms);

#endif

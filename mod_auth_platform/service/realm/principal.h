/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_REALM_PRINCIPAL_H
#define AUTHP_SERVICE_REALM_PRINCIPAL_H

#include "service/settings/roles.h"

#include <stdbool.h>
#include <stdint.h>

/* The holder of a valid access token, with the roles that count now. Strings belong to the pool
 * that was given to the function that filled the struct in. */
typedef struct authp_principal_t {
    const char *user_id;
    const char *session_id;
    const char *email;    /* NULL if none */
    const char *name;     /* NULL if none */
    const char *username; /* NULL if none */
    const char *phone;    /* E.164; NULL if none */
    const char *prf;      /* the profile whose token this is; NULL = platform */
    bool email_verified;
    authp_roles_t roles; /* effective */
    authp_roles_t role;  /* the one role that the token's claim `role` names; 0 = none */
    int64_t ver;
    int64_t auth_time; /* seconds */
    int64_t iat;       /* seconds */
    int64_t known_at;  /* seconds: when `ver` and `roles` were read from the store; often iat */
    int64_t exp;       /* seconds */
} authp_principal_t;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_LIMIT_CLASS_H
#define AUTHP_SERVICE_LIMIT_LIMIT_CLASS_H

/* The classes of routes. */
typedef enum authp_limit_class_t {
    AUTHP_LIMIT_CREDENTIAL, /* a password is tried: AUTH_LIMIT_ADDRESS */
    AUTHP_LIMIT_REGISTER,   /* an account is made: AUTH_LIMIT_REGISTER */
    /* A refresh token is used: ten times AUTH_LIMIT_ADDRESS, because the apps of a whole office
     * refresh by themselves. */
    AUTHP_LIMIT_REFRESH,
    AUTHP_LIMIT_CLASSES
} authp_limit_class_t;

#endif

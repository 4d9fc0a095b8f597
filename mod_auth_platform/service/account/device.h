/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_DEVICE_H
#define AUTHP_SERVICE_ACCOUNT_DEVICE_H

#include "service/realm/realm.h"

/* A browser that has signed in before: a random id and the last few users who signed in with it.
 * The server signs them, and the browser keeps them in a cookie. The cookie gives no access. But
 * attempts from it on these accounts, and on no others, are counted separately and have places of
 * their own. So attempts by other clients cannot lock the owner out. */
#define AUTHP_DEVICE_ID_LEN 16
#define AUTHP_DEVICE_USERS 5
#define AUTHP_DEVICE_DAYS 400 /* browsers keep a cookie no longer */

typedef struct authp_device_t {
    unsigned char id[AUTHP_DEVICE_ID_LEN];
    int nusers;
    authp_id_t users[AUTHP_DEVICE_USERS]; /* the latest first */
} authp_device_t;

/* Reads a cookie. AUTHP_E_MALFORMED: it is not signed by the present or the previous key, or is too
 * old. */
AUTHP_CHECKED authp_err_t authp_device_read(const authp_realm_t *realm, const char *text,
                                            authp_device_t *out);
/* Makes the cookie for after `user_id` has signed in with the device `before`. NULL: a new device.
 */
AUTHP_CHECKED authp_err_t authp_device_make(const authp_realm_t *realm,
                                            const authp_device_t *before, const char *user_id,
                                            const char **out, apr_pool_t *pool);
/* True if this user has signed in with the device. False for a NULL device. */
bool authp_device_knows(const authp_device_t *device, const char *user_id);

#endif

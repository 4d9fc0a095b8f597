/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_DEVICE_H
#define AUTHP_SERVICE_DEVICE_H

#include "service/realm.h"

/* A browser that has signed in before: a random id and the last few users who signed in with it,
 * signed by us, kept by the browser in a cookie. It opens nothing. For those accounts, and no
 * other, attempts from it count by themselves and have places of their own, so that nobody else's
 * attempts can lock the owner out. */
#define AUTHP_DEVICE_ID_LEN 16
#define AUTHP_DEVICE_USERS 5
#define AUTHP_DEVICE_DAYS 400 /* the most that browsers keep a cookie */

typedef struct authp_device_t {
    unsigned char id[AUTHP_DEVICE_ID_LEN];
    int nusers;
    authp_id_t users[AUTHP_DEVICE_USERS]; /* the latest first */
} authp_device_t;

/* AUTHP_E_MALFORMED: not signed by us (under the present or the previous key), or too old. */
AUTHP_CHECKED authp_err_t authp_device_read(const authp_realm_t *realm, const char *text,
                                            authp_device_t *out);
/* The text of `before` (NULL: a new device) after `user_id` has signed in with it. */
AUTHP_CHECKED authp_err_t authp_device_make(const authp_realm_t *realm,
                                            const authp_device_t *before, const char *user_id,
                                            const char **out, apr_pool_t *pool);
/* Has this user signed in with it? A NULL device knows nobody. */
bool authp_device_knows(const authp_device_t *device, const char *user_id);

#endif

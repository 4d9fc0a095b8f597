/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_USER_CHANGE_H
#define AUTHP_SERVICE_ACCOUNT_USER_CHANGE_H

#include "service/realm/realm.h"

/* Changes `user`, a copy of the row that was just read, and returns AUTHP_OK. Any other result
 * refuses the change, and nothing is written. It may be called several times, each time with a new
 * copy. It does not set ver, min_ver and the times. */
typedef authp_err_t authp_user_edit_fn(authp_user_t *user, void *ctx, apr_pool_t *pool);

typedef struct authp_user_edit_t {
    authp_user_edit_fn *fn;
    void *ctx;
    bool ends_sessions; /* the change makes older tokens and sessions invalid, whatever it is */
    /* Set afterwards: the change has moved min_ver, so older tokens and sessions are invalid. */
    bool killed;
    bool changed; /* the row was written */
} authp_user_edit_t;

/* For files of service/ only. Every change of an account goes through here. The row is written only
 * if it has not changed since it was read; otherwise it is read again. A change that matters to
 * authorization (roles, verification, password, disabling, a proven e-mail address, the phone
 * number) adds one to ver. A new password and a disabling also make older tokens and sessions
 * invalid. Nothing is written if nothing has changed. AUTHP_E_NOT_FOUND, the error of the edit, or
 * AUTHP_E_BUSY if others keep changing the account. */
AUTHP_CHECKED authp_err_t authp_user_change(const authp_realm_t *realm, const char *id,
                                            authp_user_edit_t *edit, authp_user_t **out,
                                            apr_pool_t *pool);

#endif

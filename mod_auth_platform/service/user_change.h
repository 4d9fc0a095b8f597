/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_USER_CHANGE_H
#define AUTHP_SERVICE_USER_CHANGE_H

#include "service/realm.h"

/* Changes what it likes in `user`, a copy of the row as just read, and says AUTHP_OK; or refuses,
 * and nothing is written. May run several times: each time from a fresh read. ver, min_ver and the
 * times are not its business. */
typedef authp_err_t authp_user_edit_fn(authp_user_t *user, void *ctx, apr_pool_t *pool);

typedef struct authp_user_edit_t {
    authp_user_edit_fn *fn;
    void *ctx;
    bool killed; /* told afterwards: what is older than this change is dead, min_ver has moved */
} authp_user_edit_t;

/* Inside service/: every change of an account goes through here. Written only if the row is still
 * as it was read, else read again. What matters to authorization (roles, verification, password,
 * disabling, a proven e-mail) counts ver up; a new password and disabling also kill what is older.
 * Nothing is written if nothing changed. AUTHP_E_NOT_FOUND, the edit's refusal, AUTHP_E_BUSY if
 * others keep changing it. */
AUTHP_CHECKED authp_err_t authp_user_change(const authp_realm_t *realm, const char *id,
                                            authp_user_edit_t *edit, authp_user_t **out,
                                            apr_pool_t *pool);

/* A copy whose members may be changed: roles are a new array. */
authp_user_t *authp_user_copy(const authp_user_t *user, apr_pool_t *pool);
bool authp_user_holds(const authp_user_t *user, const char *role);
void authp_user_add_role(authp_user_t *user, const char *role, apr_pool_t *pool);

#endif

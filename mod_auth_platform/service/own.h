/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OWN_H
#define AUTHP_SERVICE_OWN_H

#include "service/session.h"

/* What people do to their own account. `user` and `session` are those of the request, just read. */
typedef struct authp_self_t {
    const authp_user_t *user;
    const authp_session_t *session;
    const authp_client_t *client;
} authp_self_t;

/* NULL or "": no name. */
AUTHP_CHECKED authp_err_t authp_own_rename(const authp_realm_t *realm, const authp_self_t *self,
                                           const char *name, authp_user_t **out, apr_pool_t *pool);

typedef struct authp_password_change_t {
    const char *current; /* NULL where the account has none */
    const char *wanted;  /* checked by the body schema */
} authp_password_change_t;

/* Ends every other session and every token, and hands out new ones for this session.
 * AUTHP_E_WRONG_PASSWORD; AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION where there is no password to
 * prove oneself by and the sign-in is over five minutes old. */
AUTHP_CHECKED authp_err_t authp_own_password(const authp_realm_t *realm, const authp_self_t *self,
                                             const authp_password_change_t *change,
                                             authp_grant_t *out, apr_pool_t *pool);

/* The same proof. AUTHP_E_LAST_ADMIN. */
AUTHP_CHECKED authp_err_t authp_own_delete(const authp_realm_t *realm, const authp_self_t *self,
                                           const char *password, apr_pool_t *pool);

/* One of one's own sessions. AUTHP_E_NOT_FOUND if it is none, or over. */
AUTHP_CHECKED authp_err_t authp_own_end_session(const authp_realm_t *realm,
                                                const authp_self_t *self, const char *sid,
                                                apr_pool_t *pool);
/* All but this one. */
AUTHP_CHECKED authp_err_t authp_own_end_others(const authp_realm_t *realm, const authp_self_t *self,
                                               apr_pool_t *pool);

#endif

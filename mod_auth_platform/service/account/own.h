/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_OWN_H
#define AUTHP_SERVICE_ACCOUNT_OWN_H

#include "service/account/attempt.h"
#include "service/session/session.h"

/* What people do to their own account. `user` and `session` are the rows that the request has just
 * read. `auth_time` is the one of the access token, in seconds. */
typedef struct authp_self_t {
    const authp_user_t *user;
    const authp_session_t *session;
    const authp_client_t *client;
    int64_t auth_time;
} authp_self_t;

/* True if the sign-in is at most five minutes ago, both by the session and by the access token. */
bool authp_own_is_recent(const authp_realm_t *realm, const authp_self_t *self);

/* The target under which a try of this account's password counts (attempt.h), together with
 * sign-ins: the e-mail address; the username of an account without an address; the phone number of
 * an account with neither. */
authp_target_t authp_own_target(const authp_realm_t *realm, const authp_user_t *user,
                                apr_pool_t *pool);

/* Proves that the request is from the owner: `password` must be right, or, if it is NULL or the
 * account has none, the sign-in must be recent. AUTHP_E_WRONG_PASSWORD, AUTHP_E_RATE_LIMITED,
 * AUTHP_E_BUSY. AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION: it is not recent. */
AUTHP_CHECKED authp_err_t authp_own_prove_now(const authp_realm_t *realm, const authp_self_t *self,
                                              const char *password, apr_pool_t *pool);

/* Changes the name. NULL or "" removes it. */
AUTHP_CHECKED authp_err_t authp_own_rename(const authp_realm_t *realm, const authp_self_t *self,
                                           const char *name, authp_user_t **out, apr_pool_t *pool);

typedef struct authp_password_change_t {
    const char *current; /* NULL if the account has no password */
    const char *wanted;  /* checked by the body schema */
} authp_password_change_t;

/* Changes the password. Every other session and every token become invalid, and *out has new tokens
 * for this session. AUTHP_E_WRONG_PASSWORD. AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION: the account
 * has no password, and the sign-in is more than five minutes ago. */
AUTHP_CHECKED authp_err_t authp_own_password(const authp_realm_t *realm, const authp_self_t *self,
                                             const authp_password_change_t *change,
                                             authp_grant_t *out, apr_pool_t *pool);

/* Deletes the account, after the same proof. AUTHP_E_LAST_ADMIN. */
AUTHP_CHECKED authp_err_t authp_own_delete(const authp_realm_t *realm, const authp_self_t *self,
                                           const char *password, apr_pool_t *pool);

/* Ends one session of this account. AUTHP_E_NOT_FOUND: it has no such session, or the session has
 * ended. */
AUTHP_CHECKED authp_err_t authp_own_end_session(const authp_realm_t *realm,
                                                const authp_self_t *self, const char *sid,
                                                apr_pool_t *pool);
/* Ends all sessions of this account but the current one. */
AUTHP_CHECKED authp_err_t authp_own_end_others(const authp_realm_t *realm, const authp_self_t *self,
                                               apr_pool_t *pool);

#endif

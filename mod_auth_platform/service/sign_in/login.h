/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SIGN_IN_LOGIN_H
#define AUTHP_SERVICE_SIGN_IN_LOGIN_H

#include "service/session/session.h"

#include <apr_time.h>

/* The sign-in routes, which differ in the roles that they let in (conf/guides/recruiters.md).
 */
typedef enum authp_door_t {
    AUTHP_DOOR_ANY,
    AUTHP_DOOR_CANDIDATE,
    AUTHP_DOOR_RECRUITER, /* verified recruiters, and accounts that become one by invite_code */
    /* These two refuse everybody else as if the password were wrong, also by the count of attempts,
     * so a refusal does not tell that it was right. */
    AUTHP_DOOR_ADMIN,    /* accounts that hold the role admin */
    AUTHP_DOOR_NOT_ADMIN /* all others */
} authp_door_t;

typedef struct authp_login_t {
    authp_login_kind_t kind;
    const char *login; /* e-mail address, username or phone number as typed */
    const char *password;
    size_t password_len;
    authp_door_t door;
    const char *invite_code; /* for AUTHP_DOOR_RECRUITER; NULL if none was sent */
} authp_login_t;

/* Signs in. An unknown user, a wrong password, an account without a password and a disabled account
 * all get AUTHP_E_INVALID_CREDENTIALS after equal work. A stored hash that is not as PASSWORD_HASH
 * says is replaced. AUTHP_E_EMAIL_UNVERIFIED (EMAIL_VERIFICATION=required, with an e-mail address
 * or a username, and the address is not proven), AUTHP_E_NOT_CANDIDATE, AUTHP_E_NOT_RECRUITER,
 * AUTHP_E_INVITE_INVALID and AUTHP_E_RECRUITER_PENDING need the right password, and a sign-in that
 * fails does not use up an invite. */
AUTHP_CHECKED authp_err_t authp_login_by_password(const authp_realm_t *realm,
                                                  const authp_login_t *in,
                                                  const authp_client_t *client, authp_grant_t *out,
                                                  apr_pool_t *pool);

/* The same without a session: checks the password only, for a sign-in that has a second step.
 * AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_EMAIL_UNVERIFIED. *out: the account. in->door is not
 * AUTHP_DOOR_RECRUITER. */
AUTHP_CHECKED authp_err_t authp_login_prove(const authp_realm_t *realm, const authp_login_t *in,
                                            const authp_client_t *client, authp_user_t **out,
                                            apr_pool_t *pool);

/* Writes the result of a sign-in to the audit. `user` may be NULL; `sid` is NULL unless `err` is
 * AUTHP_OK. */
void authp_login_audit(const authp_realm_t *realm, const authp_user_t *user, authp_err_t err,
                       const char *sid, const authp_client_t *client, apr_pool_t *pool);

/* Sleeps until a whole step of time after `began`. Refusals that end so do not tell by their time
 * what little work was done for them. */
void authp_login_wait_for_step(apr_time_t began);

/* AUTHP_OK if the account, whose owner has been proven, may sign in at `door`, AUTHP_DOOR_ANY or
 * AUTHP_DOOR_CANDIDATE. Else AUTHP_E_NOT_CANDIDATE or AUTHP_E_RECRUITER_PENDING. */
AUTHP_CHECKED authp_err_t authp_login_check_door(const authp_realm_t *realm,
                                                 const authp_user_t *user, authp_door_t door);

#endif

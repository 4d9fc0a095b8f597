/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INVITE_INVITE_H
#define AUTHP_SERVICE_INVITE_INVITE_H

#include "service/account/account.h"
#include "service/account/admin.h"

/* An invite makes the person with one e-mail address a verified recruiter, once. One for the role
 * admin lets that person register as an administrator instead (admin_invite.h); no other function
 * of this file but the first two accepts it. */
typedef struct authp_new_invite_t {
    const char *email; /* letters of any case */
    const char *role;  /* "admin"; NULL: recruiter */
    int hours;         /* until it expires */
    bool send;         /* mail the code to the person */
} authp_new_invite_t;

#define AUTHP_INVITE_HOURS 168
#define AUTHP_INVITE_HOURS_MOST 8760

/* Makes an invite. *code is given to the person. It is stored nowhere, except in the mail that
 * waits to be sent. If the mail cannot be written, the invite is revoked. AUTHP_E_MAIL_UNAVAILABLE
 * with in->send. */
AUTHP_CHECKED authp_err_t authp_invite_make(const authp_realm_t *realm, const authp_actor_t *actor,
                                            const authp_new_invite_t *in, authp_invite_t **out,
                                            const char **code, apr_pool_t *pool);
/* AUTHP_E_NOT_FOUND: there is none, or it is used or revoked already. */
AUTHP_CHECKED authp_err_t authp_invite_revoke(const authp_realm_t *realm,
                                              const authp_actor_t *actor, const char *id,
                                              apr_pool_t *pool);

/* Which invite is wanted. */
typedef struct authp_invite_wanted_t {
    const char *code;
    const char *email; /* in lower case; NULL: the account has none, and no invite fits */
    const char *role;  /* "admin"; NULL: recruiter */
} authp_invite_wanted_t;

/* For files of service/invite: finds the invite by its code, open or used. AUTHP_E_INVITE_INVALID:
 * there is none, it is revoked, or it is for another address or role. */
AUTHP_CHECKED authp_err_t authp_invite_find(const authp_realm_t *realm,
                                            const authp_invite_wanted_t *wanted,
                                            authp_invite_t **out, apr_pool_t *pool);
/* True if it is neither used nor expired. */
bool authp_invite_is_open(const authp_realm_t *realm, const authp_invite_t *invite);

/* Makes *user, whose password has just been checked, a verified recruiter by `code`. *user then is
 * the account after that change. AUTHP_E_INVITE_INVALID: the code is wrong, expired, used, revoked
 * or for another person, and nothing has changed. */
AUTHP_CHECKED authp_err_t authp_invite_redeem(const authp_realm_t *realm, const char *code,
                                              const authp_client_t *client, authp_user_t **user,
                                              apr_pool_t *pool);

/* Makes *user, who has just been proven to own the address `email`, a verified recruiter by a live
 * invite for that address; no code is needed. *user then is the account after that change. A
 * registration may have claimed the invite for this account at the ver `since`, before the caller
 * changed the account. That registration fails, and the claim counts here.
 * AUTHP_E_NOT_FOUND: there is no live invite, or another request has used it; *user is the account
 * as it is now, which that other request may have made a recruiter. */
AUTHP_CHECKED authp_err_t authp_invite_accept(const authp_realm_t *realm, const char *email,
                                              int64_t since, const authp_client_t *client,
                                              authp_user_t **user, apr_pool_t *pool);

/* Makes a verified recruiter by invite, without a session. AUTHP_E_INVITE_INVALID,
 * AUTHP_E_EMAIL_TAKEN. recruiter.h has the function for routes. */
AUTHP_CHECKED authp_err_t authp_invite_enrol(const authp_realm_t *realm,
                                             const authp_new_account_t *in, const char *code,
                                             const authp_client_t *client, authp_user_t **out,
                                             apr_pool_t *pool);

/* The same with a first session. */
AUTHP_CHECKED authp_err_t authp_invite_register(const authp_realm_t *realm,
                                                const authp_new_account_t *in, const char *code,
                                                const authp_client_t *client, authp_grant_t *out,
                                                apr_pool_t *pool);

#endif

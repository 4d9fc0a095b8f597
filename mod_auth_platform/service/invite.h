/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INVITE_H
#define AUTHP_SERVICE_INVITE_H

#include "service/account.h"
#include "service/admin.h"

/* An invite makes one person, known by their e-mail, a verified recruiter, once (contract 3). */
typedef struct authp_new_invite_t {
    const char *email; /* any case */
    int hours;         /* until it expires */
} authp_new_invite_t;

#define AUTHP_INVITE_HOURS 168
#define AUTHP_INVITE_HOURS_MOST 8760

/* *code is what the person gets: it is stored nowhere. */
AUTHP_CHECKED authp_err_t authp_invite_make(const authp_realm_t *realm, const authp_actor_t *actor,
                                            const authp_new_invite_t *in, authp_invite_t **out,
                                            const char **code, apr_pool_t *pool);
/* AUTHP_E_NOT_FOUND: none, used, or revoked already. */
AUTHP_CHECKED authp_err_t authp_invite_revoke(const authp_realm_t *realm,
                                              const authp_actor_t *actor, const char *id,
                                              apr_pool_t *pool);

/* Makes *user, just read and proven, a verified recruiter by `code`: *user becomes the account as
 * it is then. AUTHP_E_INVITE_INVALID: wrong, expired, used, revoked or another person's, and
 * nothing has changed. */
AUTHP_CHECKED authp_err_t authp_invite_redeem(const authp_realm_t *realm, const char *code,
                                              const authp_client_t *client, authp_user_t **user,
                                              apr_pool_t *pool);

/* POST /register/recruiter: a new recruiter by invite, and a first session.
 * AUTHP_E_INVITE_INVALID, AUTHP_E_EMAIL_TAKEN. */
AUTHP_CHECKED authp_err_t authp_invite_register(const authp_realm_t *realm,
                                                const authp_new_account_t *in, const char *code,
                                                const authp_client_t *client, authp_grant_t *out,
                                                apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_MADE_ACCOUNT_H
#define AUTHP_SERVICE_ADDRESS_MADE_ACCOUNT_H

#include "service/account/admin.h"

/* An account that an administrator makes for another person (POST /users). */
typedef struct authp_made_account_t {
    const char *email;
    const char *name;                /* NULL if none */
    const apr_array_header_t *roles; /* configured roles (const char *); NULL: the default role */
    bool send;                       /* mail the owner a link to a first password */
} authp_made_account_t;

/* Makes the account, without a password and with an address that is not proven yet. A recruiter is
 * verified. AUTHP_E_EMAIL_TAKEN. AUTHP_E_MAIL_UNAVAILABLE with in->send. If the mail cannot be
 * written, the account is removed again, and the error is returned. */
AUTHP_CHECKED authp_err_t authp_made_account_make(const authp_realm_t *realm,
                                                  const authp_actor_t *actor,
                                                  const authp_made_account_t *in,
                                                  authp_user_t **out, apr_pool_t *pool);

#endif

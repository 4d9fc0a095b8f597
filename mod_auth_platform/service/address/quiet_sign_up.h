/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_QUIET_SIGN_UP_H
#define AUTHP_SERVICE_ADDRESS_QUIET_SIGN_UP_H

#include "service/account/account.h"

/* Registration with EMAIL_VERIFICATION=required, whose result does not tell whether an account has
 * the address already. */
typedef struct authp_quiet_sign_up_t {
    const authp_new_account_t *account;
    bool recruiter;   /* as authp_recruiter_register(), else as authp_account_register() */
    const char *code; /* of a recruiter's invite; NULL: none */
} authp_quiet_sign_up_t;

/* Makes the account, without a session, and mails the link that proves its address. If another
 * account has the address, the owner of that account is mailed instead, and the result is the same:
 * AUTHP_OK, after the same work. *known is the id for the device cookie: the new account's, or an
 * id that no account has. AUTHP_E_INVITE_REQUIRED, AUTHP_E_INVITE_INVALID, AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_quiet_sign_up(const authp_realm_t *realm,
                                              const authp_quiet_sign_up_t *in,
                                              const authp_client_t *client, authp_id_t *known,
                                              apr_pool_t *pool);

#endif

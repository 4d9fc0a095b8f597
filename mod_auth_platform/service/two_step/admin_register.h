/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TWO_STEP_ADMIN_REGISTER_H
#define AUTHP_SERVICE_TWO_STEP_ADMIN_REGISTER_H

#include "service/account/account.h"

/* How somebody becomes an administrator with a phone number, in two steps. The first needs an
 * administrator, or an invite for the role admin, and sends a code to the number. The second checks
 * the code. Between them there is a row of pending_admins and no account. */
typedef struct authp_admin_register_t {
    const char *email; /* letters of any case */
    const char *name;  /* NULL if none */
    const char *password;
    size_t password_len;
    const char *mobile;      /* as typed */
    const char *invite_code; /* NULL: none was sent */
    const char *admin_id;    /* the administrator who asks; NULL: nobody is signed in as one */
} authp_admin_register_t;

/* How long the second step may take. */
#define AUTHP_ADMIN_REGISTER_MINUTES 15

/* The first step. *phone (E.164) is the number to which a code was sent. A request for the same
 * number replaces an earlier one. The invite is not used up yet. AUTHP_E_MOBILE_INVALID.
 * AUTHP_E_INSUFFICIENT_ROLE: there is neither an administrator nor an invite.
 * AUTHP_E_INVITE_INVALID: the invite is not for this address or not for the role admin, or it has
 * expired or was used or revoked. AUTHP_E_USER_EXISTS: the address or the number has an account.
 * AUTHP_E_BUSY, and the errors of authp_otp_send(). */
AUTHP_CHECKED authp_err_t authp_admin_register_begin(const authp_realm_t *realm,
                                                     const authp_admin_register_t *in,
                                                     const authp_client_t *client,
                                                     const char **phone, apr_pool_t *pool);

/* The second step: makes the account, with the role admin. The errors of authp_otp_check() and of
 * authp_otp_use(). AUTHP_E_INVALID_OTP also if the request is older than
 * AUTHP_ADMIN_REGISTER_MINUTES. Then the request is over, whatever follows: AUTHP_E_INVITE_INVALID
 * or AUTHP_E_INSUFFICIENT_ROLE if what allowed it counts no more, AUTHP_E_USER_EXISTS. */
AUTHP_CHECKED authp_err_t authp_admin_register_finish(const authp_realm_t *realm,
                                                      const char *mobile, const char *code,
                                                      const authp_client_t *client,
                                                      authp_user_t **out, apr_pool_t *pool);

#endif

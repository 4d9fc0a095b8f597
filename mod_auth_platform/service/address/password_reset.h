/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_PASSWORD_RESET_H
#define AUTHP_SERVICE_ADDRESS_PASSWORD_RESET_H

#include "service/audit/audit.h"

/* Mails a link to a new password to `email`, if an account has this address. Otherwise, and if the
 * account is disabled or an administrator's whose address nobody has proven, a row is written that
 * is not sent: the work and the time are the same. Beyond AUTH_LIMIT_MAIL the result is AUTHP_OK.
 * AUTHP_E_MAIL_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_password_reset_ask(const authp_realm_t *realm, const char *email,
                                                   const authp_client_t *client, apr_pool_t *pool);

/* Sets `password`, which the body schema has checked, for the account of the link `token`
 * (reset_password or set_password). All sessions end. If the address was never proven, the link is
 * its first proof (service/account/first_proof.h): the account is taken over, or a new account is
 * made for the address. A link of an account that an administrator made proves the address without
 * that, because the administrator has chosen it. AUTHP_E_LINK_INVALID. AUTHP_E_BUSY. After all
 * errors but the first nothing has changed, and the link still counts. */
AUTHP_CHECKED authp_err_t authp_password_reset_use(const authp_realm_t *realm, const char *token,
                                                   const char *password,
                                                   const authp_client_t *client, apr_pool_t *pool);

#endif

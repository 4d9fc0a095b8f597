/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_ADDRESS_CHANGE_H
#define AUTHP_SERVICE_ADDRESS_ADDRESS_CHANGE_H

#include "service/account/own.h"

/* Asks for another address for one's own account: a link is mailed to `email`, and
 * authp_address_proof_use() makes the change. `password` must be right. If it is NULL, or the
 * account has no password, the sign-in must be at most 5 minutes old. If another account has the
 * address, its owner is mailed instead, and the result is AUTHP_OK after the same time. Beyond
 * AUTH_LIMIT_MAIL the result is AUTHP_OK, too.
 * AUTHP_E_WRONG_PASSWORD, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION, AUTHP_E_RATE_LIMITED (wrong
 * passwords), AUTHP_E_BUSY, AUTHP_E_MAIL_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_address_change_ask(const authp_realm_t *realm,
                                                   const authp_self_t *self, const char *email,
                                                   const char *password, apr_pool_t *pool);

#endif

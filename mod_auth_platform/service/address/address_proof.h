/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_ADDRESS_PROOF_H
#define AUTHP_SERVICE_ADDRESS_ADDRESS_PROOF_H

#include "service/audit/audit.h"

/* Proving the address of one's own account, also a new one (address_change.h). */

/* Mails the link that proves the address of `user`, who is signed in. *sent is false if the address
 * is proven already. AUTHP_E_NOT_FOUND: the account has no address. AUTHP_E_MAIL_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_address_proof_send(const authp_realm_t *realm,
                                                   const authp_user_t *user,
                                                   const authp_client_t *client, bool *sent,
                                                   apr_pool_t *pool);

/* A link from a mail, and what shows that the person who opened it owns its account, too. */
typedef struct authp_address_proof_t {
    const char *token;
    const char *password;     /* NULL if none was sent */
    const authp_user_t *user; /* who is signed in; NULL: nobody */
    const authp_client_t *client;
} authp_address_proof_t;

/* Proves the address to which the link was mailed, and makes it the account's address. It needs a
 * session of the account, or its password: a link alone proves who reads the mail, but not that the
 * same person made the account. AUTHP_E_LINK_INVALID. AUTHP_E_TOKEN_MISSING: nobody is signed in,
 * and there is no password. AUTHP_E_INVALID_CREDENTIALS: the password is wrong, or another account
 * is signed in. AUTHP_E_EMAIL_TAKEN: another account has got the address meanwhile. The link stays
 * good after the last three. AUTHP_E_RATE_LIMITED, AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_address_proof_use(const authp_realm_t *realm,
                                                  const authp_address_proof_t *in,
                                                  authp_user_t **out, apr_pool_t *pool);

#endif

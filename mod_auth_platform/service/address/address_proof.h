/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_ADDRESS_PROOF_H
#define AUTHP_SERVICE_ADDRESS_ADDRESS_PROOF_H

#include "service/audit/audit.h"

/* Links that prove the address of an account, also another address (address_change.h). */

/* Mails the link that proves the address of `user`, who is signed in. *sent is false if the address
 * is proven already. AUTHP_E_NOT_FOUND: the account has no address. AUTHP_E_MAIL_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_address_proof_send(const authp_realm_t *realm,
                                                   const authp_user_t *user,
                                                   const authp_client_t *client, bool *sent,
                                                   apr_pool_t *pool);

/* The token of a link, and what shows that the person who opened the link also owns the account. */
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
 * is signed in. AUTHP_E_EMAIL_TAKEN: another account has the address since the mail was written.
 * AUTHP_E_RATE_LIMITED, AUTHP_E_BUSY. After all errors but the first the link still counts. */
AUTHP_CHECKED authp_err_t authp_address_proof_use(const authp_realm_t *realm,
                                                  const authp_address_proof_t *in,
                                                  authp_user_t **out, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_ACCOUNT_MAIL_H
#define AUTHP_SERVICE_ACCOUNT_ACCOUNT_MAIL_H

#include "service/audit/audit.h"
#include "service/mail/mail_kind.h"

/* Mails to the owner of an account. Without MAIL_URL these functions do nothing. `client` may be
 * NULL. A mail to an address that nobody has proven contains nothing that was chosen by the person
 * who made the account. */

/* Writes a notice without a link, if the address of `user` is proven. A failure is logged: the
 * event that the notice is about has happened already. */
void authp_account_mail_notice(const authp_realm_t *realm, authp_mail_kind_t kind,
                               const authp_user_t *user, const authp_client_t *client,
                               apr_pool_t *pool);

/* Writes the notice that a person tried to use the address of `holder` for another account:
 * `asker`, or NULL for an account that does not exist yet. AUTH_LIMIT_MAIL counts the notice for
 * `holder`, and for `asker` as authp_link_send() counts the link to an address that is free. */
AUTHP_CHECKED authp_err_t authp_account_mail_taken(const authp_realm_t *realm,
                                                   const authp_user_t *holder,
                                                   const authp_user_t *asker,
                                                   const authp_client_t *client, apr_pool_t *pool);

/* Writes the mail with the link that proves the address of `user`. Does nothing if there is no
 * address, or if it is proven. */
AUTHP_CHECKED authp_err_t authp_account_mail_proof(const authp_realm_t *realm,
                                                   const authp_user_t *user,
                                                   const authp_client_t *client, apr_pool_t *pool);

/* The same for an account that this request has just made and no answer has reported. If it fails,
 * and EMAIL_VERIFICATION=required, the account is removed again, and the error is returned: without
 * the mail nobody could sign in. Otherwise a failure is only logged. */
AUTHP_CHECKED authp_err_t authp_account_mail_welcome(const authp_realm_t *realm,
                                                     const authp_user_t *user,
                                                     const authp_client_t *client,
                                                     apr_pool_t *pool);

#endif

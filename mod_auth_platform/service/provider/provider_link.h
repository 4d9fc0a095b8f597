/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_LINK_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_LINK_H

#include "service/account/admin.h"
#include "service/account/own.h"
#include "service/provider/person.h"

/* Adding and removing the identities of an account that somebody is signed in to. A browser that
 * goes to the provider sends no access token. So the signed-in client gets a ticket, with which
 * the browser goes to the provider. The callback answers a link code, which the same session hands
 * in. Ticket and link code are sealed texts that work once, for a minute. The account changes only
 * when the link code is handed in. */
#define AUTHP_PROVIDER_LINK_SECONDS 60

/* Makes a ticket. `return_to` may be NULL. AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION: the sign-in is
 * more than five minutes ago. */
AUTHP_CHECKED authp_err_t authp_provider_link_ticket(const authp_realm_t *realm,
                                                     const authp_self_t *self, const char *provider,
                                                     const char *return_to, const char **out,
                                                     apr_pool_t *pool);

/* Uses a ticket of this provider up. *session is the id of the session that asked for it.
 * AUTHP_E_OAUTH_STATE_INVALID: `ticket` is no ticket, is for another provider, is too old, or was
 * used. */
AUTHP_CHECKED authp_err_t authp_provider_link_begin(const authp_realm_t *realm, const char *ticket,
                                                    const char *provider, const char **session,
                                                    const char **return_to, apr_pool_t *pool);

/* Makes the link code for what the provider has said. */
AUTHP_CHECKED authp_err_t authp_provider_link_code(const authp_realm_t *realm, const char *session,
                                                   const authp_person_t *person, const char **out,
                                                   apr_pool_t *pool);

/* Links the identity. *out is the account after that. AUTHP_E_OAUTH_STATE_INVALID: `code`
 * is no link code, is of another session, is too old, or was used. AUTHP_E_IDENTITY_CONFLICT: the
 * identity is another account's, or this account has another one of this provider.
 * AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION: as above. */
AUTHP_CHECKED authp_err_t authp_provider_link_finish(const authp_realm_t *realm,
                                                     const authp_self_t *self, const char *code,
                                                     authp_user_t **out, apr_pool_t *pool);

/* Removes the identity. AUTHP_E_NOT_FOUND: there is none. AUTHP_E_LAST_CREDENTIAL: nobody could
 * sign in any more. AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION: as above. */
AUTHP_CHECKED authp_err_t authp_provider_link_remove(const authp_realm_t *realm,
                                                     const authp_self_t *self, const char *provider,
                                                     apr_pool_t *pool);

/* The same for an administrator or the tool, who may remove the last one, too. */
AUTHP_CHECKED authp_err_t authp_provider_link_remove_of(const authp_realm_t *realm,
                                                        const authp_actor_t *actor,
                                                        const char *user_id, const char *provider,
                                                        apr_pool_t *pool);

/* True if an identity of a provider that is configured, a password or a phone number lets somebody
 * sign in to the account. Whether it is disabled does not matter. */
bool authp_provider_link_has_way_in(const authp_settings_t *settings, const authp_user_t *user);

#endif

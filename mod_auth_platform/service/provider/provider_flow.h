/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_FLOW_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_FLOW_H

#include "service/provider/pending.h"
#include "service/provider/provider_set.h"

/* The two steps in which a person goes to a provider and comes back, for every kind of provider. */

/* The URL at the provider to which the browser is sent. `hint` (NULL: none) is passed on as
 * login_hint (to GitHub: login). AUTHP_E_OAUTH_UNAVAILABLE: there is no discovery document. */
AUTHP_CHECKED authp_err_t authp_provider_flow_location(const authp_realm_t *realm,
                                                       const authp_provider_t *provider,
                                                       const authp_pending_t *pending,
                                                       const char *hint, const char **out,
                                                       apr_pool_t *pool);

/* Checks the parameter `iss` of the answer (RFC 9207); NULL: it has none.
 * AUTHP_E_OAUTH_STATE_INVALID: it is of another provider, or is missing though this provider
 * announces it. AUTHP_E_OAUTH_UNAVAILABLE: there is no discovery document that says so. */
AUTHP_CHECKED authp_err_t authp_provider_flow_check_iss(const authp_realm_t *realm,
                                                        const authp_provider_t *provider,
                                                        const char *iss, apr_pool_t *pool);

/* The result of a provider's answer. */
typedef struct authp_provider_word_t {
    authp_person_t person; /* with AUTHP_OK */
    const char *why;       /* after an error: a word for the audit, or NULL */
} authp_provider_word_t;

/* Exchanges the code for what the provider says of the person. AUTHP_E_OAUTH_CODE_REFUSED,
 * AUTHP_E_OAUTH_FAILED, AUTHP_E_OAUTH_UNAVAILABLE,
 * AUTHP_E_EMAIL_UNVERIFIED. */
AUTHP_CHECKED authp_err_t authp_provider_flow_redeem(const authp_realm_t *realm,
                                                     const authp_pending_t *pending,
                                                     const authp_provider_t *provider,
                                                     const char *code, authp_provider_word_t *out,
                                                     apr_pool_t *pool);

/* Checks an id_token that a phone or Google's One Tap got by itself. The token counts once. `nonce`
 * (NULL: none) must be the token's. AUTHP_E_TOKEN_INVALID: the token is not valid, or was used.
 * AUTHP_E_OAUTH_FAILED: its key is none that the provider publishes. AUTHP_E_OAUTH_UNAVAILABLE,
 * AUTHP_E_EMAIL_UNVERIFIED. */
AUTHP_CHECKED authp_err_t authp_provider_flow_token(const authp_realm_t *realm,
                                                    const authp_provider_t *provider,
                                                    const char *id_token, const char *nonce,
                                                    authp_provider_word_t *out, apr_pool_t *pool);

#endif

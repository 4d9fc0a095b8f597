/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_SET_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_SET_H

#include "crypto/jwt/jwk.h"
#include "net/kept.h"
#include "net/places.h"
#include "service/provider/discovery.h"
#include "service/realm/realm.h"

#include <jansson.h>

/* The providers of identities as one process knows them: what the settings say, and what the
 * providers publish, which is fetched when it is needed and kept (net/kept.h). */
typedef struct authp_provider_set_t authp_provider_set_t;

#define AUTHP_PROVIDER_SET_TIMEOUT_MS 3000 /* for each request to a provider */

/* Contacts nothing. `places` are those of this process. In the functions below each provider has a
 * share of them, and a caller that finds no place gets AUTHP_E_OAUTH_UNAVAILABLE. `clock` is
 * monotonic. */
authp_provider_set_t *authp_provider_set_make(const authp_settings_t *settings,
                                              const authp_fetcher_t *fetcher,
                                              authp_places_t *places, const authp_clock_t *clock,
                                              apr_pool_t *pool);

/* The functions below work with realm->providers. */

/* The provider of that name. NULL: there is none, or this process can contact none. */
const authp_provider_t *authp_provider_set_find(const authp_realm_t *realm, const char *name);

/* The discovery document. AUTHP_E_OAUTH_UNAVAILABLE: it cannot be fetched, or cannot be used. */
AUTHP_CHECKED authp_err_t authp_provider_set_discovery(const authp_realm_t *realm,
                                                       const authp_provider_t *provider,
                                                       const authp_discovery_t **out,
                                                       apr_pool_t *pool);

/* Checks the signature of an id_token with the provider's keys. If the token names an unknown key,
 * they are fetched again. AUTHP_E_OAUTH_UNAVAILABLE: the keys cannot be fetched. AUTHP_E_NOT_FOUND:
 * there is no such key. AUTHP_E_TOKEN_INVALID: the token is not valid. After these two *why is a
 * word for the audit. */
AUTHP_CHECKED authp_err_t authp_provider_set_verify(const authp_realm_t *realm,
                                                    const authp_provider_t *provider,
                                                    const char *id_token, json_t **claims,
                                                    const char **why, apr_pool_t *pool);

/* Sends a request to a provider. AUTHP_E_OAUTH_UNAVAILABLE: no place, no answer, or a status of 500
 * or more. AUTHP_E_OAUTH_FAILED: the answer cannot be used. */
AUTHP_CHECKED authp_err_t authp_provider_set_ask(const authp_realm_t *realm,
                                                 const authp_provider_t *provider,
                                                 authp_fetch_t *request, authp_fetched_t *out,
                                                 apr_pool_t *pool);

#endif

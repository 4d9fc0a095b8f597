/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_DISCOVERY_H
#define AUTHP_SERVICE_PROVIDER_DISCOVERY_H

#include "service/settings/settings.h"

#include <apr_pools.h>

/* What a provider publishes about itself (OpenID Connect Discovery). */
typedef struct authp_discovery_t {
    const char *authorization_endpoint;
    const char *token_endpoint;
    const char *jwks_uri;
    bool secret_in_body; /* the token endpoint takes the client's secret in the body only */
    bool names_itself;   /* its answers to the browser have the parameter `iss` (RFC 9207) */
} authp_discovery_t;

#define AUTHP_DISCOVERY_MOST 65536 /* bytes of the document */

/* The address of the document. */
const char *authp_discovery_url(const authp_provider_t *provider, apr_pool_t *pool);

/* Reads the document. AUTHP_E_MALFORMED: `text` is no such document, is of another issuer, or has
 * an address that cannot be used. *why then says so in a few words for people. */
AUTHP_CHECKED authp_err_t authp_discovery_parse(const authp_provider_t *provider, const char *text,
                                                size_t len, authp_discovery_t **out,
                                                const char **why, apr_pool_t *pool);

/* True if an endpoint of this provider may have that address. `url` may be NULL. */
bool authp_discovery_endpoint_fits(const authp_provider_t *provider, const char *url);

/* True if `issuer` is this provider's. Google's issuer counts with and without https://. */
bool authp_discovery_is_issuer(const authp_provider_t *provider, const char *issuer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_ID_TOKEN_H
#define AUTHP_SERVICE_PROVIDER_ID_TOKEN_H

#include "service/provider/person.h"
#include "service/settings/settings.h"

#include <apr_pools.h>
#include <jansson.h>
#include <stdint.h>

/* The claims of an id_token whose signature has been checked (OpenID Connect Core 3.1.3.7). */

#define AUTHP_ID_TOKEN_LEEWAY 60 /* seconds by which clocks may differ */

typedef struct authp_id_token_rules_t {
    const authp_provider_t *provider;
    const char *nonce; /* NULL: the token must have none */
    bool from_a_phone; /* the client ids of phone apps count, too */
    int64_t now;       /* seconds */
} authp_id_token_rules_t;

/* Checks iss, aud, azp, exp, iat, nonce and sub. AUTHP_E_TOKEN_INVALID: one of them is wrong; *why
 * is its name. */
AUTHP_CHECKED authp_err_t authp_id_token_check(const authp_id_token_rules_t *rules,
                                               const json_t *claims, const char **why);

/* Reads the person from claims that authp_id_token_check() has accepted. AUTHP_E_EMAIL_UNVERIFIED:
 * the token has no valid address, or the provider does not say that it has verified it. */
AUTHP_CHECKED authp_err_t authp_id_token_person(const authp_provider_t *provider,
                                                const json_t *claims, authp_person_t *out,
                                                apr_pool_t *pool);

/* The time of expiry, in seconds. */
int64_t authp_id_token_expiry(const json_t *claims);

/* Completes *person, whose provider has verified `email`: address, `vouched`, name and picture.
 * `name` and `picture` may be NULL, and are left out if an account may not have them.
 * AUTHP_E_EMAIL_UNVERIFIED: the address is not valid. */
AUTHP_CHECKED authp_err_t authp_id_token_describe(const authp_provider_t *provider,
                                                  const char *email, const char *name,
                                                  const char *picture, authp_person_t *person,
                                                  apr_pool_t *pool);

#endif

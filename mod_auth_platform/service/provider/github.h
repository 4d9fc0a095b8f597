/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_GITHUB_H
#define AUTHP_SERVICE_PROVIDER_GITHUB_H

#include "service/provider/pending.h"
#include "service/provider/provider_set.h"

/* GitHub has no id_token: its API says who the owner of an access token is. */
const char *authp_github_authorize_url(const authp_provider_t *provider, apr_pool_t *pool);

/* As authp_provider_flow_redeem(). The person's sub is GitHub's number of the account, because
 * names there can change. Only the primary address counts, if it is verified. */
AUTHP_CHECKED authp_err_t authp_github_redeem(const authp_realm_t *realm,
                                              const authp_provider_t *provider,
                                              const authp_pending_t *pending, const char *code,
                                              authp_person_t *out, apr_pool_t *pool);

#endif

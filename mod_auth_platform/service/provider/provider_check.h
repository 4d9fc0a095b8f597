/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_CHECK_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_CHECK_H

#include "net/fetch.h"
#include "service/provider/provider_report.h"
#include "service/settings/settings.h"

/* Asks the provider for its discovery document and its keys, and sends one authorization request
 * without a browser: a redirect to our redirect URI proves that it takes client_id and redirect
 * URI. */
void authp_provider_check(const authp_provider_t *provider, const authp_fetcher_t *fetcher,
                          authp_provider_report_t *out, apr_pool_t *pool);

#endif

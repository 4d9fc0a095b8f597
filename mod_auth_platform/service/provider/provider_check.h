/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_CHECK_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_CHECK_H

#include "net/fetch.h"
#include "service/provider/provider_report.h"
#include "service/settings/settings.h"

/* Fetches the provider's discovery document and its keys, and sends one authorization request
 * (authp_provider_probe()). *out gets the errors, the hints, and what was checked. */
void authp_provider_check(const authp_provider_t *provider, const authp_fetcher_t *fetcher,
                          authp_provider_report_t *out, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PROVIDER_PROBE_H
#define AUTHP_SERVICE_PROVIDER_PROVIDER_PROBE_H

#include "net/fetch.h"
#include "service/provider/provider_report.h"
#include "service/settings/settings.h"

/* Sends an authorization request as a browser without a session at the provider would, and asks for
 * no page (prompt=none). `endpoint` is the authorization endpoint; NULL: GitHub's. True: the answer
 * leads to our redirect URI, so the provider knows client_id and redirect URI. False: the answer
 * does not show it. Adds hints and errors to the report. */
bool authp_provider_probe(const authp_provider_t *provider, const char *endpoint,
                          const authp_fetcher_t *fetcher, authp_provider_report_t *report,
                          apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_CURL_RUN_H
#define AUTHP_NET_CURL_RUN_H

#include "net/certificates.h"
#include "net/fetch.h"

#include <curl/curl.h>

/* One request with one handle of libcurl. Only files of net/ include this file. */

/* Runs `request`, whose URL fits, and trusts `certificates`. Sets all options of `easy`, which is
 * in its first state or was reset. The results are those of authp_fetcher_t. A failure is logged.
 */
AUTHP_CHECKED authp_err_t authp_curl_run(CURL *easy, authp_certificates_t *certificates,
                                         const authp_fetch_t *request, authp_fetched_t *out,
                                         apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_CURL_H
#define AUTHP_NET_CURL_H

#include "net/fetch.h"

/* The HTTP client, on libcurl. A process makes one for each group of servers that share a bound of
 * requests and the trusted certificates. It follows no redirect, uses no proxy and no
 * file of the user (.netrc, cookies), and verifies certificates. Many threads may use it.
 *
 * Make it after the fork: in a child of httpd, or in the tool. */

/* At most `most` requests are under way at a time. A further one is AUTHP_E_BUSY at once. Their
 * connections are kept for the next ones. `ca_file` (NULL: none) has certificates in PEM form that
 * are trusted beside the system's. AUTHP_E_MALFORMED: it cannot be read, or has no certificate.
 * AUTHP_E_INTERNAL: libcurl does not work. Both are logged. */
AUTHP_CHECKED authp_err_t authp_curl_make(const char *ca_file, int most, authp_fetcher_t **out,
                                          apr_pool_t *pool);

#endif

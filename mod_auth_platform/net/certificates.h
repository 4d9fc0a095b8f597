/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_CERTIFICATES_H
#define AUTHP_NET_CERTIFICATES_H

#include "base/err.h"

#include <apr_pools.h>
#include <curl/curl.h>

/* The authorities that a client trusts: those of the system, and those of a file of the settings.
 * libcurl would read them anew for each connection, which takes 30 ms of processor time. So the
 * system's are read once for each pool, at the first connection with TLS. A change of the system's
 * counts in children that start after it. Only files of net/ include this file. */
typedef struct authp_certificates_t authp_certificates_t;

/* Gets what clients of `pool` trust that have this `ca_file` (NULL: none; PEM form). Clients with
 * the same pool and file share it. Call it after the fork, in a thread that may use `pool`. The
 * file is read now, the first time. AUTHP_E_MALFORMED, logged: the file cannot be read, or has no
 * certificate. */
AUTHP_CHECKED authp_err_t authp_certificates_get(const char *ca_file, authp_certificates_t **out,
                                                 apr_pool_t *pool);

/* Makes `easy`, which is in its first state or was reset, trust them. Many threads may use the same
 * ones at once. A failure of the system's file ends the first connection with
 * CURLE_SSL_CACERT_BADFILE; the next one tries again. */
CURLcode authp_certificates_use(authp_certificates_t *certificates, CURL *easy);

#endif

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

/* Sets *out to the system's authorities and those of the file `ca_file` (PEM form; NULL: only the
 * system's). *out lives as long as `pool`. Calls with the same pool and file get the same *out; the
 * first of them reads the file. Call it after the fork, in a thread that may use `pool`.
 * AUTHP_E_MALFORMED, logged: the file cannot be read, has no certificate, or has a damaged part. */
AUTHP_CHECKED authp_err_t authp_certificates_get(const char *ca_file, authp_certificates_t **out,
                                                 apr_pool_t *pool);

/* Makes `easy`, which is in its first state or was reset, trust `certificates`. Many threads may
 * use the same `certificates` at once. A failure of the system's file ends the first connection
 * with CURLE_SSL_CACERT_BADFILE; the next one tries again. */
CURLcode authp_certificates_use(authp_certificates_t *certificates, CURL *easy);

#endif

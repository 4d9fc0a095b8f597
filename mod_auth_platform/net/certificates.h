/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_CERTIFICATES_H
#define AUTHP_NET_CERTIFICATES_H

#include "base/err.h"

#include <apr_pools.h>
#include <curl/curl.h>

/* Joins the system's certificates with those of the file `path`, in PEM form, because libcurl has
 * no option that adds some to the system's. *out is for CURLOPT_CAINFO_BLOB and lives as long as
 * `pool`. AUTHP_E_MALFORMED, logged: the file cannot be read, or has no certificate. *out then does
 * not change. */
AUTHP_CHECKED authp_err_t authp_certificates_join(const char *path, struct curl_blob *out,
                                                  apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_ORIGIN_H
#define AUTHP_NET_ORIGIN_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Returns a web origin (RFC 6454) in its normal form: scheme and host in lower case, no default
 * port. Equal origins then are equal strings. AUTHP_E_MALFORMED: "null", userinfo, a path, a query
 * or a fragment. With `url_ok` one path after the origin is accepted and dropped. */
AUTHP_CHECKED authp_err_t authp_origin_parse(const char *text, bool url_ok, const char **out,
                                             apr_pool_t *pool);

/* The server's own origin, from a scheme ("http" or "https") and a Host header. AUTHP_E_MALFORMED:
 * `host` is not a host. */
AUTHP_CHECKED authp_err_t authp_origin_own(const char *scheme, const char *host, const char **out,
                                           apr_pool_t *pool);

/* Returns `text` if it is a safe path of this host, else "/". Such a path has one leading '/', at
 * most 4096 bytes, and, as sent and after decoding, no backslash and no control byte; its decoded
 * path has no "//". The result is escaped for a Location header. Never NULL. */
const char *authp_origin_return_to(const char *text, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_ORIGIN_H
#define AUTHP_NET_ORIGIN_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Web origins (RFC 6454), normalised: lower-case scheme and host, default port dropped, so that
 * equal origins are equal strings. "null", userinfo, a path, query or fragment are refused;
 * `url_ok` lets one trailing path go. */
AUTHP_CHECKED authp_err_t authp_origin_parse(const char *text, bool url_ok, const char **out,
                                             apr_pool_t *pool);

/* The own origin from a scheme ("http"/"https") and a Host header; AUTHP_E_MALFORMED if Host is not
 * one. */
AUTHP_CHECKED authp_err_t authp_origin_own(const char *scheme, const char *host, const char **out,
                                           apr_pool_t *pool);

/* contract 5: one leading '/', after decoding no "//" at the start, no backslash, no control byte;
 * anything else counts as "/". The result is safe as a Location on this host. Never NULL. */
const char *authp_origin_return_to(const char *text, apr_pool_t *pool);

#endif

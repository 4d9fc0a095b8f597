/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_ORIGIN_RULE_H
#define AUTHP_API_CORE_ORIGIN_RULE_H

#include "api/core/http.h"
#include "service/realm/realm.h"

/* Which origins may make a browser send our cookies. */

/* The Origin rule of the account routes for requests with cookies: the origin must be the server's
 * own, or one of BACKEND_CORS_ORIGINS and FRONTEND_URL. With `lenient` (sign-in and registration) a
 * request without Origin and Sec-Fetch-Site passes. AUTHP_E_ORIGIN_DENIED. */
AUTHP_CHECKED authp_err_t authp_origin_rule_check(const authp_realm_t *realm,
                                                  const authp_headers_t *headers,
                                                  const char *scheme, const char *host,
                                                  bool lenient, apr_pool_t *pool);

/* True if a guarded request comes from the app's own origin. BACKEND_CORS_ORIGINS and FRONTEND_URL
 * do not count here: they are allowed to call the account routes only, and were not chosen for the
 * app behind the guard. */
bool authp_origin_rule_same(const authp_headers_t *headers, const char *scheme, const char *host,
                            apr_pool_t *pool);

#endif

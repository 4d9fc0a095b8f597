/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_CORS_H
#define AUTHP_API_CORE_CORS_H

#include "api/core/guard.h"
#include "api/core/http.h"
#include "service/realm/realm.h"

/* CORS for the server's own origin, BACKEND_CORS_ORIGINS and FRONTEND_URL. Adds the headers to the
 * answer if the request's Origin is one of these, and otherwise only Vary. */
void authp_cors_answer(const authp_realm_t *realm, const authp_request_t *request,
                       authp_response_t *out, apr_pool_t *pool);

/* The same for a refusal of a guarded place with AuthPlatformErrorShape: it stands for the app's
 * own refusal, which the front end of that app can read. The refusal has nothing but an error code.
 */
void authp_cors_refusal(const authp_realm_t *realm, const authp_guard_request_t *request,
                        authp_response_t *out, apr_pool_t *pool);

/* Answers OPTIONS. A preflight from an allowed origin gets 204 and the allowed methods and headers.
 * A preflight from another origin gets AUTHP_E_ORIGIN_DENIED. Any other OPTIONS gets 204 with
 * Allow. `methods` is the Allow line of the path. */
AUTHP_CHECKED authp_err_t authp_cors_options(const authp_realm_t *realm,
                                             const authp_request_t *request, const char *methods,
                                             authp_response_t *out, apr_pool_t *pool);

#endif

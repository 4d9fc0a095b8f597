/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORS_H
#define AUTHP_API_CORS_H

#include "api/api.h"

/* Cross-origin readers: BACKEND_CORS_ORIGINS and FRONTEND_URL, by exact origin. Adds the headers to
 * any answer for an allowed one; everybody else simply gets none. */
void authp_cors_answer(const authp_realm_t *realm, const authp_request_t *request,
                       authp_response_t *out, apr_pool_t *pool);

/* OPTIONS. A preflight from an allowed origin: 204 with what is allowed; from another:
 * AUTHP_E_ORIGIN_DENIED; no preflight: 204 with Allow. `methods` is the path's Allow line. */
AUTHP_CHECKED authp_err_t authp_cors_options(const authp_realm_t *realm,
                                             const authp_request_t *request, const char *methods,
                                             authp_response_t *out, apr_pool_t *pool);

#endif

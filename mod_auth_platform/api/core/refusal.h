/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_REFUSAL_H
#define AUTHP_API_CORE_REFUSAL_H

#include "api/core/http.h"
#include "api/core/profile.h"

/* Fills in *out with the error, in the profile's shape. A 401 gets its WWW-Authenticate, 429 and
 * 503 their Retry-After, all Cache-Control: no-store and X-Request-Id. `out->headers` is made if
 * NULL, else added to. */
void authp_refusal_write(const authp_profile_t *profile, const authp_refusal_t *refusal,
                         authp_response_t *out, apr_pool_t *pool);

/* Status and headers alone, for a body of another kind (refusal_page.h). */
void authp_refusal_head(const authp_problem_t *problem, const char *request_id,
                        authp_response_t *out, apr_pool_t *pool);

/* Sets the WWW-Authenticate of RFC 9470, which says how old a sign-in may be, in seconds. */
void authp_refusal_max_age(int seconds, authp_response_t *out, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_DISPATCH_H
#define AUTHP_API_CORE_DISPATCH_H

#include "api/core/http.h"
#include "service/realm/realm.h"

/* Finds the row of request->mount's profile for the request, serves it, and always fills in *out:
 * an error in the profile's shape. */
void authp_dispatch(const authp_realm_t *realm, const authp_request_t *request,
                    authp_response_t *out, apr_pool_t *pool);

#endif

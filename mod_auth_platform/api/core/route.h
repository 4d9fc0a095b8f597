/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_ROUTE_H
#define AUTHP_API_CORE_ROUTE_H

#include "api/core/call.h"

/* Runs call->route: every check after 405, then the handler, in an order that clients may rely on.
 * It is separate from dispatch.c so that tests can run routes that no table has. */
AUTHP_CHECKED authp_err_t authp_route_serve(authp_call_t *call);

#endif

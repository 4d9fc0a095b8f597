/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_BODY_H
#define AUTHP_API_CORE_BODY_H

#include "api/core/call.h"

/* True if the route takes forms (AUTHP_ROUTE_FORM) and the client says that the body is one. */
bool authp_body_is_form(const authp_call_t *call);

/* Reads the body, if the route takes one, into call->body, and checks it against the schema. With
 * AUTHP_E_VALIDATION_FAILED call->findings is set. */
AUTHP_CHECKED authp_err_t authp_body_take(authp_call_t *call);

#endif

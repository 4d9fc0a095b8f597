/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_PLATFORM_QUIET_ANSWER_H
#define AUTHP_API_PROFILES_PLATFORM_QUIET_ANSWER_H

#include "api/core/call.h"
#include "service/address/quiet_sign_up.h"

/* Registers, and answers 202 with a message and a device cookie, whether the address was free or
 * not. The cookie of an address that was taken is for an id that no account has. */
AUTHP_CHECKED authp_err_t authp_quiet_answer(authp_call_t *call, const authp_quiet_sign_up_t *in);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_THROTTLE_H
#define AUTHP_API_CORE_THROTTLE_H

#include "api/core/call.h"

/* Counts a request against the limit class of its route. AUTHP_E_RATE_LIMITED: the client has used
 * up its limit. Where a route needs it, the device cookie is read into call->client first. */
AUTHP_CHECKED authp_err_t authp_throttle_enter(authp_call_t *call);
/* Runs before the handler of a stranger's request that has passed authp_gate_enter(). Waits for
 * authp_gate_ask() while authp_gate_moves() is true, 2 s at most. Sets call->crowded. AUTHP_E_BUSY:
 * the request may not go on. */
AUTHP_CHECKED authp_err_t authp_throttle_ask(authp_call_t *call);
/* Enters the gate. A stranger that finds its share full enters all the same while the line for
 * hashes would be done within 250 ms. Other requests that find the gate full wait for a place, 2 s
 * at most, while the store answers. Returns false if there is no place. */
bool authp_throttle_enter_gate(const authp_call_t *call, bool stranger);
/* Runs after the handler and returns what to answer. A registration that made no account and told
 * nothing does not count against the limit. While strangers fill the line for hashes, AUTHP_E_BUSY
 * (503) becomes AUTHP_E_RATE_LIMITED (429) for them. */
AUTHP_CHECKED authp_err_t authp_throttle_settle(authp_call_t *call, authp_err_t outcome);

/* True if the request tries a password or makes an account, and comes neither from a signed-in user
 * nor from a known device. */
bool authp_throttle_is_stranger(const authp_call_t *call);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_THROTTLE_H
#define AUTHP_API_THROTTLE_H

#include "api/route.h"

/* The limit class of a call's route: how often one client may ask for it. Reads the device cookie
 * where one matters, so that call->client says who asks. AUTHP_E_RATE_LIMITED. */
AUTHP_CHECKED authp_err_t authp_throttle_enter(authp_call_t *call);
/* Before the handler of a stranger's request that has passed authp_gate_enter(): waits for
 * authp_gate_ask() while authp_gate_moves(), at most 2 s. Sets call->crowded. AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_throttle_ask(authp_call_t *call);
/* After the handler, what to answer: what turned out not to be what the limit is about does not
 * count; and while strangers fill the line for hashes, they are not told to be patient with a busy
 * server (503) but that they are too many (429). */
AUTHP_CHECKED authp_err_t authp_throttle_settle(authp_call_t *call, authp_err_t outcome);

/* Does this request try a password or make an account, from nowhere that we know? */
bool authp_throttle_is_stranger(const authp_call_t *call);

#endif

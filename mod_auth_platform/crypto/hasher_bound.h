/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_HASHER_BOUND_H
#define AUTHP_CRYPTO_HASHER_BOUND_H

#include "crypto/hasher.h"

#include <stdint.h>

/* The part of the hasher that processes share: which callers may wait, and which may run. For
 * hasher.c and the tests. The thread that took a place holds it. */

/* The number of slots that such callers may use. */
int authp_hasher_bound_slots(const authp_hasher_bound_t *bound, authp_hash_for_t who);
/* Sets what authp_hasher_bound_measure() would have measured. */
void authp_hasher_bound_assume(authp_hasher_bound_t *bound, int took_ms);
/* Takes a place among the callers that run or wait. Returns its number. -1: all places are taken,
 * or the whole line would take more than 5 s by the time of the latest hashes. Known callers first
 * get places of their own. */
int authp_hasher_bound_admit(authp_hasher_bound_t *bound, authp_hash_for_t who);
/* See authp_hasher_line_is_long(). */
bool authp_hasher_bound_is_long(const authp_hasher_bound_t *bound);
void authp_hasher_bound_leave(authp_hasher_bound_t *bound, int place);
/* Takes a slot to run in, and waits for one until `deadline_ms` (monotonic). Returns its number, or
 * -1 if none became free. The search begins at slot `first` modulo the number of slots. */
int authp_hasher_bound_run(authp_hasher_bound_t *bound, authp_hash_for_t who, int first,
                           int64_t deadline_ms);
/* Gives a slot back. `took_ms` is how long a stranger's hash took, for the estimate; 0 = not
 * measured. If callers wait, this blocks for 1 ms, so that another process gets the slot. */
void authp_hasher_bound_done(authp_hasher_bound_t *bound, int slot, int64_t took_ms);
int64_t authp_hasher_bound_now(void);

#endif

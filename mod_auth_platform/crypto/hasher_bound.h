/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_HASHER_BOUND_H
#define AUTHP_CRYPTO_HASHER_BOUND_H

#include "crypto/hasher.h"

#include <stdint.h>

/* The shared side of the hasher: who may wait, and who may run. For hasher.c and the tests. A place
 * is held by the thread that took it. */

/* How many such may run at once. */
int authp_hasher_bound_slots(const authp_hasher_bound_t *bound, authp_hash_for_t who);
/* Sets what authp_hasher_bound_measure() would have measured. */
void authp_hasher_bound_assume(authp_hasher_bound_t *bound, int took_ms);
/* Takes a place among the callers that run or wait. Returns its number, or -1 if the whole line
 * would take more than 5 s by the time of the latest hashes. Known callers first get places of
 * their own. */
int authp_hasher_bound_admit(authp_hasher_bound_t *bound, authp_hash_for_t who);
/* See authp_hasher_line_is_long(). */
bool authp_hasher_bound_is_long(const authp_hasher_bound_t *bound);
void authp_hasher_bound_leave(authp_hasher_bound_t *bound, int place);
/* A place to run, waiting until `deadline_ms` (monotonic): its number, -1 if there was none.
 * `first` says where to look first. */
int authp_hasher_bound_run(authp_hasher_bound_t *bound, authp_hash_for_t who, int first,
                           int64_t deadline_ms);
/* `took_ms`: how long a stranger's hash took, for guessing how long the next ones will; 0 = no
 * measure. */
void authp_hasher_bound_done(authp_hasher_bound_t *bound, int slot, int64_t took_ms);
int64_t authp_hasher_bound_now(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_HASHER_BOUND_H
#define AUTHP_CRYPTO_PASSWORD_HASHER_BOUND_H

#include "base/err.h"
#include "crypto/password/scheme.h"

#include <stdbool.h>
#include <stdint.h>

/* The part of the hasher that processes share: which callers may wait, and which may run. The
 * server makes it before it forks. Only hasher.c takes places, and a place belongs to the thread
 * that took it. */
typedef struct authp_hasher_bound_t authp_hasher_bound_t;

/* For whom a hash is made. */
typedef enum authp_hash_for_t {
    AUTHP_HASH_STRANGER, /* a client that is not known */
    AUTHP_HASH_KNOWN,    /* a signed-in user, a client with a device that the account knows, or the
                            operator */
    AUTHP_HASH_FOR_COUNT
} authp_hash_for_t;

/* Makes the bound. `slots` 0 = the number of cores. `queue` is how many callers may wait; 0 = as
 * many as the estimated time allows (see authp_hasher_bound_assume()), at most 1024 with the
 * running ones. The share of known callers is added: a quarter, at least one. */
AUTHP_CHECKED authp_err_t authp_hasher_bound_make(int slots, int queue, authp_hasher_bound_t **out);

/* Returns how many microseconds of processor time one hash of `scheme` takes on an idle machine.
 * For bcrypt it hashes a few times at a low cost, for about 10 ms, in the calling thread, and
 * computes the time from that. Argon2id is measured itself, for about 100 ms. */
int authp_hasher_bound_probe(const authp_scheme_t *scheme);
/* Sets that time. It is the estimate until real hashes have been made. Without it no caller is
 * refused because of the time of the line. */
void authp_hasher_bound_assume(authp_hasher_bound_t *bound, int took_us);
/* The time that was set. 0: not known. */
int authp_hasher_bound_quiet_us(const authp_hasher_bound_t *bound);

/* Lets at most `most` callers run or wait in the line, whatever the time, but at least one for each
 * slot. For a server whose workers wait: some of them then stay free for pages. */
void authp_hasher_bound_limit(authp_hasher_bound_t *bound, int most);

/* How many hashes run at a time, of all callers, in a server whose bound was made with `slots`. */
int authp_hasher_bound_all_slots(int slots);
/* The number of slots that such callers may use. */
int authp_hasher_bound_slots(const authp_hasher_bound_t *bound, authp_hash_for_t who);
/* Takes a place among the callers that run or wait. Returns its number. -1: all places are taken,
 * or the whole line would take more than 5 s by the time of the latest hashes. Known callers first
 * get places of their own. */
int authp_hasher_bound_admit(authp_hasher_bound_t *bound, authp_hash_for_t who);
void authp_hasher_bound_leave(authp_hasher_bound_t *bound, int place);
/* The number of callers that run or wait: in the strangers' places, or with AUTHP_HASH_KNOWN in
 * all. Known callers may have strangers' places, too. */
int authp_hasher_bound_line(const authp_hasher_bound_t *bound, authp_hash_for_t who);
/* How long the whole line of strangers would take with so many callers more, by the time of the
 * latest hashes, in ms. 0: not known. */
int64_t authp_hasher_bound_drain_ms(const authp_hasher_bound_t *bound, int more);
/* Takes a slot to run in, and waits for one until `deadline_ms` (monotonic). Returns its number, or
 * -1 if none became free. The search begins at slot `first` modulo the number of slots. */
int authp_hasher_bound_run(authp_hasher_bound_t *bound, authp_hash_for_t who, int first,
                           int64_t deadline_ms);
/* Gives a slot back. `took_ms` is how long a stranger's hash took, for the estimate; 0 = not
 * measured. If callers wait, this blocks for 1 ms, so that another process gets the slot. */
void authp_hasher_bound_done(authp_hasher_bound_t *bound, int slot, int64_t took_ms);
int64_t authp_hasher_bound_now(void);

#endif

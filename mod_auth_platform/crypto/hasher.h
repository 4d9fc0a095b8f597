/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_HASHER_H
#define AUTHP_CRYPTO_HASHER_H

#include "base/err.h"
#include "base/random.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* bcrypt on a few dedicated threads of each child, behind a bound that holds for the whole server:
 * `slots` hashes run at once (by default one for each core). Further callers wait if the whole line
 * will be done within 5 s, estimated by the time of the latest hashes; otherwise they get
 * AUTHP_E_BUSY at once. A share of slots and line is kept for known callers, on threads of their
 * own, so strangers cannot keep them out.
 * Strangers' threads run at low priority, so that pages go first. The bound lives in shared memory
 * as robust mutexes, so a killed child gives its slots back. */
typedef struct authp_hasher_bound_t authp_hasher_bound_t; /* the shared part, made before fork */
typedef struct authp_hasher_t authp_hasher_t;             /* the threads of one process */

/* Whom a hash is for. */
typedef enum authp_hash_for_t {
    AUTHP_HASH_STRANGER, /* anybody who asks */
    AUTHP_HASH_KNOWN,    /* signed in, or with a device that the account knows; the operator */
    AUTHP_HASH_FOR_COUNT
} authp_hash_for_t;

/* slots 0 = number of cores. queue = how many callers may wait; 0 = limited by time alone (see
 * authp_hasher_bound_measure()). The share of known callers is added: a quarter, at least one. */
AUTHP_CHECKED authp_err_t authp_hasher_bound_make(int slots, int queue, authp_hasher_bound_t **out);

/* Measures cheap hashes in the calling thread, for about 10 ms, and computes from them how long one
 * hash of `cost` takes. The estimate is used until real hashes have been made. Without an estimate
 * no caller is refused for the time of the line. */
void authp_hasher_bound_measure(authp_hasher_bound_t *bound, int cost);

/* At most `most` callers run or wait in the line, whatever the time; at least one for each slot. A
 * server that waits in its workers keeps some of them free for pages this way. */
void authp_hasher_bound_limit(authp_hasher_bound_t *bound, int most);

/* After fork. Threads start at the first job, as many as `slots`; joined when the pool goes. At
 * most `strangers` callers of this process wait for strangers' hashes (0: the bound above is
 * enough), so that they do not take every thread that may wait for something. */
AUTHP_CHECKED authp_err_t authp_hasher_make(authp_hasher_bound_t *bound,
                                            const authp_random_t *random, int strangers,
                                            authp_hasher_t **out, apr_pool_t *pool);

/* Would there be room for one now? For sending people away before anything has been done for them;
 * whether there is when it comes to it shows then. */
bool authp_hasher_has_room(authp_hasher_t *hasher, authp_hash_for_t who);

/* Do strangers wait for theirs in this process, or would they if there were room for more? */
bool authp_hasher_strangers_wait(authp_hasher_t *hasher);

/* Do four or more wait for each slot, in the whole server? */
bool authp_hasher_line_is_long(const authp_hasher_t *hasher);

/* How many strangers of this process wait for a hash, or have it made. */
int authp_hasher_hashing(authp_hasher_t *hasher);

/* Both block the caller until the job is done; AUTHP_E_BUSY if there is no room, or a queued job
 * got no slot within 10 s. Copies of the password are wiped. `out` has room for
 * AUTHP_BCRYPT_HASH_LEN + 1. */
AUTHP_CHECKED authp_err_t authp_hasher_hash(authp_hasher_t *hasher, authp_hash_for_t who,
                                            const char *password, size_t len, int cost, char *out);
AUTHP_CHECKED authp_err_t authp_hasher_verify(authp_hasher_t *hasher, authp_hash_for_t who,
                                              const char *password, size_t len, const char *hash,
                                              bool *match);

/* Jobs running and waiting in the whole server now, for tests and metrics. */
void authp_hasher_load(const authp_hasher_bound_t *bound, int *running, int *waiting);

#endif

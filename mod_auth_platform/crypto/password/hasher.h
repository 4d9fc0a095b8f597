/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_HASHER_H
#define AUTHP_CRYPTO_PASSWORD_HASHER_H

#include "base/random.h"
#include "crypto/password/hasher_bound.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* bcrypt on a few dedicated threads of each child, behind a bound for the whole server: `slots`
 * hashes run at the same time (by default one for each core). Further callers wait if the whole
 * line will be done within 5 s, estimated by the time of the latest hashes. Otherwise they get
 * AUTHP_E_BUSY at once. A share of the slots and of the line is kept for known callers, with
 * threads of their own, so strangers cannot lock them out. The threads for strangers run at low
 * priority, so that pages go first. The bound is in shared memory and made of robust mutexes, so a
 * killed child gives its slots back. */
typedef struct authp_hasher_t authp_hasher_t; /* the threads of one process */

/* Makes the threads of one process. Call it after fork. Threads start at the first jobs, at most as
 * many as slots. They are joined when `pool` is destroyed. At most `strangers` callers of this
 * process wait for strangers' hashes, so that they do not take every thread that may wait; 0: only
 * the bound above applies. */
AUTHP_CHECKED authp_err_t authp_hasher_make(authp_hasher_bound_t *bound,
                                            const authp_random_t *random, int strangers,
                                            authp_hasher_t **out, apr_pool_t *pool);

/* True if there is room for another caller now. A hint only: the later call may still return
 * AUTHP_E_BUSY. For refusing a request before work has been done for it. */
bool authp_hasher_has_room(authp_hasher_t *hasher, authp_hash_for_t who);

/* True if strangers of this process wait for a hash, or if there is no room for another one. */
bool authp_hasher_strangers_wait(authp_hasher_t *hasher);

/* True if four or more callers wait for each slot, in the whole server. */
bool authp_hasher_line_is_long(const authp_hasher_t *hasher);

/* True if the whole line, with so many callers more, would be done within 250 ms. False if that is
 * not known yet. */
bool authp_hasher_line_is_quick(const authp_hasher_t *hasher, int more);

/* The number of strangers of this process that wait for a hash, or have it made. */
int authp_hasher_hashing(authp_hasher_t *hasher);

/* Both functions block the caller until the job is done. AUTHP_E_BUSY: there is no room, or the job
 * got no slot within 10 s. Copies of the password are wiped. `out` has room for
 * AUTHP_BCRYPT_HASH_LEN + 1 bytes. */
AUTHP_CHECKED authp_err_t authp_hasher_hash(authp_hasher_t *hasher, authp_hash_for_t who,
                                            const char *password, size_t len, int cost, char *out);
AUTHP_CHECKED authp_err_t authp_hasher_verify(authp_hasher_t *hasher, authp_hash_for_t who,
                                              const char *password, size_t len, const char *hash,
                                              bool *match);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_HASHER_H
#define AUTHP_CRYPTO_PASSWORD_HASHER_H

#include "base/random.h"
#include "crypto/password/hasher_bound.h"
#include "crypto/password/scheme.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Password hashes on a few dedicated threads of each child, behind a bound for the whole server:
 * `slots` hashes run at the same time (by default one for each core). That bounds their memory,
 * too: a hash of ours takes 19 MiB if it is Argon2id, and one of another system at most 64 MiB
 * (hash_text.h). Further callers wait if the whole
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

/* These functions block the caller until the job is done. AUTHP_E_BUSY: there is no room, no
 * memory, or the job got no slot within 10 s. Copies of the password are wiped. */

/* authp_scheme_hash(). `out` has room for AUTHP_SCHEME_HASH_LEN + 1 bytes. */
AUTHP_CHECKED authp_err_t authp_hasher_hash(authp_hasher_t *hasher, authp_hash_for_t who,
                                            const char *password, size_t len,
                                            const authp_scheme_t *scheme, char *out);
/* authp_foreign_verify(): `hash` may be of any form that can be stored. */
AUTHP_CHECKED authp_err_t authp_hasher_verify(authp_hasher_t *hasher, authp_hash_for_t who,
                                              const char *password, size_t len, const char *hash,
                                              bool *match);

typedef struct authp_hash_verdict_t {
    bool match;
    int64_t spent_us; /* processor time of the verification */
} authp_hash_verdict_t;

/* The same. *verdict also gets the processor time. */
AUTHP_CHECKED authp_err_t authp_hasher_verify_timed(authp_hasher_t *hasher, authp_hash_for_t who,
                                                    const char *password, size_t len,
                                                    const char *hash, authp_hash_verdict_t *out);
/* Uses up processor time until, together with `spent_us`, it is what a hash of PASSWORD_HASH
 * takes on an idle machine (authp_hasher_bound_assume()). Does nothing if that time is not
 * known, or if `spent_us` is more. */
AUTHP_CHECKED authp_err_t authp_hasher_spend(authp_hasher_t *hasher, authp_hash_for_t who,
                                             int64_t spent_us);

#endif

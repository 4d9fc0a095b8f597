/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_LIMIT_TABLE_H
#define AUTHP_SERVICE_LIMIT_LIMIT_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A table of small states in shared memory, for any number of processes. An entry is one 64-bit
 * word: 20 bits tell the keys of a bucket apart, and 44 bits are the state. It is changed only by
 * compare-and-swap. So there are no locks, and nothing that a killed or stopped process could leave
 * behind. A bucket has a fixed number of places. If all are in use, the entry that matters least is
 * overwritten. Callers pass hashes under a secret key, so that nobody can choose which keys share a
 * bucket. Two keys of one bucket share their state with a chance of 2^-20. */
#define AUTHP_LIMIT_TABLE_BUCKETS 8192 /* a power of two */
#define AUTHP_LIMIT_TABLE_WAYS 8       /* a bucket is one cache line */
#define AUTHP_LIMIT_TABLE_STATE_BITS 44

typedef struct authp_limit_table_t {
    _Alignas(64) _Atomic uint64_t words[AUTHP_LIMIT_TABLE_BUCKETS][AUTHP_LIMIT_TABLE_WAYS];
} authp_limit_table_t; /* all zero is an empty table */

typedef struct authp_limit_step_t {
    /* Returns the next state for the present one. 0 means no entry, in both. It is called again if
     * another process has changed the entry meanwhile. So it must depend on its arguments only, and
     * must set its results in ctx each time. */
    uint64_t (*next)(uint64_t state, void *ctx);
    /* Until when a state matters, in any unit. In a full bucket the entry with the least value is
     * overwritten. */
    uint64_t (*until)(uint64_t state, const void *ctx);
    void *ctx;
} authp_limit_step_t;

/* Applies the step to the state of `hash` atomically. Returns false, and changes nothing, only if
 * other processes were faster very many times. */
bool authp_limit_table_apply(authp_limit_table_t *table, uint64_t hash,
                             const authp_limit_step_t *step);
/* The state of `hash`. 0 if there is none. */
uint64_t authp_limit_table_read(authp_limit_table_t *table, uint64_t hash);

#endif

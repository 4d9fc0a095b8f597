/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_TABLE_H
#define AUTHP_SERVICE_LIMIT_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A table of small states in shared memory, for any number of processes at once. An entry is one
 * 64-bit word, 20 bits that tell keys of a bucket apart and 44 of state, changed by
 * compare-and-swap alone: no locks, so nothing that a killed or stopped process could leave behind.
 * Buckets have a fixed number of places; in a full one the entry that matters least goes. Callers
 * pass hashes under a key that nobody outside knows, so that nobody can choose who meets whom; two
 * keys of the same bucket take each other's state with a chance of 2^-20. */
#define AUTHP_LIMIT_TABLE_BUCKETS 8192 /* a power of two */
#define AUTHP_LIMIT_TABLE_WAYS 8       /* a bucket is one cache line */
#define AUTHP_LIMIT_TABLE_STATE_BITS 44

typedef struct authp_limit_table_t {
    _Alignas(64) _Atomic uint64_t words[AUTHP_LIMIT_TABLE_BUCKETS][AUTHP_LIMIT_TABLE_WAYS];
} authp_limit_table_t; /* all zero is an empty one */

typedef struct authp_limit_step_t {
    /* From the present state, 0 if there is none, to the next, 0 to have none. Called again
     * whenever somebody else was quicker: it must depend on nothing but its arguments, and leave
     * its outcome in ctx anew each time. */
    uint64_t (*next)(uint64_t state, void *ctx);
    /* Until when a state matters, in any unit: the least of a full bucket goes. */
    uint64_t (*until)(uint64_t state, const void *ctx);
    void *ctx;
} authp_limit_step_t;

/* Applies the step to the state of `hash`, atomically. False, and nothing is changed, only if
 * others were quicker very often in a row. */
bool authp_limit_table_apply(authp_limit_table_t *table, uint64_t hash,
                             const authp_limit_step_t *step);
/* The state, 0 if there is none. */
uint64_t authp_limit_table_read(authp_limit_table_t *table, uint64_t hash);

#endif

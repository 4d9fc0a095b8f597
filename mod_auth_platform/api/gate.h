/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_GATE_H
#define AUTHP_API_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How many requests of this process may wait for a store, a hash or a provider at once: beyond that
 * they are answered 503 `busy`, so that a slow database never takes the workers that serve pages.
 *
 * Strangers are those who try a password or register, and have never signed in with this device. A
 * quarter of the places is not for them. When many of them come at the same moment, `burst` of them
 * may wait for 5 s, in which crypto/hasher_bound.h lets nobody in whose turn would not have come. A
 * crowd that goes on for longer is a flood: then the usual share counts, until nobody has wanted
 * more than that for 1 s. */
typedef struct authp_gate_t {
    int limit;
    int burst;                   /* 0 = never more than the usual share */
    atomic_int used;             /* by all but strangers */
    atomic_int strangers;        /* by them */
    _Atomic int64_t crowd_began; /* monotonic, ms: the crowd that there was last, */
    _Atomic int64_t crowd_seen;  /* and its last one who wanted more than the usual share */
} authp_gate_t;

/* A NULL gate lets everybody in. `stranger` must be the same for entering and leaving. */
bool authp_gate_enter(authp_gate_t *gate, bool stranger);
void authp_gate_leave(authp_gate_t *gate, bool stranger);
/* How many places strangers may take usually, and for a while. */
int authp_gate_strangers(const authp_gate_t *gate);
int authp_gate_strangers_most(const authp_gate_t *gate);

/* For a process with so many threads: a quarter of them may wait. In a burst all but a few, which
 * go on serving pages. */
void authp_gate_size(authp_gate_t *gate, int threads);

#endif

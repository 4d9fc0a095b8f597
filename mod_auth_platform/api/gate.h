/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_GATE_H
#define AUTHP_API_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Shared by all processes. A flood fills one process after the other, and httpd starts new ones for
 * it: a burst of each process's own would never end. Times are of the monotonic clock, in ms. */
typedef struct authp_crowd_t {
    _Atomic int64_t began; /* when strangers first were above their share in some process */
    _Atomic int64_t seen;  /* when they last were */
} authp_crowd_t;

/* How many requests of this process may wait for a store, a hash or a provider at once: beyond that
 * they are answered 503 `busy`, so that a slow database never takes the workers that serve pages.
 *
 * Strangers are requests that try a password or register, from a device that has never signed in. A
 * quarter of the places is not for them. If more strangers come at one moment than their usual
 * share has places, up to `burst` of them may wait for a hash, for 5 s from the first of them:
 * crypto/hasher_bound.h admits no more than can be served in that time. After 5 s the crowd counts
 * as a flood, and only the usual share is admitted, until for 1 s no stranger has been above it.
 * The store never gets more strangers at once than the usual share: see authp_gate_ask(). */
typedef struct authp_gate_t {
    int limit;
    int burst;                /* 0 = never more than the usual share */
    atomic_int used;          /* places taken by others than strangers */
    atomic_int strangers;     /* places taken by strangers */
    atomic_int asking;        /* strangers that went on, be it to the store or to a hash */
    _Atomic int64_t asked_at; /* monotonic, ms: when the last one went on */
    authp_crowd_t *crowd;     /* not NULL if `burst` is not 0 */
} authp_gate_t;

/* A NULL gate lets everybody in. `stranger` must be the same for entering and leaving. */
bool authp_gate_enter(authp_gate_t *gate, bool stranger);
void authp_gate_leave(authp_gate_t *gate, bool stranger);
/* A stranger that has entered goes on, unless as many as the usual share are at the store already.
 * `hashing` strangers of this process wait for a hash, which the store does not notice. Once true,
 * authp_gate_asked() gives it back. After false, trying again in a moment is of use only while
 * authp_gate_moves(): a store that does not answer lets nobody go on. */
bool authp_gate_ask(authp_gate_t *gate, int hashing);
void authp_gate_asked(authp_gate_t *gate);
bool authp_gate_moves(const authp_gate_t *gate);
/* Has a crowd of strangers gone on for longer than a burst? */
bool authp_gate_is_flooded(const authp_gate_t *gate);
/* How many places strangers may take: usually, and in a burst. */
int authp_gate_strangers(const authp_gate_t *gate);
int authp_gate_strangers_most(const authp_gate_t *gate);

/* For a process with `threads` threads. A quarter of the threads may wait. In a burst all threads
 * may wait except a few, which go on serving pages. */
void authp_gate_size(authp_gate_t *gate, int threads, authp_crowd_t *crowd);

#endif

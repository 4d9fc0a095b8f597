/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_GATE_H
#define AUTHP_API_CORE_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One such struct is shared by all processes. A flood fills one process after the other, and httpd
 * starts new processes for it. If each process had a burst of its own, the bursts would never end.
 * Times are of the monotonic clock, in ms. */
typedef struct authp_crowd_t {
    _Atomic int64_t began;        /* when strangers first exceeded their share in some process */
    _Atomic int64_t seen;         /* when strangers last exceeded it */
    _Atomic int64_t others_began; /* the same of other requests */
    _Atomic int64_t others_seen;
} authp_crowd_t;

/* Limits how many requests of this process wait for a store or a hash at the same time. Further
 * requests get 503 `busy`, so a slow database never takes the workers that serve pages. Requests
 * that come at one moment to a store that answers may wait for a place first: see
 * authp_gate_line_up().
 *
 * Strangers are requests that try a password or register, from a device that has never signed in. A
 * quarter of the places is not available to them. If more strangers come at one moment than their
 * usual share has places, up to `burst` of them may wait for a hash, for 5 s from the first of
 * them: crypto/password/hasher_bound.h admits no more than can be served in that time. After 5 s
 * the crowd counts as a flood, and only the usual share is admitted, until no stranger has exceeded
 * it for 1 s. The store never gets more strangers at once than the usual share: see
 * authp_gate_ask(). */
typedef struct authp_gate_t {
    int limit;
    int burst;            /* 0 = never more than the usual share */
    atomic_int used;      /* places taken by requests that are not strangers */
    atomic_int strangers; /* places taken by strangers */
    atomic_int asking;    /* strangers let through by authp_gate_ask(), to the store or to a hash */
    _Atomic int64_t asked_at;  /* monotonic, ms: when the latest stranger was let through */
    atomic_int waiting;        /* requests that are not strangers and wait for a place */
    _Atomic int64_t let_in_at; /* monotonic, ms: when the latest of them got a place */
    authp_crowd_t *crowd;      /* not NULL unless `burst` is 0 */
} authp_gate_t;

/* A NULL gate lets every request in. `stranger` must have the same value at enter and leave. */
bool authp_gate_enter(authp_gate_t *gate, bool stranger);
void authp_gate_leave(authp_gate_t *gate, bool stranger);
/* Lets a stranger in that authp_gate_enter() has refused, up to `burst` of them, however long the
 * crowd has lasted. The caller calls it only while the whole line for hashes would be done within
 * 250 ms. */
bool authp_gate_enter_quickly(authp_gate_t *gate);
/* Lets a request that is not a stranger's wait for a place. Returns false if it must not: too many
 * threads wait already, or requests have exceeded the places for 5 s. After true the caller tries
 * authp_gate_enter() again and again, while authp_gate_lets_in() is true, and then calls
 * authp_gate_line_leave(). */
bool authp_gate_line_up(authp_gate_t *gate);
void authp_gate_line_leave(authp_gate_t *gate);
/* False if no place has been given for a while: the store does not answer. */
bool authp_gate_lets_in(const authp_gate_t *gate);
/* Lets a stranger that has entered go on to the store. Returns false if the usual share of
 * strangers is at the store already. `hashing` is the number of strangers of this process that wait
 * for a hash; they do not count, because they do not use the store. After true the caller must call
 * authp_gate_asked(). After false the caller may try again soon, but only while authp_gate_moves()
 * is true: a store that does not answer lets no stranger go on. */
bool authp_gate_ask(authp_gate_t *gate, int hashing);
void authp_gate_asked(authp_gate_t *gate);
bool authp_gate_moves(const authp_gate_t *gate);
/* True if strangers have exceeded their share for longer than a burst lasts. */
bool authp_gate_is_flooded(const authp_gate_t *gate);
/* The number of places that strangers may take: the usual number, and the number in a burst. */
int authp_gate_strangers(const authp_gate_t *gate);
int authp_gate_strangers_most(const authp_gate_t *gate);

/* Sets the limits for a process with `threads` threads. A quarter of the threads may wait. In a
 * burst all threads may wait except a few, which go on serving pages. */
void authp_gate_size(authp_gate_t *gate, int threads, authp_crowd_t *crowd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_GATE_H
#define AUTHP_API_GATE_H

#include <stdatomic.h>
#include <stdbool.h>

/* How many requests of this process may wait for a store, a hash or a provider at once: beyond that
 * they are answered 503 `busy`, so that a slow database never takes the workers that serve pages.
 */
typedef struct authp_gate_t {
    int limit;
    atomic_int used;
} authp_gate_t;

/* A NULL gate lets everybody in. A quarter of the places is not for strangers: those who try a
 * password or register, and have never signed in with this device. */
bool authp_gate_enter(authp_gate_t *gate, bool stranger);
void authp_gate_leave(authp_gate_t *gate);
/* How many places strangers may take. */
int authp_gate_strangers(const authp_gate_t *gate);

#endif

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

bool authp_gate_enter(authp_gate_t *gate); /* a NULL gate lets everybody in */
void authp_gate_leave(authp_gate_t *gate);

#endif

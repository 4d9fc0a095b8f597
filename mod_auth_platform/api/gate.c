/* SPDX-License-Identifier: Apache-2.0 */
#include "api/gate.h"

#include <stddef.h>

#define KEPT_SHARE 4

int authp_gate_strangers(const authp_gate_t *gate)
{
    int kept = gate->limit / KEPT_SHARE;
    return gate->limit < 2 ? gate->limit : gate->limit - (kept > 0 ? kept : 1);
}

bool authp_gate_enter(authp_gate_t *gate, bool stranger)
{
    if (gate == NULL) {
        return true;
    }
    int most = stranger ? authp_gate_strangers(gate) : gate->limit;
    if (atomic_fetch_add_explicit(&gate->used, 1, memory_order_acq_rel) < most) {
        return true;
    }
    atomic_fetch_sub_explicit(&gate->used, 1, memory_order_acq_rel);
    return false;
}

void authp_gate_leave(authp_gate_t *gate)
{
    if (gate != NULL) {
        atomic_fetch_sub_explicit(&gate->used, 1, memory_order_acq_rel);
    }
}

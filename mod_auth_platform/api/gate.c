/* SPDX-License-Identifier: Apache-2.0 */
#include "api/gate.h"

#include <stddef.h>

bool authp_gate_enter(authp_gate_t *gate)
{
    if (gate == NULL) {
        return true;
    }
    if (atomic_fetch_add_explicit(&gate->used, 1, memory_order_acq_rel) < gate->limit) {
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "hasher_look.h"

#define SLOTS_MOST 128

void hasher_look(authp_hasher_bound_t *bound, int *running, int *waiting)
{
    int taken[SLOTS_MOST];
    int count = 0;
    int line = authp_hasher_bound_line(bound, AUTHP_HASH_KNOWN);
    while (count < SLOTS_MOST &&
           (taken[count] = authp_hasher_bound_run(bound, AUTHP_HASH_KNOWN, 0, 0)) >= 0) {
        count++;
    }
    for (int i = 0; i < count; i++) {
        authp_hasher_bound_done(bound, taken[i], 0);
    }
    *running = authp_hasher_bound_slots(bound, AUTHP_HASH_KNOWN) - count;
    *waiting = line > *running ? line - *running : 0;
}

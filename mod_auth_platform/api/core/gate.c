/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/gate.h"
#include "base/clock.h"

#include <stddef.h>

#define WAITING_SHARE 4 /* a quarter of the threads may wait */
#define KEPT_SHARE 4    /* a quarter of the places is not for strangers */
#define PAGES_SHARE 16  /* a sixteenth of the threads serves pages even in a burst */
#define FEW_THREADS 8   /* a process with fewer threads has one place, and no bursts */
#define BURST_MS 5000
#define CALM_MS 1000
#define MOVES_MS 250 /* while a store answers, it takes a new stranger within this time */

int authp_gate_strangers(const authp_gate_t *gate)
{
    int kept = gate->limit / KEPT_SHARE;
    return gate->limit < 2 ? gate->limit : gate->limit - (kept > 0 ? kept : 1);
}

int authp_gate_strangers_most(const authp_gate_t *gate)
{
    int usual = authp_gate_strangers(gate);
    return gate->burst > usual ? gate->burst : usual;
}

void authp_gate_size(authp_gate_t *gate, int threads, authp_crowd_t *crowd)
{
    int pages = threads / PAGES_SHARE;
    bool few = threads < FEW_THREADS;
    gate->limit = few ? 1 : threads / WAITING_SHARE;
    gate->crowd = crowd;
    gate->burst = few ? 0 : threads - (pages > 0 ? pages : 1);
}

static bool goes_on(int64_t seen, int64_t now)
{
    return seen != 0 && now - seen <= CALM_MS;
}

/* Called for a request above the usual share. Returns true if the crowd began less than BURST_MS
 * ago. If two threads notice a new crowd at once, both set `began`, to nearly the same time. */
static bool is_burst(_Atomic int64_t *began, _Atomic int64_t *seen)
{
    int64_t now = authp_clock_now(authp_clock_monotonic());
    if (!goes_on(atomic_load(seen), now)) {
        atomic_store(began, now);
    }
    atomic_store(seen, now);
    return now - atomic_load(began) < BURST_MS;
}

static bool let_in(atomic_int *count, bool let)
{
    if (!let) {
        atomic_fetch_sub(count, 1);
    }
    return let;
}

static bool enter_stranger(authp_gate_t *gate)
{
    int before = atomic_fetch_add(&gate->strangers, 1) + atomic_load(&gate->used);
    bool let = before < authp_gate_strangers(gate) ||
               (gate->burst > 0 && is_burst(&gate->crowd->began, &gate->crowd->seen) &&
                before < gate->burst);
    return let_in(&gate->strangers, let);
}

/* Counts strangers only up to their usual share. So a burst of strangers takes no place from
 * others. */
static bool enter_other(authp_gate_t *gate)
{
    int before = atomic_fetch_add(&gate->used, 1);
    int share = authp_gate_strangers(gate);
    int strangers = atomic_load(&gate->strangers);
    bool let = before + (strangers < share ? strangers : share) < gate->limit;
    if (let) {
        atomic_store(&gate->let_in_at, authp_clock_now(authp_clock_monotonic()));
    }
    return let_in(&gate->used, let);
}

bool authp_gate_enter(authp_gate_t *gate, bool stranger)
{
    return gate == NULL || (stranger ? enter_stranger(gate) : enter_other(gate));
}

void authp_gate_leave(authp_gate_t *gate, bool stranger)
{
    if (gate != NULL) {
        atomic_fetch_sub(stranger ? &gate->strangers : &gate->used, 1);
    }
}

bool authp_gate_enter_quickly(authp_gate_t *gate)
{
    int before = atomic_fetch_add(&gate->strangers, 1) + atomic_load(&gate->used);
    return let_in(&gate->strangers, before < gate->burst);
}

bool authp_gate_line_up(authp_gate_t *gate)
{
    if (gate == NULL || gate->burst == 0) {
        return false;
    }
    int busy = atomic_fetch_add(&gate->waiting, 1) + atomic_load(&gate->used) +
               atomic_load(&gate->strangers);
    bool burst = is_burst(&gate->crowd->others_began, &gate->crowd->others_seen);
    return let_in(&gate->waiting, burst && busy < gate->burst);
}

void authp_gate_line_leave(authp_gate_t *gate)
{
    atomic_fetch_sub(&gate->waiting, 1);
}

bool authp_gate_lets_in(const authp_gate_t *gate)
{
    return authp_clock_now(authp_clock_monotonic()) - atomic_load(&gate->let_in_at) < MOVES_MS;
}

bool authp_gate_ask(authp_gate_t *gate, int hashing)
{
    if (gate == NULL) {
        return true;
    }
    int before = atomic_fetch_add(&gate->asking, 1);
    bool let = before - hashing < authp_gate_strangers(gate);
    if (let) {
        atomic_store(&gate->asked_at, authp_clock_now(authp_clock_monotonic()));
    }
    return let_in(&gate->asking, let);
}

void authp_gate_asked(authp_gate_t *gate)
{
    if (gate != NULL) {
        atomic_fetch_sub(&gate->asking, 1);
    }
}

bool authp_gate_is_flooded(const authp_gate_t *gate)
{
    if (gate == NULL || gate->crowd == NULL) {
        return false;
    }
    int64_t now = authp_clock_now(authp_clock_monotonic());
    return goes_on(atomic_load(&gate->crowd->seen), now) &&
           now - atomic_load(&gate->crowd->began) >= BURST_MS;
}

bool authp_gate_moves(const authp_gate_t *gate)
{
    return authp_clock_now(authp_clock_monotonic()) - atomic_load(&gate->asked_at) < MOVES_MS;
}

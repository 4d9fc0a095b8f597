/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live_table/live_round.h"
#include "service/live_table/live_layout.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define ROUND_MS 900
#define TAKEOVER_MS 2500
#define AGAIN_MS 60000

/* Rows have the store's time. A row may become readable up to one time-out after that time, and
 * clocks differ. So the last minute before the newest row is read again. */
static authp_ms_t since(const authp_live_round_t *round, authp_ms_t newest, authp_ms_t now)
{
    if (round->cold || newest == 0) {
        return round->from;
    }
    return (newest < now ? newest : now) - AGAIN_MS;
}

/* False if the process of the round has died, or has not called authp_live_round_beat() for some
 * time. */
static bool is_under_way(const authp_live_shared_t *shared, int64_t now)
{
    return shared->round_beat != 0 && now - shared->round_beat < TAKEOVER_MS &&
           (kill(shared->round_pid, 0) == 0 || errno != ESRCH);
}

bool authp_live_round_begin(authp_live_table_t *table, authp_live_round_t *round)
{
    authp_live_shared_t *shared = table->shared;
    int64_t at = authp_clock_now(authp_clock_monotonic());
    if (!authp_live_layout_lock(shared)) {
        return false;
    }
    uint64_t state = atomic_load(&shared->state);
    bool busy = is_under_way(shared, at);
    bool recent = shared->round_began != 0 && at - shared->round_began < ROUND_MS;
    bool mine = LIVE_REALM(state) == table->realm && !busy && !recent;
    if (mine) {
        round->state = state;
        round->cold = (state & LIVE_WARM) == 0;
        round->began = shared->round_began = shared->round_beat = at;
        shared->round_pid = getpid();
        round->users_newest = round->cold ? 0 : shared->users_newest;
        round->sessions_newest = round->cold ? 0 : shared->sessions_newest;
    }
    authp_live_layout_unlock(shared);
    return mine;
}

void authp_live_round_set(const authp_live_table_t *table, authp_live_round_t *round,
                          authp_ms_t now)
{
    round->from = now - atomic_load(&table->shared->horizon_ms);
    round->users_since = since(round, round->users_newest, now);
    round->sessions_since = since(round, round->sessions_newest, now);
}

void authp_live_round_beat(authp_live_table_t *table)
{
    if (authp_live_layout_lock(table->shared)) {
        table->shared->round_beat = authp_clock_now(authp_clock_monotonic());
        authp_live_layout_unlock(table->shared);
    }
}

static void note_lag(authp_live_shared_t *shared, const authp_live_round_t *round, int64_t now)
{
    int64_t lag = now - atomic_load(&shared->news_at);
    if (!round->cold && lag > atomic_load(&shared->worst_ms)) {
        atomic_store(&shared->worst_ms, lag);
    }
}

void authp_live_round_end(authp_live_table_t *table, const authp_live_round_t *round, bool complete)
{
    authp_live_shared_t *shared = table->shared;
    if (!authp_live_layout_lock(shared)) {
        return; /* another child will take the round over */
    }
    shared->round_beat = 0;
    uint64_t state = round->state;
    if (complete && atomic_load(&shared->state) == state) {
        note_lag(shared, round, authp_clock_now(authp_clock_monotonic()));
        shared->users_newest = round->users_newest;
        shared->sessions_newest = round->sessions_newest;
        if (round->cold) {
            atomic_store(&shared->covered_from, round->from);
        }
        atomic_store(&shared->news_at, round->began);
        /* turn_cold() takes no lock, so the state that it has set must not be overwritten here. */
        (void)atomic_compare_exchange_strong(&shared->state, &state, state | LIVE_WARM);
    }
    authp_live_layout_unlock(shared);
}

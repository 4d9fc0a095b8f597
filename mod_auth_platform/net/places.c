/* SPDX-License-Identifier: Apache-2.0 */
#include "net/places.h"

#include <apr_time.h>
#include <stdatomic.h>

#define ENTER_TRIES 150 /* 300 ms: a server that works answers once or twice in that time */
#define ENTER_WAIT_US 2000
#define CROWD_MS 1000 /* after a wait in vain no caller waits for this time */

struct authp_places_t {
    authp_places_t *all; /* NULL: these are all places */
    const authp_clock_t *clock;
    int most;
    int servers;
    atomic_int inside;       /* number of callers that have a place now */
    _Atomic int64_t crowded; /* when a caller has last waited in vain for a place */
};

authp_places_t *authp_places_make(int most, int servers, const authp_clock_t *clock,
                                  apr_pool_t *pool)
{
    authp_places_t *all = apr_pcalloc(pool, sizeof(*all));
    all->clock = clock;
    all->most = most;
    all->servers = servers;
    return all;
}

authp_places_t *authp_places_share(authp_places_t *all, apr_pool_t *pool)
{
    authp_places_t *share = apr_pcalloc(pool, sizeof(*share));
    share->all = all;
    share->clock = all->clock;
    share->most = all->servers > 1 ? all->most - all->most / 4 : all->most;
    share->crowded = authp_clock_now(all->clock) - CROWD_MS;
    return share;
}

int authp_places_most(const authp_places_t *places)
{
    return places->most;
}

static bool take(authp_places_t *places)
{
    int now = atomic_load(&places->inside);
    while (now < places->most) {
        if (atomic_compare_exchange_weak(&places->inside, &now, now + 1)) {
            return true;
        }
    }
    return false;
}

static bool try_enter(authp_places_t *share)
{
    if (!take(share)) {
        return false;
    }
    if (!take(share->all)) {
        atomic_fetch_sub(&share->inside, 1);
        return false;
    }
    return true;
}

bool authp_places_enter(authp_places_t *share)
{
    for (int i = 0; i < ENTER_TRIES; i++) {
        if (try_enter(share)) {
            return true;
        }
        if (authp_clock_now(share->clock) - atomic_load(&share->crowded) < CROWD_MS) {
            return false;
        }
        apr_sleep(ENTER_WAIT_US);
    }
    atomic_store(&share->crowded, authp_clock_now(share->clock));
    return false;
}

void authp_places_leave(authp_places_t *share, bool answered)
{
    if (answered) {
        atomic_store(&share->crowded, authp_clock_now(share->clock) - CROWD_MS);
    }
    atomic_fetch_sub(&share->all->inside, 1);
    atomic_fetch_sub(&share->inside, 1);
}

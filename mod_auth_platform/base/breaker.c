/* SPDX-License-Identifier: Apache-2.0 */
#include "base/breaker.h"

bool authp_breaker_allows(authp_breaker_t *breaker, authp_ms_t now)
{
    if (atomic_load(&breaker->failures) < AUTHP_BREAKER_FAILURES) {
        return true;
    }
    int64_t until = atomic_load(&breaker->open_until);
    /* The caller that moves the end of the pause may ask the store. If it never reports, another
     * caller may ask one pause later. */
    return now >= until && atomic_compare_exchange_strong(&breaker->open_until, &until,
                                                          now + AUTHP_BREAKER_PAUSE_MS);
}

bool authp_breaker_report(authp_breaker_t *breaker, bool answered, authp_ms_t now)
{
    if (answered) {
        /* Usually the count is 0 already. It is then not written, so that the cache line stays in
         * the cache of every core. */
        return atomic_load(&breaker->failures) != 0 && atomic_exchange(&breaker->failures, 0) != 0;
    }
    int failures = atomic_fetch_add(&breaker->failures, 1) + 1;
    if (failures >= AUTHP_BREAKER_FAILURES) {
        atomic_store(&breaker->open_until, now + AUTHP_BREAKER_PAUSE_MS);
    }
    return failures == 1;
}

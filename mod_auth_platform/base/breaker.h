/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_BREAKER_H
#define AUTHP_BASE_BREAKER_H

#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>

/* After several failures in a row callers need not wait for the store: for a second it is not
 * asked, and then by one caller only. There is one breaker for each store and process. It takes no
 * lock. */
typedef struct authp_breaker_t {
    atomic_int failures; /* number of failures in a row */
    _Atomic int64_t open_until;
} authp_breaker_t;

/* True if the caller may ask the store. It must then report the outcome. `now` is of the monotonic
 * clock, because a wall clock that is set back would prolong the pause. */
bool authp_breaker_allows(authp_breaker_t *breaker, authp_ms_t now);
/* Reports an outcome. True for the first failure, and for the first success after a failure. The
 * caller then logs it. */
bool authp_breaker_report(authp_breaker_t *breaker, bool answered, authp_ms_t now);

#define AUTHP_BREAKER_FAILURES 3
#define AUTHP_BREAKER_PAUSE_MS 1000

#endif

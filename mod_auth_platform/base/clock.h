/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_CLOCK_H
#define AUTHP_BASE_CLOCK_H

#include <apr_pools.h>
#include <stdint.h>

/* Milliseconds since 1970 UTC. MongoDB dates, SQL columns and JSON times can all hold it. 0 means
 * "absent" wherever a time is optional. */
typedef int64_t authp_ms_t;

/* A clock behind a function pointer, so that tests can set the time. */
typedef struct authp_clock_t {
    authp_ms_t (*now)(void *ctx);
    void *ctx;
} authp_clock_t;

const authp_clock_t *authp_clock_system(void);
/* Milliseconds since the machine started, including time in suspend. Nobody can set this clock, and
 * every process of the machine reads the same value. For intervals only. */
const authp_clock_t *authp_clock_monotonic(void);
authp_ms_t authp_clock_now(const authp_clock_t *clock);

/* Returns `at` in UTC as in RFC 3339, with milliseconds: "2026-11-21T01:33:38.120Z". */
const char *authp_clock_rfc3339(authp_ms_t at, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <apr_strings.h>
#include <time.h>

/* The first and the last time whose year has four digits. */
#define EARLIEST_MS INT64_C(-62167219200000)
#define LATEST_MS INT64_C(253402300799999)

static authp_ms_t now_system(void *ctx)
{
    struct timespec at;
    (void)ctx;
    (void)clock_gettime(CLOCK_REALTIME, &at); /* cannot fail for this clock */
    return (authp_ms_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static const authp_clock_t system_clock = {now_system, NULL};

const authp_clock_t *authp_clock_system(void)
{
    return &system_clock;
}

static authp_ms_t now_monotonic(void *ctx)
{
    struct timespec at;
    (void)ctx;
    (void)clock_gettime(CLOCK_BOOTTIME, &at);
    return (authp_ms_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static const authp_clock_t monotonic_clock = {now_monotonic, NULL};

const authp_clock_t *authp_clock_monotonic(void)
{
    return &monotonic_clock;
}

authp_ms_t authp_clock_now(const authp_clock_t *clock)
{
    return clock->now(clock->ctx);
}

const char *authp_clock_rfc3339(authp_ms_t at, apr_pool_t *pool)
{
    if (at < EARLIEST_MS) {
        at = EARLIEST_MS;
    } else if (at > LATEST_MS) {
        at = LATEST_MS;
    }
    authp_ms_t millis = at % 1000;
    if (millis < 0) {
        millis += 1000;
    }
    time_t seconds = (time_t)((at - millis) / 1000);
    struct tm day = {0};
    (void)gmtime_r(&seconds, &day); /* cannot overflow within the bounds above */
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", day.tm_year + 1900,
                        day.tm_mon + 1, day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec,
                        (int)millis);
}

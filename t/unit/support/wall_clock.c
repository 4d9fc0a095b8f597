/* SPDX-License-Identifier: Apache-2.0 */
#include "wall_clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t ahead;
static _Atomic int64_t steady;
static _Atomic int64_t boot;
static atomic_uint asked;

void wall_clock_set(int64_t ahead_ms)
{
    atomic_store(&ahead, ahead_ms);
}

void wall_clock_steady(int64_t ahead_ms)
{
    atomic_store(&steady, ahead_ms);
}

void wall_clock_boot(int64_t ahead_ms)
{
    atomic_store(&boot, ahead_ms);
}

unsigned int wall_clock_asked(void)
{
    return atomic_exchange(&asked, 0);
}

/* Replaces the C library's function for everything that is linked into the test program. */
int clock_gettime(clockid_t id, struct timespec *at)
{
    int rc = (int)syscall(SYS_clock_gettime, id, at);
    if (id >= 0 && id < 32) {
        atomic_fetch_or(&asked, 1U << id);
    }
    bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
    int64_t by = wall                    ? atomic_load(&ahead)
                 : id == CLOCK_MONOTONIC ? atomic_load(&steady)
                 : id == CLOCK_BOOTTIME  ? atomic_load(&boot)
                                         : 0;
    if (rc == 0 && by != 0) {
        int64_t ms = (int64_t)at->tv_sec * 1000 + at->tv_nsec / 1000000 + by;
        at->tv_sec = (time_t)(ms / 1000);
        at->tv_nsec = (long)(ms % 1000) * 1000000L;
    }
    return rc;
}

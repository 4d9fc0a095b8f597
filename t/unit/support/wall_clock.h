/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WALL_CLOCK_H
#define AUTHP_TEST_WALL_CLOCK_H

#include <stdint.h>

/* Sets this process's wall clock ahead by `ahead_ms`, or back. No other clock changes. */
void wall_clock_set(int64_t ahead_ms);

/* Sets the monotonic clock of clock_gettime() ahead. The kernel, which ends waits, keeps its own
 * clock. So a wait of ten seconds can be made one of a tenth of a second. */
void wall_clock_steady(int64_t ahead_ms);

/* The same of the clock that authp_clock_monotonic() reads. */
void wall_clock_boot(int64_t ahead_ms);

/* Returns which clocks were asked since the previous call of this function: bit CLOCK_REALTIME,
 * CLOCK_MONOTONIC, CLOCK_BOOTTIME ... */
unsigned int wall_clock_asked(void);

#endif

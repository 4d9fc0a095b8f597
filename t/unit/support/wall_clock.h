/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WALL_CLOCK_H
#define AUTHP_TEST_WALL_CLOCK_H

#include <stdint.h>

/* Sets this process's wall clock by so much ahead of what it is, or back. No other clock moves. */
void wall_clock_set(int64_t ahead_ms);

/* The same for the clock that nobody sets, as clock_gettime() tells it; the kernel, which ends
 * waits, keeps its own. A wait of ten seconds can so be made one of a tenth. */
void wall_clock_steady(int64_t ahead_ms);

#endif

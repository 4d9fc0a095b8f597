/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WALL_CLOCK_H
#define AUTHP_TEST_WALL_CLOCK_H

#include <stdint.h>

/* Sets this process's wall clock by so much ahead of what it is, or back. No other clock moves. */
void wall_clock_set(int64_t ahead_ms);

#endif

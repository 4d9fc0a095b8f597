/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FAKE_CLOCK_H
#define AUTHP_TEST_FAKE_CLOCK_H

#include "base/clock.h"

#include <stdatomic.h>

/* A clock that moves only when a test moves it. Many threads may read it at once. */
typedef struct fake_clock_t {
    authp_clock_t clock;
    _Atomic authp_ms_t now;
} fake_clock_t;

/* 2026-11-21T00:00:00Z */
#define FAKE_CLOCK_START INT64_C(1795219200000)

void fake_clock_init(fake_clock_t *fake);
void fake_clock_advance(fake_clock_t *fake, authp_ms_t by);

#endif

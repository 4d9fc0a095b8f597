/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_clock.h"

static authp_ms_t read_clock(void *ctx)
{
    fake_clock_t *fake = ctx;
    return atomic_load(&fake->now);
}

void fake_clock_init(fake_clock_t *fake)
{
    fake->clock = (authp_clock_t){read_clock, fake};
    atomic_store(&fake->now, FAKE_CLOCK_START);
}

void fake_clock_advance(fake_clock_t *fake, authp_ms_t by)
{
    atomic_fetch_add(&fake->now, by);
}

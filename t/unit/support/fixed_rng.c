/* SPDX-License-Identifier: Apache-2.0 */
#include "fixed_rng.h"

/* One step of splitmix64 makes 8 bytes. */
static uint64_t step(fixed_rng_t *fixed)
{
    const uint64_t gamma = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = atomic_fetch_add(&fixed->state, gamma) + gamma;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void fill(void *ctx, unsigned char *out, size_t len)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % 8 == 0) {
            bits = step(ctx);
        }
        out[i] = (unsigned char)(bits >> (i % 8 * 8) & 0xFFu);
    }
}

void fixed_rng_init(fixed_rng_t *fixed, uint64_t seed)
{
    fixed->random = (authp_random_t){fill, fixed};
    atomic_store(&fixed->state, seed);
}

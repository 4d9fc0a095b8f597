/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FIXED_RNG_H
#define AUTHP_TEST_FIXED_RNG_H

#include "base/random.h"

#include <stdatomic.h>
#include <stdint.h>

/* The same bytes in each run, no two calls alike; used by many threads at once. */
typedef struct fixed_rng_t {
    authp_random_t random;
    atomic_uint_fast64_t state;
} fixed_rng_t;

void fixed_rng_init(fixed_rng_t *fixed, uint64_t seed);

#endif

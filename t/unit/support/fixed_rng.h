/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FIXED_RNG_H
#define AUTHP_TEST_FIXED_RNG_H

#include "base/random.h"

#include <stdatomic.h>
#include <stdint.h>

/* A random source that returns the same bytes in each run, and other bytes at each call. Many
 * threads may use it at once. */
typedef struct fixed_rng_t {
    authp_random_t random;
    atomic_uint_fast64_t state;
} fixed_rng_t;

void fixed_rng_init(fixed_rng_t *fixed, uint64_t seed);

#endif

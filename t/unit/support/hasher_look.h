/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HASHER_LOOK_H
#define AUTHP_TEST_HASHER_LOOK_H

#include "crypto/password/hasher_bound.h"

/* How many jobs run, and how many callers wait for a slot. Tries all the slots for it. */
void hasher_look(authp_hasher_bound_t *bound, int *running, int *waiting);

#endif

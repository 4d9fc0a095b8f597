/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HASHER_LOOK_H
#define AUTHP_TEST_HASHER_LOOK_H

#include "crypto/password/hasher_bound.h"

/* Returns how many jobs run and how many callers wait for a slot. It tries all slots to find
 * out. */
void hasher_look(authp_hasher_bound_t *bound, int *running, int *waiting);

#endif

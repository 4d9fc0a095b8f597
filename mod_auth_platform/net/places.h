/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_PLACES_H
#define AUTHP_NET_PLACES_H

#include "base/clock.h"

#include <apr_pools.h>
#include <stdbool.h>

/* How many threads of a process may wait for other servers at a time. Each server gets a share, so
 * that one that does not answer leaves places to the others. Many threads may use an object. No
 * function holds a lock. */
typedef struct authp_places_t authp_places_t;

/* All places of a process: `most` for `servers` servers. `clock` is monotonic. */
authp_places_t *authp_places_make(int most, int servers, const authp_clock_t *clock,
                                  apr_pool_t *pool);
/* The share of one server. It has all places if there is one server; if there are several, a
 * quarter (rounded down) is left to the others. Only a share can be entered and left. */
authp_places_t *authp_places_share(authp_places_t *all, apr_pool_t *pool);
/* The number of places of `all` or of a share. */
int authp_places_most(const authp_places_t *places);

/* Takes a place of a share, and waits up to 0.3 s for it. A caller that waits keeps its thread from
 * other requests. So after one caller has waited in vain, callers do not wait for a second. Returns
 * false if there was none. */
bool authp_places_enter(authp_places_t *share);
/* Gives the place back. `answered`: the server works, so callers may wait for a place again. */
void authp_places_leave(authp_places_t *share, bool answered);

#endif

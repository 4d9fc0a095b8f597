/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_DEAF_H
#define AUTHP_NET_DEAF_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

/* Open connections that are not listened to for a while, which takes no thread: the kernel is told
 * not to tell of what they send. They hear again one after the other, never many at once: what all
 * of them want then would keep pages waiting.
 */
typedef struct authp_deaf_t authp_deaf_t;

/* Of one child; its one thread starts when it is first needed and ends with the pool. */
authp_deaf_t *authp_deaf_make(apr_pool_t *pool);
/* The connection of that socket, for so long or a little longer. False if it is not. */
bool authp_deaf_add(authp_deaf_t *deaf, int fd, int64_t microseconds);

/* Microseconds by a clock that nobody sets. */
int64_t authp_deaf_now(void);

#endif

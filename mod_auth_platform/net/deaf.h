/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_DEAF_H
#define AUTHP_NET_DEAF_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

/* Stops listening to open connections for a while, without a thread for each: SO_RCVLOWAT is raised
 * so that poll() does not report them. The connections listen again one after the other, because
 * many requests at once would delay pages. */
typedef struct authp_deaf_t authp_deaf_t;

/* The object of one child. Its one thread starts at the first use and ends with `pool`. */
authp_deaf_t *authp_deaf_make(apr_pool_t *pool);
/* Makes the connection of socket `fd` deaf for `microseconds` or a little longer. Returns false if
 * that is not possible. */
bool authp_deaf_add(authp_deaf_t *deaf, int fd, int64_t microseconds);

/* Microseconds of the monotonic clock. */
int64_t authp_deaf_now(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHILD_POOL_H
#define AUTHP_HTTPD_CHILD_POOL_H

#include <apr_pools.h>

/* Makes the pool of a child safe for several threads, with every MPM. */
void authp_child_pool_register(apr_pool_t *pool);

#endif

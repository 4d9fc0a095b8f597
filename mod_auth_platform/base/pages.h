/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_PAGES_H
#define AUTHP_BASE_PAGES_H

#include "base/err.h"

#include <apr_pools.h>
#include <stddef.h>

/* Memory of this process alone, for tables of a fixed size: zeroed, aligned to a page, real only
 * where it was touched (unlike a pool's), left out of core dumps, given back with the pool. */
AUTHP_CHECKED authp_err_t authp_pages_make(size_t size, void **out, apr_pool_t *pool);

#endif

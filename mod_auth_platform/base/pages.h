/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_PAGES_H
#define AUTHP_BASE_PAGES_H

#include "base/err.h"

#include <apr_pools.h>
#include <stddef.h>

/* Makes memory of this process alone, for tables of a fixed size. It is zeroed and aligned to a
 * page. Unlike memory of a pool, a page takes real memory only once it is touched. It is left out
 * of core dumps, and unmapped with the pool. */
AUTHP_CHECKED authp_err_t authp_pages_make(size_t size, void **out, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CACHE_H
#define AUTHP_HTTPD_CACHE_H

#include "httpd/module.h"

/* Keeps what one person may see out of shared caches: Cache-Control and Vary on guarded answers and
 * refusals. */
void authp_cache_register(apr_pool_t *pool);

#endif

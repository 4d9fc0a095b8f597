/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CACHE_H
#define AUTHP_HTTPD_CACHE_H

#include "httpd/module.h"

/* Keeps guarded answers and refusals out of shared caches, by Cache-Control and Vary. */
void authp_cache_register(apr_pool_t *pool);

#endif

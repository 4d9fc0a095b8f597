/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CACHE_CONTROL_H
#define AUTHP_HTTPD_CACHE_CONTROL_H

#include "httpd/module.h"

/* Keeps guarded answers and refusals out of shared caches, by Cache-Control and Vary. */
void authp_cache_control_register(apr_pool_t *pool);

#endif

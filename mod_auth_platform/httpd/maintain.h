/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAINTAIN_H
#define AUTHP_HTTPD_MAINTAIN_H

#include "httpd/lifecycle.h"

/* The background work of each child: it drops idle connections of the store, purges, and polls for
 * revocations of other hosts. It runs on threads of mod_watchdog. Without that module none of it is
 * done. */
/* Prepares the rounds of one child. Call it before authp_lifecycle_ready(). The rounds then end
 * before the pools of the child are destroyed. */
void authp_maintain_child(authp_runtime_t *runtime, apr_pool_t *pchild);
void authp_maintain_register(apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAINTAIN_H
#define AUTHP_HTTPD_MAINTAIN_H

#include "httpd/runtime.h"

/* The background work of each child, on two threads of mod_watchdog. One closes idle connections to
 * the store every 5 s, and purges every 10 minutes. The other looks every 0.2 s whether the latest
 * poll of the live table is a second old, and polls then (service/live/live_poll.h). A round does
 * nothing until the store of the child is open. Without mod_watchdog none of this is done: guarded
 * pages then ask the store, and only the tool purges. */

/* Prepares the rounds of one child. Call it in child_init, before authp_lifecycle_ready(). When
 * `pchild` is destroyed, the present rounds are waited for, and no later one begins, before any
 * pool of the child is destroyed. */
void authp_maintain_child(authp_runtime_t *runtime, apr_pool_t *pchild);

/* Registers the hook that gives both rounds to mod_watchdog. */
void authp_maintain_register(apr_pool_t *pool);

#endif

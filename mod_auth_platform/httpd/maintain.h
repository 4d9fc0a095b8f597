/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAINTAIN_H
#define AUTHP_HTTPD_MAINTAIN_H

#include "httpd/lifecycle.h"

/* Lets the store of each child drop what has been idle, every few seconds, where mod_watchdog is
 * there. */
/* Of each child, before anything is ready: rounds end before the child's pools do. */
void authp_maintain_child(authp_runtime_t *runtime, apr_pool_t *pchild);
void authp_maintain_register(apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAINTAIN_H
#define AUTHP_HTTPD_MAINTAIN_H

#include "httpd/module.h"

/* Lets the store of each child drop what has been idle, every few seconds, where mod_watchdog is
 * there. */
void authp_maintain_register(apr_pool_t *pool);

#endif

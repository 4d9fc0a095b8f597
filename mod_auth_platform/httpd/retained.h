/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_RETAINED_H
#define AUTHP_HTTPD_RETAINED_H

#include "httpd/config.h"
#include "httpd/runtime.h"

/* The shared memory that outlives a reload of the module: the bound on password hashing, the state
 * of bursts (api/core/gate.h), the live table, the limits on attempts, which process sends mails
 * (service/mail/mail_desk.h), and what the store has logged once. It is kept under names in the
 * process's retained data, so that the children of all generations share it. */

/* Finds this memory, or makes it at the first start, and sets the pointers in `runtime`. What
 * belongs to this generation alone is made in `pool`, which is pconf. The parent calls it before it
 * forks. Returns NULL, or a sentence that says what could not be made. */
const char *authp_retained_find(authp_runtime_t *runtime, const authp_server_config_t *config,
                                apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHILD_EXIT_H
#define AUTHP_HTTPD_CHILD_EXIT_H

#include "httpd/module.h"

#include <stdbool.h>

/* Ends children of MPM prefork that are told to stop in the middle of a request. */
void authp_child_exit_register(apr_pool_t *pool);

/* For pre-cleanups of pchild: true if the child is ending in the middle of a request, so that
 * nothing may be waited for; see base/ending.h. */
bool authp_child_exit_abrupt(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHILD_EXIT_H
#define AUTHP_HTTPD_CHILD_EXIT_H

#include "httpd/module.h"

/* Ends children of MPM prefork that are told to stop in the middle of a request. */
void authp_child_exit_register(apr_pool_t *pool);

/* For pre-cleanups of pchild, which run before anything of the child is freed: does not return if
 * the child is being ended by a signal handler in the middle of a request; see base/ending.h. */
void authp_child_exit_check(void);

#endif

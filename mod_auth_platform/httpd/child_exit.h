/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CHILD_EXIT_H
#define AUTHP_HTTPD_CHILD_EXIT_H

#include "httpd/module.h"

/* Ends children that get a signal to stop in the middle of a request (MPM prefork) or of their
 * start (all MPMs). */
void authp_child_exit_register(apr_pool_t *pool);

/* For pre-cleanups of pchild, which run before any memory of the child is freed. If a signal
 * handler is ending the child in the middle of its work, this ends the process and does not return.
 * See base/ending.h. */
void authp_child_exit_check(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ENDING_H
#define AUTHP_BASE_ENDING_H

#include <stdbool.h>

/* Whether this process ends in a signal handler. MPM prefork ends a child inside a handler: it
 * destroys the child's pools there. The interrupted thread never continues, and it may hold any
 * lock of the process, the allocator's too. So a cleanup must not lock, wait, join or free. The
 * kernel releases everything when the process exits. httpd/child_exit.c detects this case. */

/* True if the calling thread is in a handler of a signal that ends a child of httpd. The kernel
 * blocks a signal while its handler runs, and this function looks at the blocked signals. It is
 * wrong in processes that block these signals themselves. */
bool authp_ending_in_handler(void);

/* From now on authp_ending_abrupt() is true. Safe in a signal handler. */
void authp_ending_begin(void);
/* If this is true, a cleanup that would lock, wait, join or free must return at once. */
bool authp_ending_abrupt(void);

#endif

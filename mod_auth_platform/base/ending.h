/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ENDING_H
#define AUTHP_BASE_ENDING_H

#include <stdbool.h>

/* Tells whether this process ends in a signal handler. MPM prefork ends a child inside a handler:
 * it destroys the child's pools there. The interrupted thread never continues, and it may hold any
 * lock of the process, the allocator's too. So a cleanup that locks, waits, joins or frees would
 * hang or corrupt the heap. httpd/child_exit.c ends such a child before any cleanup runs. */

/* True if the calling thread is in a handler of a signal that ends a child of httpd. The kernel
 * blocks a signal while its handler runs, and this function looks at the blocked signals. Its
 * answer is wrong in a process that blocks these signals itself. */
bool authp_ending_in_handler(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ENDING_H
#define AUTHP_BASE_ENDING_H

#include <stdbool.h>

/* How this process ends. Under MPM prefork httpd ends a child from inside a signal handler: it
 * destroys the child's pools while the interrupted thread, which never goes on, may hold any lock
 * of the process, the allocator's too. Then a cleanup must not lock, wait, join or free: the kernel
 * takes everything back a moment later. httpd/child_exit.c finds out; cleanups ask. */

/* True if the calling thread is in a handler of one of the signals that end a child of httpd's: the
 * kernel blocks a signal while its handler runs. Of use only in processes that do not block them
 * themselves. */
bool authp_ending_in_handler(void);

/* From now on authp_ending_abrupt() is true. Safe in a signal handler. */
void authp_ending_begin(void);
/* A cleanup that would lock, wait, join or free does nothing if this is true. */
bool authp_ending_abrupt(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_PROCESS_H
#define AUTHP_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* One process of this machine and no other one ever: its number and the time it started, as
 * /proc/PID/stat has it. Fits an atomic word in shared memory. 0: no process. Numbers mean the same
 * to processes of one PID namespace only. */
typedef uint64_t authp_process_t;

/* The calling process. Kept after the first call, until a fork. */
authp_process_t authp_process_self(void);

/* True if that process has ended, waited for by its parent or not. False where it cannot be known:
 * for a live process the answer is never true. */
bool authp_process_is_gone(authp_process_t process);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_PROCESS_H
#define AUTHP_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Identifies one process of this machine: its PID and its start time in /proc/PID/stat. A later
 * process with the same PID has another start time. The value fits an atomic word in shared memory.
 * 0 is no process. PIDs are comparable only within one PID namespace. */
typedef uint64_t authp_process_t;

/* The calling process. The value is cached until a fork. */
authp_process_t authp_process_self(void);

/* True if that process has ended, even if its parent has not waited for it. False if this is not
 * known. For a live process the answer is never true. */
bool authp_process_is_gone(authp_process_t process);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_CHILD_H
#define AUTHP_TEST_CHILD_H

#include <sys/types.h>

/* Starts a process that calls `run` and then ends with status 0. */
pid_t child_start(void (*run)(void));
/* Waits for the process. The test fails unless it ended with status 0. */
void child_finish(pid_t child);

#endif

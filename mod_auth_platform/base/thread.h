/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_THREAD_H
#define AUTHP_BASE_THREAD_H

#include <pthread.h>

/* A thread of our own in a process that is httpd's: signals are for the server's own threads. 0 or
 * an errno. */
int authp_thread_start(pthread_t *thread, void *(*work)(void *), void *data);

/* The calling thread, from now on: whatever else the processors are wanted for goes first, at once.
 * It still gets its share of a machine that is never idle. */
void authp_thread_stand_back(void);

#endif

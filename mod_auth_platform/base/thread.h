/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_THREAD_H
#define AUTHP_BASE_THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals: they are for httpd's own threads. Returns 0 or an errno. */
int authp_thread_start(pthread_t *thread, void *(*work)(void *), void *data);

/* Gives the calling thread a low priority, from now on. Any other thread that wants a processor
 * gets it at once. On a machine that is never idle the thread still gets a share. */
void authp_thread_stand_back(void);

#endif

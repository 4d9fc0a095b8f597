/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_SHM_H
#define AUTHP_BASE_SHM_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Makes memory that every process forked later shares: anonymous and zeroed. It is never unmapped,
 * because it must outlive the unloading of the module at a reload. The kernel frees it when the
 * processes end. */
AUTHP_CHECKED authp_err_t authp_shm_make(size_t size, void **out);

/* Initialises a mutex in such memory. If its holder dies, the next process can take it (a robust
 * mutex). */
AUTHP_CHECKED authp_err_t authp_shm_mutex_init(pthread_mutex_t *mutex);
/* Tries to take the mutex. True if it was taken. If its last holder died, it is made consistent
 * first. *died (may be NULL) tells which of these happened. */
bool authp_shm_mutex_try(pthread_mutex_t *mutex, bool *died);
/* Takes the mutex. AUTHP_E_BUSY: it was not free within `timeout_ms`. */
AUTHP_CHECKED authp_err_t authp_shm_mutex_lock(pthread_mutex_t *mutex, int timeout_ms, bool *died);
void authp_shm_mutex_unlock(pthread_mutex_t *mutex);

#endif

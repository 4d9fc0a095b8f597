/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_SHM_H
#define AUTHP_BASE_SHM_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Memory shared with every process forked later: anonymous, zeroed, never unmapped (it must outlive
 * the module's own unloading in a reload; the kernel takes it back at exit). */
AUTHP_CHECKED authp_err_t authp_shm_make(size_t size, void **out);

/* Mutexes in such memory that survive the death of their holder. */
AUTHP_CHECKED authp_err_t authp_shm_mutex_init(pthread_mutex_t *mutex);
/* True if taken; a dead holder's mutex is made consistent first (*died set if not NULL). */
bool authp_shm_mutex_try(pthread_mutex_t *mutex, bool *died);
/* Waits at most `timeout_ms`; AUTHP_E_BUSY beyond that. */
AUTHP_CHECKED authp_err_t authp_shm_mutex_lock(pthread_mutex_t *mutex, int timeout_ms, bool *died);
void authp_shm_mutex_unlock(pthread_mutex_t *mutex);

#endif

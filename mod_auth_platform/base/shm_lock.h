/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_SHM_LOCK_H
#define AUTHP_BASE_SHM_LOCK_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A lock in shared memory that a process cannot keep once it has ended, however it ended. Zeroed
 * memory is a free lock. The holder is one atomic word that names its process. A waiter that finds
 * the holder's process ended replaces that word by compare-and-swap. So exactly one waiter gets the
 * lock, and a holder that lives keeps it however slow it is. A robust mutex is not enough: the
 * kernel cannot mark its holder dead if the holder's process has unmapped it before. */
typedef struct authp_shm_lock_t {
    _Atomic uint64_t owner; /* an authp_process_t; 0: free */
    _Atomic uint32_t given; /* a futex; changes whenever the lock is given back */
} authp_shm_lock_t;

/* Waits at most `timeout_ms` of the monotonic clock, then returns AUTHP_E_BUSY. *died (may be NULL)
 * is true if the lock was taken from a process that had ended. Usable from any thread, but not from
 * a signal handler. */
AUTHP_CHECKED authp_err_t authp_shm_lock_take(authp_shm_lock_t *lock, int timeout_ms, bool *died);
/* Releases the lock. Only the process that took it may call this: otherwise an error is logged and
 * the lock does not change. */
void authp_shm_lock_give(authp_shm_lock_t *lock);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shm_lock.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A waiter checks this often whether the holder's process still runs. */
#define LOOK_MS 20

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "processes share atomics only if they need no lock");
_Static_assert(sizeof(_Atomic uint32_t) == 4, "a futex has four bytes");

/* Waits until `given` differs from the value that was read, or `ms` have passed. The kernel
 * measures a relative time-out by the monotonic clock. */
static void wait_for_change(authp_shm_lock_t *lock, uint32_t given, authp_ms_t ms)
{
    struct timespec most = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000L};
    (void)syscall(SYS_futex, &lock->given, FUTEX_WAIT, given, &most, NULL, 0);
}

static bool swap(authp_shm_lock_t *lock, uint64_t from, uint64_t to)
{
    return atomic_compare_exchange_strong(&lock->owner, &from, to);
}

authp_err_t authp_shm_lock_take(authp_shm_lock_t *lock, int timeout_ms, bool *died)
{
    authp_process_t self = authp_process_self();
    authp_ms_t deadline = authp_clock_now(authp_clock_monotonic()) + timeout_ms;
    authp_ms_t look_at = authp_clock_now(authp_clock_monotonic()) + LOOK_MS;
    for (;;) {
        /* `given` is read before the owner. If the lock is released in between, `given` changes, so
         * no wake-up is lost. */
        uint32_t given = atomic_load(&lock->given);
        uint64_t owner = atomic_load(&lock->owner);
        bool free_now = owner == 0;
        authp_ms_t now = authp_clock_now(authp_clock_monotonic());
        authp_ms_t left = deadline - now;
        bool gone = !free_now && owner != self && (now >= look_at || left <= 0) &&
                    authp_process_is_gone(owner);
        if ((free_now || gone) && swap(lock, owner, self)) {
            if (died != NULL) {
                *died = gone;
            }
            return AUTHP_OK;
        }
        if (free_now || gone) {
            continue; /* another waiter was faster */
        }
        if (left <= 0) {
            return AUTHP_E_BUSY;
        }
        look_at = now >= look_at ? now + LOOK_MS : look_at;
        wait_for_change(lock, given, left < LOOK_MS ? left : LOOK_MS);
    }
}

void authp_shm_lock_give(authp_shm_lock_t *lock)
{
    if (!swap(lock, authp_process_self(), 0)) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0006", "a shared lock was given back that was not held");
        return;
    }
    atomic_fetch_add(&lock->given, 1);
    /* Waking one waiter is enough. If that process ends first, the others check again after their
     * time-out. */
    (void)syscall(SYS_futex, &lock->given, FUTEX_WAKE, 1, NULL, NULL, 0);
}

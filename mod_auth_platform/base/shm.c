/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shm.h"
#include "base/log.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

authp_err_t authp_shm_make(size_t size, void **out)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0001", "cannot map %zu bytes of shared memory (errno %d)",
                  size, errno);
        return AUTHP_E_INTERNAL;
    }
    *out = memory;
    return AUTHP_OK;
}

authp_err_t authp_shm_mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    int rc = pthread_mutexattr_init(&attr);
    if (rc == 0) {
        rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
        if (rc == 0) {
            rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
        }
        if (rc == 0) {
            rc = pthread_mutex_init(mutex, &attr);
        }
        (void)pthread_mutexattr_destroy(&attr);
    }
    if (rc != 0) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0002", "cannot make a shared mutex (error %d)", rc);
        return AUTHP_E_INTERNAL;
    }
    return AUTHP_OK;
}

/* Evaluates the result of a lock call. True if this thread holds the mutex now. */
static bool taken(pthread_mutex_t *mutex, int rc, bool *died)
{
    if (rc == EOWNERDEAD) {
        (void)pthread_mutex_consistent(mutex); /* fails only if we were not the owner */
        if (died != NULL) {
            *died = true;
        }
        return true;
    }
    if (rc == 0 && died != NULL) {
        *died = false;
    }
    return rc == 0;
}

bool authp_shm_mutex_try(pthread_mutex_t *mutex, bool *died)
{
    return taken(mutex, pthread_mutex_trylock(mutex), died);
}

authp_err_t authp_shm_mutex_lock(pthread_mutex_t *mutex, int timeout_ms, bool *died)
{
    struct timespec until;
    /* The monotonic clock is used, so that a change of the system's time does not change the length
     * of the wait. */
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec += 1;
        until.tv_nsec -= 1000000000L;
    }
    int rc = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
    if (taken(mutex, rc, died)) {
        return AUTHP_OK;
    }
    if (rc == ETIMEDOUT) {
        return AUTHP_E_BUSY;
    }
    authp_log(AUTHP_LOG_ERROR, "AUTHP0003", "cannot lock a shared mutex (error %d)", rc);
    return AUTHP_E_INTERNAL;
}

void authp_shm_mutex_unlock(pthread_mutex_t *mutex)
{
    int rc = pthread_mutex_unlock(mutex);
    if (rc != 0) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0004", "cannot unlock a shared mutex (error %d)", rc);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

faults_t faults;

void faults_open(void)
{
    memset(&faults, 0, sizeof(faults));
}

/* True for the call that has this number. Calls are counted down to 0. */
static bool is_now(atomic_int *at)
{
    return atomic_load(at) > 0 && atomic_fetch_sub(at, 1) == 1;
}

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
    /* base/shm.c, base/pages.c and crypto/password/hash_memory.c set these flags, and no allocator
     * of a library does. */
    if ((flags & (MAP_SHARED | MAP_NORESERVE | MAP_POPULATE)) != 0 && is_now(&faults.mmap_at)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, len, protection, flags, fd, offset);
}

typedef int mutex_init_fn(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (is_now(&faults.mutex_at)) {
        return ENOMEM;
    }
    mutex_init_fn *real = NULL;
    void *found = dlsym(RTLD_NEXT, "pthread_mutex_init");
    memcpy(&real, &found, sizeof(real));
    return real(mutex, attributes);
}

void apr_sleep(apr_interval_time_t us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    faults.sleeps++;
    faults.us += us;
    if (faults.on_sleep != NULL) {
        faults.on_sleep();
    }
    if (!faults.awake) {
        (void)nanosleep(&time, NULL);
    }
}

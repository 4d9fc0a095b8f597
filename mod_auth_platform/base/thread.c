/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICENESS 10 /* such a thread gets about a tenth of a processor that others want too */
#define BATCH 3     /* SCHED_BATCH, which glibc hides from POSIX */
#define SLICE_NS 100000000u /* the longest slice that the kernel accepts */

/* The first version of the kernel's struct sched_attr. */
typedef struct attributes_t {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
} attributes_t;

int authp_thread_start(pthread_t *thread, void *(*work)(void *), void *data)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, NULL, work, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* On Linux each thread has a niceness of its own. A long slice tells the kernel that it does not
 * matter when the thread runs. Newer kernels then run other threads first, even if this one has
 * waited for its turn. */
void authp_thread_stand_back(void)
{
    attributes_t attributes = {
        .size = sizeof(attributes), .policy = BATCH, .nice = NICENESS, .runtime = SLICE_NS};
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "naps.h"

#include <check.h>
#include <dlfcn.h>
#include <stdatomic.h>

#include <apr_time.h>

static _Atomic int64_t total;
static atomic_int number;
static atomic_bool skips;

void naps_begin(bool skip)
{
    atomic_store(&total, 0);
    atomic_store(&number, 0);
    atomic_store(&skips, skip);
}

int64_t naps_end(int *count)
{
    atomic_store(&skips, false);
    if (count != NULL) {
        *count = atomic_load(&number);
    }
    return atomic_load(&total);
}

/* Replaces the function of APR for everything that is linked into the test program. */
void apr_sleep(apr_interval_time_t time)
{
    union {
        void *object;
        void (*function)(apr_interval_time_t time);
    } real = {.object = dlsym(RTLD_NEXT, "apr_sleep")};
    ck_assert_ptr_nonnull(real.object);
    atomic_fetch_add(&total, time);
    atomic_fetch_add(&number, 1);
    if (!atomic_load(&skips)) {
        real.function(time);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL keeps a random generator and a queue of errors for each thread. If a thread of a driver
 * or of httpd still runs when its process exits, the leak checker may find it in a state in which
 * its values are not looked at, and would call them leaks. So pthread_setspecific() keeps
 * libcrypto's values in a table, too, where the leak checker finds them. This file is a part of the
 * shim that build/httpd-asan.sh preloads.
 *
 * ASan calls pthread_setspecific() before it is ready. So nothing here is instrumented, and nothing
 * here allocates. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <dlfcn.h>

#define EXPORTED __attribute__((visibility("default")))
#define PLAIN __attribute__((no_sanitize("address", "undefined")))
#define PLACES 8192 /* of values: about 5 for each thread */
#define CALLERS 32  /* places in programs that are known */

typedef struct place_t {
    atomic_uintptr_t owner; /* of the thread and the key; 0: free */
    const void *value;
} place_t;

static place_t places[PLACES];
static atomic_uintptr_t callers[CALLERS]; /* the lowest bit: of libcrypto */

typedef int set_fn(pthread_key_t key, const void *value);

PLAIN static bool is_libcrypto(const void *address)
{
    Dl_info info;
    return dladdr(address, &info) != 0 && info.dli_fname != NULL &&
           strstr(info.dli_fname, "libcrypto") != NULL;
}

/* dladdr() takes a while, so that its answers are kept. */
PLAIN static bool is_wanted(const void *address)
{
    const uintptr_t known = (uintptr_t)address << 1;
    for (int i = 0; i < CALLERS; i++) {
        uintptr_t caller = atomic_load(&callers[i]);
        if (caller == 0) {
            const bool wanted = is_libcrypto(address);
            (void)atomic_compare_exchange_strong(&callers[i], &caller, known | wanted);
            return wanted;
        }
        if (caller >> 1 == known >> 1) {
            return (caller & 1) != 0;
        }
    }
    return is_libcrypto(address);
}

/* A thread that ends leaves its places to a later one that gets its identifier. */
PLAIN static void keep(pthread_key_t key, const void *value)
{
    const uintptr_t owner = ((uintptr_t)pthread_self() << 10) ^ (key + 1U);
    for (uintptr_t i = 0; i < PLACES; i++) {
        place_t *place = &places[((owner >> 16) + owner + i) % PLACES];
        uintptr_t holder = 0;
        if (atomic_compare_exchange_strong(&place->owner, &holder, owner) || holder == owner) {
            place->value = value;
            return;
        }
    }
}

PLAIN static set_fn *real_set(void)
{
    static _Atomic(set_fn *) known;
    union {
        void *object;
        set_fn *function;
    } real = {.function = atomic_load(&known)};
    if (real.function == NULL) {
        real.object = dlsym(RTLD_NEXT, "pthread_setspecific");
        atomic_store(&known, real.function);
    }
    return real.function;
}

EXPORTED PLAIN int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (is_wanted(__builtin_return_address(0))) {
        keep(key, value);
    }
    return real_set()(key, value);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_FUZZ_H
#define AUTHP_FUZZ_H

#include <apr_pools.h>
#include <stddef.h>
#include <stdint.h>

/* The functions that libFuzzer and standalone.c call. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns a pool that lives as long as the process. The first call makes it, and starts APR. */
apr_pool_t *fuzz_pool(void);

/* Ends the run with a message if `what` is false. */
#define FUZZ_DEMAND(what)                                                                          \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif

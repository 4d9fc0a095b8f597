/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/hash_memory.h"

#include <sys/mman.h>

/* MAP_POPULATE: a hash uses all pages, so one system call makes all of them. */
void *authp_hash_memory_map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

void authp_hash_memory_unmap(void *memory, size_t bytes)
{
    (void)munmap(memory, bytes);
}

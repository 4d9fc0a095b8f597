/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_HASH_MEMORY_H
#define AUTHP_CRYPTO_PASSWORD_HASH_MEMORY_H

#include <stddef.h>

/* Memory for one hash, mapped for it and unmapped afterwards. So a process keeps none of it. From
 * malloc() glibc would keep up to 32 MiB for each thread that hashes, in each child of the server:
 * malloc_trim() does not give back the end of a thread's arena. */

/* Zeroed memory, aligned to a page. NULL if there is none. */
void *authp_hash_memory_map(size_t bytes);
/* Unmaps the memory. The kernel zeroes its pages before another process gets them. */
void authp_hash_memory_unmap(void *memory, size_t bytes);

#endif

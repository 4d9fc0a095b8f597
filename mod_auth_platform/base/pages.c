/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pages.h"
#include "base/log.h"

#include <errno.h>
#include <sys/mman.h>

typedef struct mapping_t {
    void *memory;
    size_t size;
} mapping_t;

static apr_status_t unmap(void *data)
{
    mapping_t *mapping = data;
    (void)munmap(mapping->memory, mapping->size); /* fails only for memory that was never mapped */
    return APR_SUCCESS;
}

authp_err_t authp_pages_make(size_t size, void **out, apr_pool_t *pool)
{
    mapping_t *mapping = apr_palloc(pool, sizeof(*mapping));
    *mapping = (mapping_t){.size = size};
    mapping->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping->memory == MAP_FAILED) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0005", "cannot map %zu bytes of memory (errno %d)", size,
                  errno);
        return AUTHP_E_INTERNAL;
    }
    apr_pool_cleanup_register(pool, mapping, unmap, apr_pool_cleanup_null);
    (void)madvise(mapping->memory, size, MADV_DONTDUMP); /* best effort */
    *out = mapping->memory;
    return AUTHP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Shows pool memory to ASan and to valgrind, which otherwise see only APR's large nodes: an
 * overflow between two apr_palloc blocks, or a use after apr_pool_clear, would pass unseen.
 *
 * Linked into a test program, or preloaded into httpd, these functions come before libapr's own,
 * also for libapr's calls (apr_pstrdup, apr_array_make, apr_pstrcat, ...). Every block is one
 * malloc. All blocks of a pool are freed by one cleanup that is registered before any other cleanup
 * of that pool can be, so that it runs last and the other cleanups may still use the pool's memory,
 * as they may with APR itself.
 *
 * Not seen: apr_pool_create's own bookkeeping, the list of a pool's processes, and the memory of an
 * allocator used directly, such as that of buckets.
 *
 * A signal handler that interrupts this code (httpd's prefork children end in one) must not wait
 * for `lock` or enter malloc again: `busy` is set, and the pools that it destroys keep their
 * blocks. The process is about to end. */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <dlfcn.h>

#undef apr_pcalloc

#define EXPORTED __attribute__((visibility("default")))
#define BUCKETS 1021

/* The header makes this a macro over apr_palloc(), but libapr still exports the function. */
void *apr_pcalloc(apr_pool_t *pool, apr_size_t size);

typedef struct pool_blocks {
    struct pool_blocks *next;
    const apr_pool_t *pool;
    void **blocks;
    size_t count;
    size_t size;
} pool_blocks;

typedef void *palloc_fn(apr_pool_t *, apr_size_t);
typedef void note_subprocess_fn(apr_pool_t *, apr_proc_t *, apr_kill_conditions_e);
typedef char *pvsprintf_fn(apr_pool_t *, const char *, va_list);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pool_blocks *buckets[BUCKETS];
/* Set while APR itself is asked for memory, so that the call reaches APR's own function. */
static _Thread_local int inside;
/* Set while this thread is in the functions below or in the malloc and free that they call. */
static _Thread_local volatile int busy;

static void *real_function(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        abort();
    }
    return found;
}

static void *real_palloc(apr_pool_t *pool, apr_size_t size)
{
    static palloc_fn *real;
    if (real == NULL) {
        void *found = real_function("apr_palloc");
        memcpy(&real, &found, sizeof(real));
    }
    return real(pool, size);
}

/* Calls realloc(), and ends the process if it fails. */
static void *must_grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (grown == NULL) {
        abort();
    }
    return grown;
}

static pool_blocks **find(const apr_pool_t *pool)
{
    pool_blocks **at = &buckets[((size_t)pool >> 4) % BUCKETS];
    while (*at != NULL && (*at)->pool != pool) {
        at = &(*at)->next;
    }
    return at;
}

static apr_status_t free_blocks(void *data)
{
    const apr_pool_t *pool = data;
    if (busy) {
        return APR_SUCCESS;
    }
    busy = 1;
    pthread_mutex_lock(&lock);
    pool_blocks **at = find(pool);
    pool_blocks *entry = *at;
    if (entry != NULL) {
        *at = entry->next;
    }
    pthread_mutex_unlock(&lock);
    if (entry != NULL) {
        while (entry->count > 0) {
            free(entry->blocks[--entry->count]);
        }
        free(entry->blocks);
        free(entry);
    }
    busy = 0;
    return APR_SUCCESS;
}

/* Puts the block on its pool's list. Returns true if it is the first since the pool was made or
 * cleared. */
static int remember(const apr_pool_t *pool, void *memory)
{
    pthread_mutex_lock(&lock);
    pool_blocks **at = find(pool);
    int first = *at == NULL;
    if (first) {
        pool_blocks *made = must_grow(NULL, sizeof(*made));
        *made = (pool_blocks){.pool = pool};
        *at = made;
    }
    pool_blocks *entry = *at;
    if (entry->count == entry->size) {
        entry->size = entry->size > 0 ? entry->size * 2 : 16;
        entry->blocks = must_grow(entry->blocks, entry->size * sizeof(*entry->blocks));
    }
    entry->blocks[entry->count++] = memory;
    pthread_mutex_unlock(&lock);
    return first;
}

EXPORTED void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    if (inside || busy) {
        return real_palloc(pool, size);
    }
    busy = 1;
    void *memory = malloc(size);
    int first = memory != NULL && remember(pool, memory);
    busy = 0;
    if (first) {
        inside = 1;
        apr_pool_cleanup_register(pool, pool, free_blocks, apr_pool_cleanup_null);
        inside = 0;
    }
    return memory;
}

/* apr_pool_clear() reads this list after the last cleanup. */
EXPORTED void apr_pool_note_subprocess(apr_pool_t *pool, apr_proc_t *process,
                                       apr_kill_conditions_e how)
{
    static note_subprocess_fn *real;
    if (real == NULL) {
        void *found = real_function("apr_pool_note_subprocess");
        memcpy(&real, &found, sizeof(real));
    }
    inside = 1;
    real(pool, process, how);
    inside = 0;
}

EXPORTED void *apr_pcalloc(apr_pool_t *pool, apr_size_t size)
{
    void *memory = apr_palloc(pool, size);
    return memory == NULL ? NULL : memset(memory, 0, size);
}

/* APR's own function writes straight into the pool's node, without apr_palloc(). So its result is
 * copied. */
EXPORTED char *apr_pvsprintf(apr_pool_t *pool, const char *format, va_list args)
{
    static pvsprintf_fn *real;
    if (real == NULL) {
        void *found = real_function("apr_pvsprintf");
        memcpy(&real, &found, sizeof(real));
    }
    char *text = real(pool, format, args);
    if (text == NULL) {
        return NULL;
    }
    size_t size = strlen(text) + 1;
    char *copy = apr_palloc(pool, size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

EXPORTED char *apr_psprintf(apr_pool_t *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = apr_pvsprintf(pool, format, args);
    va_end(args);
    return text;
}

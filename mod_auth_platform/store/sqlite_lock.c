/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_lock.h"
#include "base/log.h"
#include "base/shm.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_FOLDER "/dev/shm"
#define LOCK_MAGIC UINT64_C(0x6175746870773031) /* "authpw01": a new layout is a new number */

/* A turnstile: whoever waits for `turn` holds `door`, so that the one who has just had the turn
 * cannot take it again before them. */
typedef struct shared_lock_t {
    uint64_t magic;
    pthread_mutex_t door;
    pthread_mutex_t turn;
} shared_lock_t;

struct authp_sqlite_lock_t {
    shared_lock_t *shared; /* NULL: no queue */
};

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static apr_status_t unmap(void *data)
{
    (void)munmap(data, sizeof(shared_lock_t));
    return APR_SUCCESS;
}

/* A file that somebody else could have planted, or can write, is not trusted. */
static bool is_ours(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & 0077) == 0 && info.st_nlink == 1;
}

/* The first one in makes the mutexes, under flock so that nobody sees them half made. */
static shared_lock_t *map_file(int fd)
{
    struct stat info;
    if (flock(fd, LOCK_EX) != 0) {
        return NULL;
    }
    bool sized = fstat(fd, &info) == 0 && info.st_size >= (off_t)sizeof(shared_lock_t);
    if (!sized && ftruncate(fd, (off_t)sizeof(shared_lock_t)) != 0) {
        (void)flock(fd, LOCK_UN);
        return NULL;
    }
    shared_lock_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) {
        (void)flock(fd, LOCK_UN);
        return NULL;
    }
    if (shared->magic != LOCK_MAGIC) {
        if (authp_shm_mutex_init(&shared->door) == AUTHP_OK &&
            authp_shm_mutex_init(&shared->turn) == AUTHP_OK) {
            shared->magic = LOCK_MAGIC;
        } else {
            (void)unmap(shared);
            shared = NULL;
        }
    }
    (void)flock(fd, LOCK_UN);
    return shared;
}

static shared_lock_t *open_shared(const char *database, apr_pool_t *pool)
{
    struct stat info;
    if (stat(database, &info) != 0) {
        return NULL;
    }
    const char *name = apr_psprintf(
        pool, "%s/authp-%lu-%" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_HEX_FMT, LOCK_FOLDER,
        (unsigned long)geteuid(), (apr_uint64_t)info.st_dev, (apr_uint64_t)info.st_ino);
    int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return NULL;
    }
    shared_lock_t *shared = is_ours(fd) ? map_file(fd) : NULL;
    (void)close(fd);
    return shared;
}

authp_err_t authp_sqlite_lock_open(const char *database, authp_sqlite_lock_t **out,
                                   apr_pool_t *pool)
{
    authp_sqlite_lock_t *lock = apr_pcalloc(pool, sizeof(*lock));
    lock->shared = open_shared(database, pool);
    if (lock->shared == NULL) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0220",
                  "no writer queue in " LOCK_FOLDER
                  " (missing, or its file is not ours): many writers may have to wait long");
    } else {
        apr_pool_cleanup_register(pool, lock->shared, unmap, apr_pool_cleanup_null);
    }
    *out = lock;
    return AUTHP_OK;
}

authp_err_t authp_sqlite_lock_take(authp_sqlite_lock_t *lock, int timeout_ms)
{
    shared_lock_t *shared = lock->shared;
    if (shared == NULL) {
        return AUTHP_OK;
    }
    int64_t deadline = monotonic_ms() + timeout_ms;
    authp_err_t err = authp_shm_mutex_lock(&shared->door, timeout_ms, NULL);
    if (err == AUTHP_OK) {
        int64_t left = deadline - monotonic_ms();
        err = authp_shm_mutex_lock(&shared->turn, left > 0 ? (int)left : 0, NULL);
        authp_shm_mutex_unlock(&shared->door);
    }
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0221",
                  "the database's writer queue did not move for %d ms", timeout_ms);
        return AUTHP_E_UNAVAILABLE;
    }
    return AUTHP_OK;
}

void authp_sqlite_lock_give(authp_sqlite_lock_t *lock)
{
    if (lock->shared != NULL) {
        authp_shm_mutex_unlock(&lock->shared->turn);
    }
}

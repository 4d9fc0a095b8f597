/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite/sqlite_lock.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/shm_lock.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_FOLDER "/dev/shm"
#define OPEN_TRIES 100
#define OPEN_PAUSE_NS 1000000

/* A queue of two locks. A process that waits for `turn` holds `door`, so the process that has just
 * had `turn` cannot take it again before it. A new layout needs a new name (see name_of()), because
 * other versions of the program may have the file mapped. */
typedef struct shared_lock_t {
    authp_shm_lock_t door;
    authp_shm_lock_t turn;
} shared_lock_t;

struct authp_sqlite_lock_t {
    shared_lock_t *shared; /* NULL: there is no queue */
    const char *name;
    int fd; /* has flock() in shared mode */
    pid_t pid;
    atomic_bool held;
};

/* The name of the file. NULL if the database does not exist. The PID namespace is part of the name,
 * because a process cannot see whether a process of another namespace is alive. */
static const char *name_of(const char *database, uid_t uid, apr_pool_t *pool)
{
    struct stat info;
    struct stat space = {.st_ino = 0};
    if (stat(database, &info) != 0) {
        return NULL;
    }
    (void)stat("/proc/self/ns/pid", &space);
    return apr_psprintf(pool,
                        LOCK_FOLDER "/authp-%lu-%" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_HEX_FMT
                                    "-%" APR_UINT64_T_HEX_FMT,
                        (unsigned long)uid, (apr_uint64_t)info.st_dev, (apr_uint64_t)info.st_ino,
                        (apr_uint64_t)space.st_ino);
}

static int open_file(const char *name, int flags)
{
    return open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags, 0600);
}

/* A file that another user could have put there, or can write, is not trusted. */
static bool is_of(const struct stat *info, uid_t uid)
{
    return S_ISREG(info->st_mode) && info->st_uid == uid && (info->st_mode & 0077) == 0 &&
           info->st_nlink <= 1;
}

/* Opens the file and takes flock() in shared mode. Returns -1 on failure. A process that removes
 * the file has flock() in exclusive mode. If the file has no name any more once it is locked, it
 * was removed, and the name is opened again. */
static int enter(const char *name)
{
    static const struct timespec pause = {.tv_nsec = OPEN_PAUSE_NS};
    for (int i = 0; i < OPEN_TRIES; i++) {
        struct stat info = {.st_nlink = 0};
        int fd = open_file(name, O_CREAT);
        if (fd < 0) {
            return -1;
        }
        bool shared = flock(fd, LOCK_SH | LOCK_NB) == 0;
        bool known = fstat(fd, &info) == 0;
        if (shared && known && info.st_nlink == 1 && is_of(&info, geteuid())) {
            return fd;
        }
        (void)close(fd);
        if (!known || !is_of(&info, geteuid())) {
            return -1;
        }
        (void)nanosleep(&pause, NULL);
    }
    return -1;
}

/* The new memory is zeroed, which is a free lock. So it needs no initialisation, and no other
 * process can see an unfinished one. */
static shared_lock_t *map_file(int fd)
{
    if (ftruncate(fd, (off_t)sizeof(shared_lock_t)) != 0) {
        return NULL;
    }
    void *memory = mmap(NULL, sizeof(shared_lock_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

/* Removes the file if no other process uses it. `fd` may have flock() in shared mode. */
static void remove_unused(const char *name, int fd)
{
    struct stat info;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 && info.st_nlink == 1) {
        (void)unlink(name);
    }
}

/* The store is closed, so no thread of this process waits for the lock. In a child that was forked
 * while the store was open, the lock belongs to the parent. */
static apr_status_t leave(void *data)
{
    authp_sqlite_lock_t *lock = data;
    if (lock->pid == getpid()) {
        if (atomic_load(&lock->held)) {
            authp_sqlite_lock_give(lock);
        }
        remove_unused(lock->name, lock->fd);
    }
    (void)munmap(lock->shared, sizeof(shared_lock_t));
    (void)close(lock->fd);
    lock->shared = NULL;
    return APR_SUCCESS;
}

authp_err_t authp_sqlite_lock_open(const char *database, authp_sqlite_lock_t **out,
                                   apr_pool_t *pool)
{
    authp_sqlite_lock_t *lock = apr_pcalloc(pool, sizeof(*lock));
    lock->name = name_of(database, geteuid(), pool);
    lock->pid = getpid();
    lock->fd = lock->name != NULL ? enter(lock->name) : -1;
    lock->shared = lock->fd >= 0 ? map_file(lock->fd) : NULL;
    if (lock->shared != NULL) {
        apr_pool_cleanup_register(pool, lock, leave, apr_pool_cleanup_null);
    } else {
        if (lock->fd >= 0) {
            (void)close(lock->fd);
        }
        authp_log(AUTHP_LOG_WARNING, "AUTHP0220",
                  "no writer queue in " LOCK_FOLDER
                  " (missing, or its file is not ours): many writers may have to wait long");
    }
    *out = lock;
    return AUTHP_OK;
}

authp_err_t authp_sqlite_lock_take(authp_sqlite_lock_t *lock, int timeout_ms)
{
    shared_lock_t *shared = lock->shared;
    bool died = false;
    if (shared == NULL) {
        return AUTHP_OK;
    }
    authp_ms_t deadline = authp_clock_now(authp_clock_monotonic()) + timeout_ms;
    authp_err_t err = authp_shm_lock_take(&shared->door, timeout_ms, NULL);
    if (err == AUTHP_OK) {
        authp_ms_t left = deadline - authp_clock_now(authp_clock_monotonic());
        err = authp_shm_lock_take(&shared->turn, left > 0 ? (int)left : 0, &died);
        authp_shm_lock_give(&shared->door);
    }
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0221",
                  "the database's writer queue did not move for %d ms", timeout_ms);
        return AUTHP_E_UNAVAILABLE;
    }
    atomic_store(&lock->held, true);
    if (died) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0226",
                  "a process ended while it had the turn to write to the database");
    }
    return AUTHP_OK;
}

void authp_sqlite_lock_give(authp_sqlite_lock_t *lock)
{
    if (lock->shared != NULL) {
        atomic_store(&lock->held, false);
        authp_shm_lock_give(&lock->shared->turn);
    }
}

void authp_sqlite_lock_sweep(const char *database, uid_t uid, apr_pool_t *pool)
{
    struct stat info;
    const char *name = name_of(database, uid, pool);
    int fd = name != NULL ? open_file(name, 0) : -1;
    if (fd < 0) {
        return;
    }
    if (fstat(fd, &info) == 0 && is_of(&info, uid)) {
        remove_unused(name, fd);
    }
    (void)close(fd);
}

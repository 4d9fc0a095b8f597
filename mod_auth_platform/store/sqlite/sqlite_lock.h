/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQLITE_SQLITE_LOCK_H
#define AUTHP_STORE_SQLITE_SQLITE_LOCK_H

#include "base/err.h"

#include <apr_pools.h>
#include <sys/types.h>

/* The queue of SQLite's writers: every thread, child, tool and second httpd on this machine that
 * writes one database file. It only puts them in order; SQLite still protects the data. Without it
 * SQLite's own retries would make some writers wait for seconds. It is a file on tmpfs, so that a
 * power cut cannot leave it locked. Its name has the user, the PID namespace, and the device and
 * inode of the database. (All writers are one user: the tool becomes that user.) It is fair, and a
 * holder whose process has ended loses it within milliseconds (see base/shm_lock.h). Each process
 * has flock() on the file in shared mode. The last one removes the file in exclusive mode. So two
 * processes never use two files for one database. */
typedef struct authp_sqlite_lock_t authp_sqlite_lock_t;

/* Opens the queue of `database`, which must exist and belong to this user. Without a usable tmpfs
 * there is no queue, which is logged once. When `pool` is destroyed, the lock is given back if it
 * is held, and its file is removed if no other process uses it. */
AUTHP_CHECKED authp_err_t authp_sqlite_lock_open(const char *database, authp_sqlite_lock_t **out,
                                                 apr_pool_t *pool);
/* Waits at most `timeout_ms` for the turn to write, then returns AUTHP_E_UNAVAILABLE. */
authp_err_t authp_sqlite_lock_take(authp_sqlite_lock_t *lock, int timeout_ms);
void authp_sqlite_lock_give(authp_sqlite_lock_t *lock);

/* Removes the file of the writers of user `uid`, unless one of them still uses it. For root, after
 * httpd's children have ended, because killed children have not removed it. */
void authp_sqlite_lock_sweep(const char *database, uid_t uid, apr_pool_t *pool);

#endif

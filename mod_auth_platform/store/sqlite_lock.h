/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQLITE_LOCK_H
#define AUTHP_STORE_SQLITE_LOCK_H

#include "base/err.h"

#include <apr_pools.h>
#include <sys/types.h>

/* The queue of SQLite's writers: every thread, child, tool and second httpd on this machine that
 * writes one database file. It only orders them, since SQLite's own retry is a lottery that starves
 * writers for seconds; SQLite still guards the data. It is a file on tmpfs, named by its user and
 * the database's device and inode (all writers are one user: the tool becomes it), so that a power
 * cut cannot leave it locked. A holder whose process has ended loses it within milliseconds (see
 * base/shm_lock.h), and it is fair. Each user holds flock() on the file in shared mode; the last
 * one removes the file in exclusive mode, so two processes never use two files for one database. */
typedef struct authp_sqlite_lock_t authp_sqlite_lock_t;

/* `database` must exist and be ours. Falls back to no queue at all (logged once) if there is no
 * usable tmpfs. The lock is left when `pool` goes: given back if it is held, and its file removed
 * if nobody else uses it. */
AUTHP_CHECKED authp_err_t authp_sqlite_lock_open(const char *database, authp_sqlite_lock_t **out,
                                                 apr_pool_t *pool);
/* AUTHP_E_UNAVAILABLE after `timeout_ms`. */
authp_err_t authp_sqlite_lock_take(authp_sqlite_lock_t *lock, int timeout_ms);
void authp_sqlite_lock_give(authp_sqlite_lock_t *lock);

/* Removes the file of the writers of user `uid`, unless one of them still uses it. For root, after
 * httpd's children have ended: killed children have not removed it. */
void authp_sqlite_lock_sweep(const char *database, uid_t uid, apr_pool_t *pool);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQLITE_LOCK_H
#define AUTHP_STORE_SQLITE_LOCK_H

#include "base/err.h"

#include <apr_pools.h>

/* The queue of SQLite's writers: every thread, child, tool and second httpd on this machine that
 * writes one database file. It only orders them, since SQLite's own retry is a lottery that starves
 * writers for seconds; SQLite still guards the data. It lives on tmpfs, named by its user and the
 * database's device and inode (all writers are one user: the tool becomes it), so that a power cut
 * cannot leave it locked; it survives the death of its holder; and it is fair. */
typedef struct authp_sqlite_lock_t authp_sqlite_lock_t;

/* `database` must exist and be ours. Falls back to no queue at all (logged once) if there is no
 * usable tmpfs. */
AUTHP_CHECKED authp_err_t authp_sqlite_lock_open(const char *database, authp_sqlite_lock_t **out,
                                                 apr_pool_t *pool);
/* AUTHP_E_UNAVAILABLE after `timeout_ms`. */
authp_err_t authp_sqlite_lock_take(authp_sqlite_lock_t *lock, int timeout_ms);
void authp_sqlite_lock_give(authp_sqlite_lock_t *lock);

#endif

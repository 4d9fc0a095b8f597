/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQLITE_SQLITE_FILES_H
#define AUTHP_STORE_SQLITE_SQLITE_FILES_H

#include "store/store.h"

/* The files of a SQLite database: the file itself, -wal, -shm and -journal, in the state folder.
 * httpd's User can write the folder, and root prepares it. So each of them must be missing, or be a
 * regular file with one name. */

/* Returns NULL, or one line that names the file and says why it is refused. Changes nothing. */
const char *authp_sqlite_files_refusal(const char *database, apr_pool_t *pool);

/* prepare() of store.h: makes the state folder (mode 0700), and gives the folder and files that
 * belong to this process's user to `uid`:`gid`. Everything is opened without following links or
 * blocking, and checked by its descriptor. AUTHP_E_UNAVAILABLE: logged with the file's name. */
AUTHP_CHECKED authp_err_t authp_sqlite_files_prepare(const char *database, uid_t uid, gid_t gid,
                                                     apr_pool_t *pool);

/* Runs before each connection. Refuses the files as above. Makes the database file (mode 0600) if
 * it is missing, because SQLite gives its mode to -wal and -shm. AUTHP_E_UNAVAILABLE: logged with
 * the file's name. */
AUTHP_CHECKED authp_err_t authp_sqlite_files_open(const char *database, apr_pool_t *pool);

#endif

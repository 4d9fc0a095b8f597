/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_SQLITE_FILES_H
#define AUTHP_STORE_SQLITE_FILES_H

#include "store/store.h"

/* The files of a SQLite database: the file itself, -wal, -shm and -journal, in the state folder.
 * httpd's User can write the folder, and root prepares it, so each of them must be a regular file
 * with one name, or missing. */

/* NULL, or one line that names the file and says why it is refused. Changes nothing. */
const char *authp_sqlite_files_refusal(const char *database, apr_pool_t *pool);

/* store.h, prepare(): makes the state folder (mode 0700) and gives folder and files that belong to
 * this process's user to `uid`:`gid`. Everything is opened without following links or blocking and
 * judged by its descriptor. AUTHP_E_UNAVAILABLE: logged with the file's name. */
AUTHP_CHECKED authp_err_t authp_sqlite_files_prepare(const char *database, uid_t uid, gid_t gid,
                                                     apr_pool_t *pool);

/* Before each connection: refuses the files as above, and makes the database file (mode 0600) if
 * it is missing, for SQLite gives -wal and -shm its mode. AUTHP_E_UNAVAILABLE: logged with the
 * file's name. */
AUTHP_CHECKED authp_err_t authp_sqlite_files_open(const char *database, apr_pool_t *pool);

#endif

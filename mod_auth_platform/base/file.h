/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_FILE_H
#define AUTHP_BASE_FILE_H

#include "base/err.h"

#include <sys/stat.h>

/* Files in folders that another user can write. That user can put links, FIFOs and other things
 * where a file is expected, so only a regular file with one name is accepted. */

/* Flags for opening such a file: a symbolic link is an error, and open() does not block. The caller
 * then passes the result of fstat() to authp_file_refusal(). */
#define AUTHP_FILE_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* NULL for a regular file with one name, else the reason: "is a FIFO, not a regular file". */
const char *authp_file_refusal(const struct stat *info);

/* Gets the status of `path`, without following a link. It opens `path` with O_PATH only, which does
 * not block. Closing such a descriptor does not end the locks of SQLite on the file.
 * AUTHP_E_NOT_FOUND: nothing has the name. AUTHP_E_UNAVAILABLE: it cannot be looked at, see errno.
 */
AUTHP_CHECKED authp_err_t authp_file_look(const char *path, struct stat *info);

#endif

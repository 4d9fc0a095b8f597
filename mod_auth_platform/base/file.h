/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_FILE_H
#define AUTHP_BASE_FILE_H

#include "base/err.h"

#include <sys/stat.h>

/* Files in folders that another user can write: such a user can put links, FIFOs and other things
 * where a file is expected. Accepted is a regular file with one name. */

/* Flags for opening such a file: a symbolic link is an error, and nothing blocks. What was opened
 * is then judged by authp_file_refusal() of its fstat(). */
#define AUTHP_FILE_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* NULL if it is a regular file with one name, else what it is: "is a FIFO, not a regular file". */
const char *authp_file_refusal(const struct stat *info);

/* Looks at what has the name `path`, links not followed. Opens it with O_PATH only: nothing blocks,
 * and the locks of SQLite, which end when a process closes any descriptor of the file, stay.
 * AUTHP_E_NOT_FOUND: nothing has the name. AUTHP_E_UNAVAILABLE: it cannot be looked at, see errno.
 */
AUTHP_CHECKED authp_err_t authp_file_look(const char *path, struct stat *info);

#endif

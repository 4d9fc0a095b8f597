/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_FILE_H
#define AUTHP_BASE_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Functions for files. Most are for files in folders that another user can write. That user can put
 * links, FIFOs and other things where a file is expected. So only a regular file with one name is
 * accepted. */

/* Flags for opening such a file: a symbolic link is an error, and open() does not block. The caller
 * then passes the result of fstat() to authp_file_refusal(). */
#define AUTHP_FILE_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* NULL for a regular file with one name. Otherwise the reason to refuse it, such as "is a FIFO, not
 * a regular file". */
const char *authp_file_refusal(const struct stat *info);

/* Gets the status of `path`, without following a link. It opens `path` with O_PATH, which does not
 * block; closing such a descriptor does not release SQLite's locks on the file. AUTHP_E_NOT_FOUND:
 * nothing has that name. AUTHP_E_UNAVAILABLE: another failure, see errno. */
AUTHP_CHECKED authp_err_t authp_file_look(const char *path, struct stat *info);

/* Reads until the end of the file or until `bytes` holds `size` bytes, and sets *len. False on an
 * error, see errno. */
AUTHP_CHECKED bool authp_file_read(int fd, char *bytes, size_t size, size_t *len);

#endif

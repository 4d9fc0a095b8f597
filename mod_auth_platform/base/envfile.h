/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ENVFILE_H
#define AUTHP_BASE_ENVFILE_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stddef.h>

/* Reads a .env file: KEY=VALUE lines, `export ` allowed, # comments (whole line, or behind white
 * space after an unquoted value), single quotes literal, double quotes with \n \r \t \" \\ \$
 * escapes, LF or CRLF, UTF-8 BOM skipped, no variable expansion. The last of two equal keys is an
 * error, as is any other line. On failure *error is one line that names the file and the line
 * number and never a value. Refused: a symbolic link, a file with a second
 * name or not a regular one, readable or writable by group or others,
 * over 64 KiB, a NUL byte. */
AUTHP_CHECKED authp_err_t authp_envfile_read(const char *path, apr_table_t **out,
                                             const char **error, apr_pool_t *pool);
/* The same on text in memory, for tests and fuzzing. */
AUTHP_CHECKED authp_err_t authp_envfile_parse(const char *name, const char *text, size_t len,
                                              apr_table_t **out, const char **error,
                                              apr_pool_t *pool);

#endif

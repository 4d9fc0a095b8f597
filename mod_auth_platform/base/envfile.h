/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ENVFILE_H
#define AUTHP_BASE_ENVFILE_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stddef.h>

/* Reads a .env file into *out. Its lines are KEY=VALUE, with or without `export ` before the key. A
 * # begins a comment at the start of a line, and after white space behind an unquoted value. Text
 * in single quotes is literal. Double quotes know the escapes \n \r \t \" \\ \$. Variables are not
 * expanded. Lines end with LF or CRLF, and a UTF-8 BOM is skipped. Any other line is an error, and
 * so is a key that occurs twice. Also refused: a symbolic link, a file with a second name, anything
 * but a regular file, a file that group or others can read or write, a file over 64 KiB, a NUL
 * byte. On failure *error is one line. It names the file and, if a line is wrong, its number, and
 * never a value. */
AUTHP_CHECKED authp_err_t authp_envfile_read(const char *path, apr_table_t **out,
                                             const char **error, apr_pool_t *pool);
/* Parses text in memory in the same way. `name` stands for the file in *error. For tests and
 * fuzzing. */
AUTHP_CHECKED authp_err_t authp_envfile_parse(const char *name, const char *text, size_t len,
                                              apr_table_t **out, const char **error,
                                              apr_pool_t *pool);

#endif

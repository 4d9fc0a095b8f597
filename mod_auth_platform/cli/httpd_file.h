/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_HTTPD_FILE_H
#define AUTHP_CLI_HTTPD_FILE_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>

/* A directive of httpd's configuration, as text. */
typedef struct authp_httpd_line_t {
    const char *at;   /* "FILE:LINE" */
    const char *name; /* in lower case; of a section "<location", of its end "</location" */
    const char *args; /* without the closing bracket of a section */
} authp_httpd_line_t;

/* Reads `file` and the files that it includes into *lines (authp_httpd_line_t), in the order of
 * httpd. Relative paths count from ServerRoot, or from the folder of `file` if there is no such
 * line yet. ${NAME} is replaced by what Define or the environment has. Conditions are not
 * evaluated: the lines within <IfModule>, <IfDefine> and <If...> are all there, and <Macro> and Use
 * are not expanded. *missed (const char *) gets the included files that could not be read.
 * AUTHP_E_NOT_FOUND: `file` itself cannot be read. */
AUTHP_CHECKED authp_err_t authp_httpd_file_read(const char *file, apr_array_header_t **lines,
                                                apr_array_header_t **missed, apr_pool_t *pool);

/* The first word at *args, without quotes. *args then is behind it. "" at the end. */
const char *authp_httpd_file_word(const char **args, apr_pool_t *pool);

#endif

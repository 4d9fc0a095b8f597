/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_OUTFILE_H
#define AUTHP_CLI_OUTFILE_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdio.h>

/* A file that appears under its name only when it is complete. Only its owner can read it. It is
 * written as PATH.part and then renamed. A helper process renames it with the rights of the user
 * who called the tool, because the tool itself may have changed to the owner of the database
 * meanwhile. If the tool ends before that, whatever ends it, the helper removes PATH.part. At
 * SIGINT, SIGTERM and SIGHUP the tool waits for that, and prints a line. If the helper is killed,
 * the tool removes PATH.part, as far as its user may. SIGKILL before the helper has started leaves
 * an empty part. A process has one such file at a time. */
typedef struct authp_outfile_t authp_outfile_t;

/* Makes PATH.part. AUTHP_E_INTERNAL: it cannot be made, or `path` is there and is not a regular
 * file. *error is then a line for people. Call it before threads exist. */
AUTHP_CHECKED authp_err_t authp_outfile_open(const char *path, authp_outfile_t **out,
                                             const char **error, apr_pool_t *pool);
FILE *authp_outfile_stream(authp_outfile_t *file);
/* Writes the rest of the file, calls fsync(), and gives the file its name. */
AUTHP_CHECKED authp_err_t authp_outfile_commit(authp_outfile_t *file, const char **error);
/* Removes the part. */
void authp_outfile_abandon(authp_outfile_t *file);

#endif

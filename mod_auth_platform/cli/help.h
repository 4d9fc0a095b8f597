/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_HELP_H
#define AUTHP_CLI_HELP_H

#include "cli/options.h"

#include <stdio.h>

/* Print the help of a group, of the tool and of a command, from the table. */
void authp_help_group(const authp_command_t *table, const char *group, FILE *to, apr_pool_t *pool);
void authp_help_all(const authp_command_t *table, FILE *to, apr_pool_t *pool);
void authp_help_command(const authp_command_t *command, FILE *to, apr_pool_t *pool);

#endif

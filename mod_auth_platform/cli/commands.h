/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_COMMANDS_H
#define AUTHP_CLI_COMMANDS_H

#include "cli/options.h"

/* All commands, each with its name, help, options and function. The last row has a NULL verb. */
extern const authp_command_t authp_commands[];

#endif

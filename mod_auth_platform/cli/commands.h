/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_COMMANDS_H
#define AUTHP_CLI_COMMANDS_H

#include "cli/options.h"

/* Every command: its name, its help, its options, its code. Ends with a NULL verb. */
extern const authp_command_t authp_commands[];

#endif

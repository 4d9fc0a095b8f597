/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_IMPORT_H
#define AUTHP_CLI_CMD_IMPORT_H

#include "cli/context.h"

int authp_cmd_import(authp_context_t *context);

#endif

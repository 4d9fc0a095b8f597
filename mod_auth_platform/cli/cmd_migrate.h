/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_MIGRATE_H
#define AUTHP_CLI_CMD_MIGRATE_H

#include "cli/context.h"

int authp_cmd_migrate(authp_context_t *context);

#endif
